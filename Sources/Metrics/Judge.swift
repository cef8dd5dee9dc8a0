public import LinearAlgebra
import Randomness

/// Compares samples with the truth, each distance beside its floor and its Gaussian baseline.
///
/// Repeat r draws two independent true sets T_r and T'_r of one size and compares T_r with rows of the judged samples
/// (value), with T'_r (floor) and with as many draws from the Gaussian fit (baseline). As each repeat has its own T_r,
/// the repeats of the floor are independent of one another; within a repeat the work on T_r is shared.
public struct Judge {
  /// The number of repeats.
  public let repeats: Int
  /// The key of all random streams.
  public let seed: UInt64
  /// The unit of the coordinates, stated with every value.
  public let unit: String

  /// A judge who repeats every comparison.
  public init(repeats: Int, seed: UInt64, unit: String) {
    precondition(repeats > 0, "\(repeats) repeats")
    self.repeats = repeats
    self.seed = seed
    self.unit = unit
  }

  /// The rows that each compared set has: all samples, or as many as the truth has for each of two sets.
  public func count(samples: Int, truth: some TrueSamples) -> Int {
    min(samples, truth.largestCount ?? samples)
  }

  /// Judges `samples` by every value of `distance`.
  /// - Parameters:
  ///   - samples: `[rows, dimension]`. If the truth has fewer rows, repeat r takes the r-th run of that many, in a
  ///     cycle.
  ///   - truth: in the same units as the samples.
  ///   - gaussian: the Gaussian fit of true samples, in the same units; best not of those that `truth` hands out.
  ///   - distance: what to measure.
  /// - Returns: one judgement for each name of `distance`, in their order.
  /// - Throws: ``MetricsError`` where sets do not fit together or are too small; what `truth` and `distance` throw.
  public func judgements(
    of samples: borrowing Matrix, truth: some TrueSamples, gaussian: GaussianFit,
    by distance: inout some (SampleDistance & ~Copyable)
  ) throws -> [Judgement] {
    let n = count(samples: samples.rows, truth: truth)
    guard n >= 2 else { throw MetricsError.tooFewRows(rows: n, needed: 2) }
    var reference = Matrix(rows: n, columns: truth.dimension)
    var other = Matrix(rows: n, columns: truth.dimension)
    var taken = Matrix(rows: n, columns: samples.columns)
    var values: [[Double]] = []
    var floors: [[Double]] = []
    var baselines: [[Double]] = []
    for number in 0..<repeats {
      try truth.fill(&reference, &other, repeat: number, seed: seed)
      let all = samples.rows
      copyRows(of: samples, (number * n..<(number + 1) * n).lazy.map { UInt32($0 % all) }, into: &taken)
      try distance.setReference(reference)
      try values.append(distance.values(to: taken))
      try floors.append(distance.values(to: other))
      gaussian.draw(RandomStream(seed: seed, purpose: .baseline, step: UInt64(number)), into: &other)
      try baselines.append(distance.values(to: other))
    }
    return distance.names.indices.map { k in
      Judgement(
        name: distance.names[k], value: Spread(of: values.map { $0[k] }), floor: Spread(of: floors.map { $0[k] }),
        baseline: Spread(of: baselines.map { $0[k] }), repeats: repeats, count: n, unit: unit)
    }
  }
}
