public import Communication
public import LinearAlgebra
import Randomness

/// Compares samples with the truth, each distance beside its floor and its Gaussian baseline.
///
/// Repeat r draws two independent true sets T_r and T'_r of one size and compares T_r with rows of the judged samples
/// (value), with T'_r (floor) and with as many draws from the Gaussian fit (baseline). As each repeat has its own T_r,
/// the repeats of the floor are independent of one another; within a repeat the work on T_r is shared. The rows of the
/// judged samples are chosen at random, by the seed, whatever their order.
///
/// Ranks share the work: inside each comparison where the distance says so, else comparison by comparison. Either way a
/// value depends on its two sets alone, so judgements have the same bits on any number of ranks.
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

  /// The rows that each compared set has: all samples, or as many as the truth has for each of two sets, or as the
  /// distance takes.
  public func count(samples: Int, truth: some TrueSamples, most: Int? = nil) -> Int {
    min(samples, truth.largestCount ?? samples, most ?? samples)
  }

  /// Judges `samples` by every value of `distance`.
  /// - Parameters:
  ///   - samples: `[rows, dimension]`. If sets have fewer rows, repeat r takes the r-th run of that many in a random
  ///     order of all rows, in a cycle.
  ///   - truth: in the same units as the samples.
  ///   - gaussian: the Gaussian fit of true samples, in the same units; best not of those that `truth` hands out. nil for
  ///     no baseline.
  ///   - distance: what to measure.
  ///   - most: the most rows of a set, where the distance itself would take more.
  ///   - communicator: the ranks that share the comparisons, all with the same samples and truth.
  /// - Returns: one judgement for each name of `distance`, in their order, the same on every rank.
  /// - Throws: ``MetricsError`` where sets do not fit together or are too small; what `truth` and `distance` throw.
  public func judgements(
    of samples: borrowing Matrix, truth: some TrueSamples, gaussian: GaussianFit?,
    by distance: inout some (SampleDistance & ~Copyable), most: Int? = nil, over communicator: Communicator = .single
  ) throws -> [Judgement] {
    let n = min(count(samples: samples.rows, truth: truth, most: distance.largestCount), most ?? .max)
    guard n >= distance.fewestRows else { throw MetricsError.tooFewRows(rows: n, needed: distance.fewestRows) }
    let kinds = gaussian == nil ? 2 : 3
    let comparisons = kinds * repeats
    var values: [Double]
    if distance.sharesComparisons {
      values = try self.values(0..<comparisons, count: n, samples, truth, gaussian, &distance)
    } else {
      let own = communicator.share(of: comparisons)
      let part = try communicator.agree { try self.values(own, count: n, samples, truth, gaussian, &distance) }
      values = try communicator.allGather(part)
    }
    let names = distance.names
    let units = distance.units(coordinates: unit)
    return names.indices.map { k in
      // A p-value is one test's: the first repeat's.
      let used = distance.singleTests.contains(k) ? 1 : repeats
      func spread(_ kind: Int) -> Spread {
        Spread(of: (0..<used).map { values[(kinds * $0 + kind) * names.count + k] })
      }
      return Judgement(
        name: names[k], value: spread(0), floor: spread(1), baseline: gaussian == nil ? nil : spread(2), repeats: used,
        count: n,
        unit: units[k], rowsOfSamples: samples.rows)
    }
  }

  /// The step of the stream that orders the judged samples, beyond those of any distance.
  private static let orderStep: UInt64 = 1 << 32

  /// The values of some comparisons, one after another; comparison cr + k is the k-th of repeat r, which has c of them.
  private func values(
    _ comparisons: Range<Int>, count n: Int, _ samples: borrowing Matrix, _ truth: some TrueSamples,
    _ gaussian: GaussianFit?, _ distance: inout some (SampleDistance & ~Copyable)
  ) throws -> [Double] {
    var reference = Matrix(rows: n, columns: truth.dimension)
    var floor = Matrix(rows: n, columns: truth.dimension)
    var other = Matrix(rows: n, columns: samples.columns)
    var values: [Double] = []
    var prepared: Int?
    let order = RandomStream(seed: seed, purpose: .metric, step: Self.orderStep).permutation(of: samples.rows)
    for comparison in comparisons {
      let (number, kind) = comparison.quotientAndRemainder(dividingBy: gaussian == nil ? 2 : 3)
      if prepared != number {
        try truth.fill(&reference, &floor, repeat: number, seed: seed)
        try distance.setReference(reference)
        prepared = number
      }
      switch kind {
      case 0:
        let all = samples.rows
        copyRows(of: samples, (number * n..<(number + 1) * n).lazy.map { order[$0 % all] }, into: &other)
        values += try distance.values(to: other)
      case 1: values += try distance.values(to: floor)
      default:
        guard let gaussian else { continue }
        var drawn = Matrix(rows: n, columns: gaussian.dimension)
        gaussian.draw(RandomStream(seed: seed, purpose: .baseline, step: UInt64(number)), into: &drawn)
        values += try distance.values(to: drawn)
      }
    }
    return values
  }
}
