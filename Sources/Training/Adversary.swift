internal import Diffusion
internal import LinearAlgebra
internal import Networks

/// The discriminator's part in a score's loss: it is shown what the network makes of noisy states.
@safe final class Adversary {
  /// What makes x̂ of a row's input and F: a(G u) + χF.
  private struct Row {
    let input: Double
    let output: Double
  }

  private let model: ScoreModel
  private let elements: Range<Int>
  private let game: DiscriminatorGame
  private let rows: Int
  private var terms: [Row]
  /// x_0 of all sets' rows.
  private var clean: Matrix
  /// Each set's gradient of the discriminator's own loss.
  private let gradients: Matrix

  /// The adversary of a model; nil where it has none.
  init?(_ model: ScoreModel, rows: Int, sets: Int) {
    guard let discriminator = model.discriminator,
      let part = model.layout.further.first(where: { $0.name == Discriminator.part })
    else { return nil }
    precondition(model.process.blocks == 1 && model.conditions == 0, "a discriminator of velocities or conditions")
    (self.model, self.rows, elements) = (model, rows, part.range)
    game = DiscriminatorGame(discriminator, rows: rows)
    terms = [Row](repeating: Row(input: 0, output: 0), count: rows * sets)
    clean = Matrix(rows: rows * sets, columns: model.dimension)
    gradients = Matrix(rows: sets, columns: part.range.count)
  }

  var bytes: Int { game.bytes + 4 * (clean.count + gradients.count) }

  /// Takes note of a row: its time, and x_0.
  func note(row: Int, at time: Double, data: UnsafePointer<Float>) {
    let c = model.coefficients(at: time)
    terms[row] = Row(input: c.meanState[0] / c.whitening[0, 0], output: c.meanOutput[0])
    unsafe (clean.pointer + row * clean.columns).update(from: data, count: clean.columns)
  }

  /// λ Σ (D(x̂) − 1)² over the first rows of a set, after the network's `forward`.
  func loss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, count: Int) -> Double {
    denoise(set: set, pass)
    return unsafe game.fooling(parameters + elements.lowerBound, count: count)
  }

  /// As `loss`, over all rows; adds its gradient to ∂/∂F, and keeps the discriminator's own.
  func lossAndGradient(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, scale: Double) -> Double {
    denoise(set: set, pass)
    unsafe (game.real.pointer).update(from: clean.pointer + set * rows * clean.columns, count: rows * clean.columns)
    let loss = unsafe game.gradients(parameters + elements.lowerBound, scale: scale)
    for row in 0..<rows {
      let gain = Float(terms[set * rows + row].output)
      let gradient = unsafe pass.outputGradient(set: set, row: row)
      for k in 0..<model.dimension { unsafe gradient[k] = gradient[k].addingProduct(gain, game.fakeGradient[row, k]) }
    }
    unsafe (gradients.pointer + set * gradients.columns).update(from: game.own.pointer, count: gradients.columns)
    return loss
  }

  /// Writes the discriminator's gradients of a group's sets.
  func write(_ group: Range<Int>, into gradients: GradientSink) {
    for set in group {
      unsafe gradients.write(self.gradients.pointer + set * self.gradients.columns, at: elements, set: set)
    }
  }

  /// x̂ of a set's rows.
  private func denoise(set: Int, _ pass: NetworkPass) {
    for row in 0..<rows {
      let (input, f) = unsafe (pass.state(set: set, row: row), pass.output(set: set, row: row))
      let term = terms[set * rows + row]
      for k in 0..<model.dimension {
        game.fake[row, k] = unsafe Float(term.input * Double(input[k]) + term.output * Double(f[k]))
      }
    }
  }
}
