internal import LinearAlgebra
internal import Networks
internal import Randomness
internal import RealFunctions

/// A small network that learns the classes of rows by cross entropy.
///
/// SiLU units; Adam, 30 epochs in batches of 128, rate 2e-3 falling to 0 along a cosine. Two classes share one output, the
/// logit of class 1; more have one logit each.
struct Classifier: ~Copyable {
  private static let batch = 128
  private static let epochs = 30
  private static let rate = 2e-3

  private let pass: NetworkPass
  /// The orders in which epochs go through the rows.
  private let orders: RandomStream
  private let outputs: Int
  private var parameters: Matrix
  private var gradient: Matrix
  private var moments: [(mean: Float, square: Float)]

  /// A classifier that has learned nothing; its first weights are drawn by `seed`.
  init(inputs: Int, classes: Int, widths: [Int], seed: UInt64, orders: RandomStream) {
    precondition(classes >= 2, "\(classes) classes")
    // The level, which a score network would be told, is always 0 here.
    let embedding = TimeEmbedding(kind: .sinusoidal, features: 2)
    outputs = classes == 2 ? 1 : classes
    let architecture = NetworkArchitecture(
      inputs: inputs, outputs: outputs, widths: widths, activation: .silu, embedding: embedding)
    // The embedding of level 0 has no random part.
    pass = NetworkPass(
      architecture: architecture, frequencies: embedding.frequencies(seed: seed), rows: Self.batch, use: .training)
    pass.setLevel(0)
    self.orders = orders
    parameters = architecture.initialParameters(seed: seed)
    gradient = Matrix(rows: 1, columns: pass.layout.count)
    moments = Array(repeating: (0, 0), count: pass.layout.count)
  }

  /// Units of the last hidden layer.
  var features: Int { pass.architecture.widths.last ?? 0 }

  /// Goes through `rows` of `data` in batches; the last one of an epoch takes its rest from the next.
  mutating func learn(_ data: borrowing Matrix, rows: [Int], classOf: (_ row: Int) -> Int) {
    let steps = Self.epochs * (rows.count + Self.batch - 1) / Self.batch
    var order: [UInt32] = []
    for step in 0..<steps {
      var labels: [Int] = []
      for k in 0..<Self.batch {
        let (epoch, place) = (step * Self.batch + k).quotientAndRemainder(dividingBy: rows.count)
        if place == 0 { order = orders.permutation(of: rows.count, sequence: UInt32(epoch)) }
        let row = rows[Int(order[place])]
        set(k, to: data, row)
        labels.append(classOf(row))
      }
      unsafe pass.forward(parameters.pointer)
      for k in 0..<Self.batch { writeGradient(k, label: labels[k]) }
      unsafe pass.backward(parameters.pointer, gradient: { _ in unsafe gradient.pointer }, completed: { _, _ in })
      update(step + 1, of: steps)
    }
  }

  /// The class that each row is taken for.
  mutating func classes(of data: borrowing Matrix, rows: [Int]) -> [Int] {
    var answers: [Int] = []
    forEachRow(of: data, rows) { k in
      let z = unsafe pass.output(set: 0, row: k)
      guard outputs > 1 else { return answers.append(unsafe z[0] > 0 ? 1 : 0) }
      var best = 0
      for c in 1..<outputs where unsafe z[c] > z[best] { best = c }
      answers.append(best)
    }
    return answers
  }

  /// What the last hidden layer makes of each row, `[rows, features]`.
  mutating func features(of data: borrowing Matrix) -> Matrix {
    var features = Matrix(rows: data.rows, columns: features)
    var next = 0
    forEachRow(of: data, Array(0..<data.rows)) { k in
      let hidden = unsafe pass.lastHidden(set: 0, row: k)
      for j in 0..<features.columns { features[next, j] = unsafe hidden[j] }
      next += 1
    }
    return features
  }

  /// Calls `body` with each row's place in the pass after that has gone through it.
  private func forEachRow(of data: borrowing Matrix, _ rows: [Int], _ body: (_ place: Int) -> Void) {
    for first in stride(from: 0, to: rows.count, by: Self.batch) {
      let taken = min(Self.batch, rows.count - first)
      for k in 0..<taken { set(k, to: data, rows[first + k]) }
      unsafe pass.forward(parameters.pointer)
      for k in 0..<taken { body(k) }
    }
  }

  private func set(_ k: Int, to data: borrowing Matrix, _ row: Int) {
    unsafe pass.state(set: 0, row: k).update(from: data.pointer + row * data.columns, count: data.columns)
  }

  /// The derivative of the mean cross entropy of a batch by a row's logits: p − 1 for the row's class, p for others.
  private func writeGradient(_ k: Int, label: Int) {
    let (z, slope) = unsafe (pass.output(set: 0, row: k), pass.outputGradient(set: 0, row: k))
    if outputs == 1 {
      let probability = unsafe 1 / (1 + exp(-Double(z[0])))
      unsafe slope[0] = Float((probability - Double(label)) / Double(Self.batch))
      return
    }
    let largest = (0..<outputs).reduce(-Float.infinity) { unsafe max($0, z[$1]) }
    let weights = (0..<outputs).map { unsafe exp(Double(z[$0] - largest)) }
    let sum = weights.reduce(0, +)
    for c in 0..<outputs { unsafe slope[c] = Float((weights[c] / sum - (c == label ? 1 : 0)) / Double(Self.batch)) }
  }

  /// Adam (Kingma, Ba 2015) with its usual decays, 0.9 and 0.999.
  private mutating func update(_ step: Int, of steps: Int) {
    let falling = 0.5 * (1 + cos(.pi * Double(step - 1) / Double(steps)))
    let rate = Float(Self.rate * falling / (1 - pow(0.9, Double(step))))
    let root = Float(1 / (1 - pow(0.999, Double(step))).squareRoot())
    for i in moments.indices {
      let g = gradient[0, i]
      moments[i].mean += 0.1 * (g - moments[i].mean)
      moments[i].square += 0.001 * (g * g - moments[i].square)
      parameters[0, i] -= rate * moments[i].mean / (moments[i].square.squareRoot() * root + 1e-8)
    }
  }
}
