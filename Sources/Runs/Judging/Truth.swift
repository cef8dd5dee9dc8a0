internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
internal import Targets

/// What samples are judged against.
struct Truth: ~Copyable {
  package let samples: any TrueSamples
  /// Rows to show beside the samples.
  package let shown: Matrix
  /// Rows to fit a Gaussian to; nil for those that are shown.
  private var fitted: MatrixBox?
  /// The law, where it is built in.
  private var target: (any Target)?
  /// Makes the rows that a network was trained on, where there was one.
  private var training: (() throws -> Matrix)?

  /// Fresh draws of a target.
  init(target: any Target, seed: UInt64, count: Int, training: (() throws -> Matrix)? = nil) throws {
    try refuseBeyondMemory(count, target.dimension, from: "evaluation.count")
    var rows = Matrix(rows: max(count, 2), columns: target.dimension)
    target.drawData(RandomStream(seed: seed, purpose: .bootstrap), firstIndex: 0, into: &rows)
    samples = DrawnSamples(dimension: target.dimension) { stream, rows in
      target.drawData(stream, firstIndex: 0, into: &rows)
    }
    shown = rows
    self.target = target
    self.training = training
  }

  /// Held-out rows of a file; the floor compares them with training rows.
  init(heldOut: consuming Matrix, training: consuming Matrix) {
    shown = heldOut.head(heldOut.rows)
    let rows = MatrixBox(training)
    fitted = rows
    samples = HeldOutSamples(heldOut: heldOut, training: rows)
    self.training = { rows.value.head(.max) }
  }

  /// The rows of a file without a split; the floor compares its halves.
  init(rows: consuming Matrix) {
    shown = rows.head(rows.rows)
    samples = RowSamples(rows)
  }

  /// What an experiment's samples are judged against.
  ///
  /// - Parameters:
  ///   - experiment: names the data.
  ///   - base: the folder that relative paths start from.
  ///   - trained: whether a network has learned from the data.
  ///   - origin: what is taken from a file's columns before they are rounded to single precision; 0 by default.
  /// - Returns: the truth.
  /// - Throws: `ExperimentError` where the data cannot be read.
  package static func of(
    _ experiment: Experiment, base: String, trained: Bool, less origin: [Double] = []
  ) throws -> Truth {
    if let target = try experiment.target() {
      return try Truth(
        target: target, seed: experiment.seed, count: experiment.evaluation.count,
        training: trained ? { experiment.trainingDraws(of: target) } : nil)
    }
    let split = try DataSplit(experiment, base: base, less: origin)
    guard split.hasHeldOut else { return Truth(rows: split.training) }
    return Truth(heldOut: split.heldOut, training: split.training)
  }

  /// The moment-matched Gaussian, which a method must beat; its work is shared among the ranks.
  package func gaussian(_ communicator: Communicator) throws -> GaussianFit {
    do {
      if let fitted { return try GaussianFit(fitted.value, over: communicator) }
      return try GaussianFit(shown, over: communicator)
    } catch let error as MetricsError {
      return try communicator.agree { throw error }
    }
  }

  /// The first rows that no network was trained on: held-out ones, or fresh draws.
  func unseenRows(_ count: Int, seed: UInt64) throws -> Matrix {
    if fitted != nil { return shown.head(count) }
    guard let target else {
      throw ExperimentError.usage("the metric nll needs rows that were not trained on: set data.held_out")
    }
    var rows = Matrix(rows: count, columns: target.dimension)
    target.drawData(RandomStream(seed: seed, purpose: .likelihood), firstIndex: 0, into: &rows)
    return rows
  }

  /// log p of rows in original units under the law itself; nil where it is not known.
  func logDensities(of rows: borrowing Matrix) -> [Double]? {
    guard let target, var density = target.density(in: .identity(target.dimension)) else { return nil }
    var values = [Double](repeating: 0, count: rows.rows)
    var gradient = Matrix(rows: rows.rows, columns: rows.columns)
    density.evaluate(rows, logDensity: &values, gradient: &gradient)
    return values
  }

