internal import Communication
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Targets

/// Judges samples against the truth, with floor and Gaussian baseline, in original units.
struct Judging {
  let communicator: Communicator
  let section: Experiment.EvaluationSection
  let seed: UInt64

  /// Sliced and max-sliced W2 of `samples`, the same on every rank.
  func judge(_ samples: borrowing Matrix, against truth: borrowing Truth) throws -> [Judgement] {
    try refuseBeyondMemory(section.directions, samples.columns, from: "evaluation.directions")
    let directions = randomDirections(count: section.directions, dimension: samples.columns, seed: seed)
    var distance = SlicedWasserstein(directions: directions, over: communicator)
    let judge = Judge(repeats: section.repeats, seed: seed, unit: "units of the data")
    let taken = samples.head(section.count)
    do {
      return try judge.judgements(of: taken, truth: truth.samples, gaussian: truth.gaussian, by: &distance)
    } catch let error as MetricsError {
      // Every rank holds all samples and comes to the same verdict: one of them says so.
      return try communicator.agree { throw error }
    }
  }
}

/// What samples are judged against.
struct Truth: ~Copyable {
  let samples: any TrueSamples
  /// The moment-matched Gaussian: what a method must beat.
  let gaussian: GaussianFit
  /// Rows to show beside the samples.
  let shown: Matrix

  /// Fresh draws of a target.
  init(target: any Targets.Target, seed: UInt64, count: Int) throws {
    try refuseBeyondMemory(count, target.dimension, from: "evaluation.count")
    var rows = Matrix(rows: max(count, 2), columns: target.dimension)
    target.drawData(RandomStream(seed: seed, purpose: .bootstrap), firstIndex: 0, into: &rows)
    gaussian = try GaussianFit(rows)
    samples = DrawnSamples(dimension: target.dimension) { stream, rows in
      target.drawData(stream, firstIndex: 0, into: &rows)
    }
    shown = rows
  }

  /// Held-out rows of a file; the floor compares them with training rows.
  init(heldOut: consuming Matrix, training: consuming Matrix) throws {
    gaussian = try GaussianFit(training)
    shown = heldOut.head(heldOut.rows)
    samples = HeldOutSamples(heldOut: heldOut, training: training)
  }

  /// The rows of a file without a split; the floor compares its halves.
  init(rows: consuming Matrix) throws {
    gaussian = try GaussianFit(rows)
    shown = rows.head(rows.rows)
    samples = RowSamples(rows)
  }

  /// What an experiment's samples are judged against.
  init(_ experiment: Experiment, base: String) throws {
    if let target = try experiment.target() {
      self = try Truth(target: target, seed: experiment.seed, count: experiment.evaluation.count)
      return
    }
    let split = try DataSplit(experiment, base: base)
    self =
      try split.hasHeldOut ? Truth(heldOut: split.heldOut(), training: split.training()) : Truth(rows: split.training())
  }
}

/// Held-out rows as the reference, training rows as independent true samples of the same size.
final class HeldOutSamples: TrueSamples {
  private let heldOut: Matrix
  private let training: Matrix

  init(heldOut: consuming Matrix, training: consuming Matrix) {
    self.heldOut = heldOut
    self.training = training
  }

  var dimension: Int { heldOut.columns }
  var largestCount: Int? { min(heldOut.rows, training.rows) }

  func fill(_ first: inout Matrix, _ second: inout Matrix, repeat number: Int, seed: UInt64) throws {
    let stream = RandomStream(seed: seed, purpose: .bootstrap, step: UInt64(number))
    let references = stream.permutation(of: heldOut.rows)
    let others = stream.permutation(of: training.rows, sequence: 1)
    for r in 0..<first.rows { first.copyRow(r, from: heldOut, Int(references[r])) }
    for r in 0..<second.rows { second.copyRow(r, from: training, Int(others[r])) }
  }
}

extension Matrix {
  /// The first `count` rows, or all.
  func head(_ count: Int) -> Matrix {
    var head = Matrix(rows: min(count, rows), columns: columns)
    for i in 0..<head.rows { head.copyRow(i, from: self, i) }
    return head
  }

  /// All rows of a source.
  init(_ source: any RowSource) throws {
    try refuseBeyondMemory(source.rows, source.dimension, from: (source as? any NamedRows)?.path ?? "data")
    var all = Matrix(rows: source.rows, columns: source.dimension)
    try source.forEachBlock { first, block in
      for r in 0..<block.rows { all.copyRow(first + r, from: block, r) }
    }
    self = all
  }

  /// Row `index` becomes row `other` of `source`.
  mutating func copyRow(_ index: Int, from source: borrowing Matrix, _ other: Int) {
    let from = source.row(other)
    var to = mutableRow(index)
    for j in 0..<from.count { to[j] = from[j] }
  }
}
