internal import LinearAlgebra
internal import Networks

/// Both losses of a discriminator and their gradients, for one set of rows at a time.
///
/// The caller fills `fake` with denoised states, and `real` with data.
@safe final class DiscriminatorGame {
  /// x̂ and x_0, `[rows, dimension]`.
  var fake, real: Matrix
  /// After `gradients`: ∂/∂x̂ of `scale` λ Σ (D(x̂) − 1)².
  private(set) var fakeGradient: Matrix
  /// After `gradients`: the gradient of `scale` Σ [(D(x) − 1)² + (D(x̂) + 1)²] by D's parameters, laid out as they are.
  private(set) var own: Matrix
  /// After `gradients`: Σ [(D(x) − 1)² + (D(x̂) + 1)²].
  private(set) var ownLoss = 0.0
  private let weight: Double
  private let pass: NetworkPass
  private var cotangent: Matrix
  private let ofData: Matrix

  init(_ discriminator: Discriminator, rows: Int) {
    weight = discriminator.weight
    let network = discriminator.network
    pass = NetworkPass(
      architecture: network, frequencies: discriminator.frequencies, rows: rows, use: .training)
    pass.setLevel(0)
    fake = Matrix(rows: rows, columns: network.inputs)
    real = Matrix(rows: rows, columns: network.inputs)
    fakeGradient = Matrix(rows: rows, columns: network.inputs)
    cotangent = Matrix(rows: rows, columns: 1)
    own = Matrix(rows: 1, columns: pass.layout.count)
    ofData = Matrix(rows: 1, columns: pass.layout.count)
  }

  var bytes: Int { pass.bytes + 4 * (3 * fake.count + 2 * own.count) }

  /// λ Σ (D(x̂) − 1)² over the first rows.
  func fooling(_ parameters: UnsafePointer<Float>, count: Int) -> Double {
    show(fake)
    unsafe pass.forward(parameters)
    return weight * sum(of: 1, count: count)
  }

  /// Makes `fakeGradient`, `own` and `ownLoss`.
  ///
  /// - Parameters:
  ///   - parameters: D's.
  ///   - scale: what both losses are multiplied by in the gradients.
  /// - Returns: λ Σ (D(x̂) − 1)² over all rows.
  func gradients(_ parameters: UnsafePointer<Float>, scale: Double) -> Double {
    let fooling = unsafe fooling(parameters, count: pass.rows)
    for row in 0..<pass.rows { cotangent[row, 0] = Float(2 * scale * weight * (output(row) - 1)) }
    unsafe pass.vjp(parameters, cotangent: cotangent, into: &fakeGradient)
    ownLoss = unsafe ownGradient(parameters, target: -1, scale: scale, into: own.pointer)
    show(real)
    unsafe pass.forwardAgain(parameters)
    ownLoss += unsafe ownGradient(parameters, target: 1, scale: scale, into: ofData.pointer)
    let (sum, added) = unsafe (own.pointer, ofData.pointer)
    for i in 0..<own.count { unsafe sum[i] += added[i] }
    return fooling
  }

  private func show(_ rows: borrowing Matrix) {
    for row in 0..<pass.rows {
      unsafe pass.state(set: 0, row: row).update(from: rows.pointer + row * rows.columns, count: rows.columns)
    }
  }

  private func output(_ row: Int) -> Double { unsafe Double(pass.output(set: 0, row: row)[0]) }

  /// Σ (D − target)² over the first rows of what was shown last.
  private func sum(of target: Double, count: Int) -> Double {
    var sum = 0.0
    for row in 0..<count {
      let residual = output(row) - target
      sum += residual * residual
    }
    return sum
  }

  /// Σ (D − target)² over what was shown last, and its gradient times `scale`.
  private func ownGradient(
    _ parameters: UnsafePointer<Float>, target: Double, scale: Double, into gradient: UnsafeMutablePointer<Float>
  ) -> Double {
    for row in 0..<pass.rows {
      unsafe pass.outputGradient(set: 0, row: row)[0] = Float(2 * scale * (output(row) - target))
    }
    unsafe pass.backward(parameters, gradient: { _ in unsafe gradient }, completed: { _, _ in })
    return sum(of: target, count: pass.rows)
  }
}
