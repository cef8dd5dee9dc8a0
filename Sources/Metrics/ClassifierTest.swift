public import LinearAlgebra
internal import Networks
internal import Randomness
internal import RealFunctions

/// The classifier two-sample test: how often a network tells samples from true rows that it has not seen.
///
/// The pooled rows are cut at random into five folds. For each, a network of two hidden layers of 64 SiLU units learns the
/// other four by Adam (30 epochs, batches of 128, rate 2e-3 falling to 0 along a cosine) and is asked about the fold.
/// What it is told of each column is in `ClassifierFeatures`. The accuracy is averaged over both sets: ½ where they
/// have one law, up to rounding of (16 n)^{−½}; 1 where every row gives itself away. Cost: five trainings of 2n rows.
///
/// Source: Lopez-Paz, Oquab, "Revisiting classifier two-sample tests", ICLR 2017, arXiv 1610.06545.
public struct ClassifierTest: SampleDistance {
  /// The name of the value.
  public var names: [String] { ["classifier accuracy"] }
  private let seed: UInt64
  private var reference: [[Float]] = []
  private var dimension = 0

  private static let folds = 5

  /// A test whose folds, orders and initial weights are drawn by `seed`.
  public init(seed: UInt64) { self.seed = seed }

  /// A share.
  public func units(coordinates: String) -> [String] { ["share of rows"] }

  /// Takes the reference.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    try checkSamples(reference, atLeast: Self.folds)
    dimension = reference.columns
    self.reference = Self.rows(reference)
  }

  /// A row of each set for every fold.
  public var fewestRows: Int { Self.folds }

  /// The accuracy on rows of both sets that were held out.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, atLeast: Self.folds, dimension: dimension)
    let pooled = ClassifierFeatures(reference + Self.rows(samples)).matrix
    let n = reference.count
    let order = RandomStream(seed: seed, purpose: .metric, step: 1 << 20).permutation(of: pooled.rows).map { Int($0) }
    var right = [0, 0]
    for fold in 0..<Self.folds {
      let learned = order.indices.filter { $0 % Self.folds != fold }.map { order[$0] }
      let asked = order.indices.filter { $0 % Self.folds == fold }.map { order[$0] }
      var classifier = Classifier(inputs: pooled.columns, seed: seed, fold: fold)
      classifier.learn(pooled, rows: learned) { $0 >= n }
      for (row, isSample) in zip(asked, classifier.answers(pooled, rows: asked)) where (row >= n) == isSample {
        right[row >= n ? 1 : 0] += 1
      }
    }
    return [0.5 * (Double(right[0]) / Double(n) + Double(right[1]) / Double(samples.rows))]
  }

  private static func rows(_ matrix: borrowing Matrix) -> [[Float]] {
    var rows: [[Float]] = []
    for i in 0..<matrix.rows {
      let row = matrix.row(i)
      rows.append((0..<row.count).map { row[$0] })
    }
    return rows
  }
}

/// A network with one output, the logit of "a sample".
private struct Classifier: ~Copyable {
  private static let batch = 128
  private static let epochs = 30
  private static let rate = 2e-3

  private let pass: NetworkPass
  private let stream: RandomStream
  private var parameters: Matrix
  private var gradient: Matrix
  private var moments: [(mean: Float, square: Float)]

  init(inputs: Int, seed: UInt64, fold: Int) {
    // The level, which a score network would be told, is always 0 here.
    let embedding = TimeEmbedding(kind: .sinusoidal, features: 2)
    let architecture = NetworkArchitecture(
      inputs: inputs, outputs: 1, widths: [64, 64], activation: .silu, embedding: embedding)
    pass = NetworkPass(
      architecture: architecture, frequencies: embedding.frequencies(seed: seed), rows: Self.batch, use: .training)
    pass.setLevel(0)
    stream = RandomStream(seed: seed, purpose: .metric, step: 1 << 20 + 1 + UInt64(fold))
    parameters = architecture.initialParameters(seed: seed &+ UInt64(fold))
    gradient = Matrix(rows: 1, columns: pass.layout.count)
    moments = Array(repeating: (0, 0), count: pass.layout.count)
  }

  /// Goes through `rows` of `data` in batches; the last one of an epoch takes its rest from the next.
  mutating func learn(_ data: borrowing Matrix, rows: [Int], isSample: (Int) -> Bool) {
    let steps = Self.epochs * (rows.count + Self.batch - 1) / Self.batch
    var order: [UInt32] = []
    for step in 0..<steps {
      var labels: [Bool] = []
      for k in 0..<Self.batch {
        let (epoch, place) = (step * Self.batch + k).quotientAndRemainder(dividingBy: rows.count)
        if place == 0 { order = stream.permutation(of: rows.count, sequence: UInt32(epoch)) }
        let row = rows[Int(order[place])]
        set(k, to: data, row)
        labels.append(isSample(row))
      }
      unsafe pass.forward(parameters.pointer)
      for k in 0..<Self.batch {
        let logit = Double(unsafe pass.output(set: 0, row: k)[0])
        let probability = 1 / (1 + exp(-logit))
        let error = (probability - (labels[k] ? 1 : 0)) / Double(Self.batch)
        unsafe pass.outputGradient(set: 0, row: k)[0] = Float(error)
      }
      unsafe pass.backward(parameters.pointer, gradient: { _ in unsafe gradient.pointer }, completed: { _, _ in })
      update(step + 1, of: steps)
    }
  }

  /// Whether each row is taken for a sample.
  mutating func answers(_ data: borrowing Matrix, rows: [Int]) -> [Bool] {
    var answers: [Bool] = []
    for first in stride(from: 0, to: rows.count, by: Self.batch) {
      let taken = min(Self.batch, rows.count - first)
      for k in 0..<taken { set(k, to: data, rows[first + k]) }
      unsafe pass.forward(parameters.pointer)
      for k in 0..<taken { answers.append(unsafe pass.output(set: 0, row: k)[0] > 0) }
    }
    return answers
  }

  private func set(_ k: Int, to data: borrowing Matrix, _ row: Int) {
    unsafe pass.state(set: 0, row: k).update(from: data.pointer + row * data.columns, count: data.columns)
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