  /// What a network was trained on; nil where the truth's own rows stand for it.
  func trainingRows() throws -> MatrixBox? {
    if let training { return MatrixBox(try training()) }
    if target == nil { return nil }
    throw ExperimentError.usage("the metric nearest needs a run, or a file of its training rows to judge against")
  }

  /// The coverage of a mixture's modes.
  package func modes() throws -> ModeCoverage {
    guard let mixture = target as? GaussianMixture else {
      throw ExperimentError.usage("the metric modes needs a Gaussian mixture: gaussian, eight-gaussians, mg25, diamond")
    }
    return ModeCoverage(weights: mixture.weights, means: mixture.means, variances: mixture.variances)
  }

  /// The discrepancy from a law of known score.
  func steinDiscrepancy() throws -> SteinDiscrepancy {
    let process = OrnsteinUhlenbeck(horizon: 1)
    guard let target, let score = target.score(under: process, in: .identity(target.dimension)) else {
      let names = TargetKind.allCases.filter(\.hasExactScore).map(\.rawValue).joined(separator: ", ")
      throw ExperimentError.usage("the metric ksd needs a target of known score: \(names)")
    }
    return SteinDiscrepancy(score: Self.slopes(of: score))
  }

  /// A score at a diffusion time so small that the law's own scales, squared, are far above 2t.
  private static func slopes(of score: some Score) -> (borrowing Matrix, inout Matrix) throws -> Void {
    var score = score
    return { rows, slopes in score.evaluate(rows, at: 1e-9, into: &slopes) }
  }

}

extension Experiment {
  /// The draws of a target that training sees.
  fileprivate func trainingDraws(of target: any Target) -> Matrix {
    var all = Matrix(rows: data.count, columns: target.dimension)
    target.drawData(RandomStream(seed: seed, purpose: .targetDraw), firstIndex: 0, into: &all)
    let isHeldOut = heldOutRows(of: data.count)
    let chosen = isHeldOut.indices.filter { !isHeldOut[$0] }
    var rows = Matrix(rows: chosen.count, columns: target.dimension)
    for (r, source) in chosen.enumerated() { rows.copyRow(r, from: all, source) }
    return rows
  }
}

/// Held-out rows as the reference, training rows as independent true samples of the same size.
final class HeldOutSamples: TrueSamples {
  private let heldOut: Matrix
  private let training: MatrixBox

  init(heldOut: consuming Matrix, training: MatrixBox) {
    self.heldOut = heldOut
    self.training = training
  }

  package var dimension: Int { heldOut.columns }
  var largestCount: Int? { min(heldOut.rows, training.value.rows) }

  package func fill(_ first: inout Matrix, _ second: inout Matrix, repeat number: Int, seed: UInt64) throws {
    let stream = RandomStream(seed: seed, purpose: .bootstrap, step: UInt64(number))
    let references = stream.permutation(of: heldOut.rows)
    let others = stream.permutation(of: training.value.rows, sequence: 1)
    for r in 0..<first.rows { first.copyRow(r, from: heldOut, Int(references[r])) }
    for r in 0..<second.rows { second.copyRow(r, from: training.value, Int(others[r])) }
  }
}

/// True samples whose two sets have changed places: rows held out are then the independent set.
struct Exchanged: TrueSamples {
  private let samples: any TrueSamples

  init(_ samples: any TrueSamples) { self.samples = samples }

  package var dimension: Int { samples.dimension }
  var largestCount: Int? { samples.largestCount }

  package func fill(_ first: inout Matrix, _ second: inout Matrix, repeat number: Int, seed: UInt64) throws {
    try samples.fill(&second, &first, repeat: number, seed: seed)
  }
}

final class TruthBox {
  package let value: Truth
  init(_ value: consuming Truth) { self.value = value }
}
