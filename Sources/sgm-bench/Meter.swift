import CMachine
import Configuration
import Files
import Training

/// The clock: best times, and the peak measured between them.
///
/// Clock speeds change with load and neighbours, so a fraction of the peak is only worth something when both come from
/// the same minutes.
final class Meter {
  /// The best peak so far, in operations per second.
  private(set) var peak = 0.0
  private let repeats: Int

  /// A clock that takes the best of `repeats` times.
  init(repeats: Int) {
    self.repeats = max(repeats, 1)
    peak = sgm_fma_peak(10)
  }

  /// The seconds of one of `count` runs of `body`, best of the repeats, after a first run that is not counted.
  func seconds(count: Int, _ body: () throws -> Void) rethrows -> Double {
    try runs(count: count, body).map(\.seconds).min() ?? .infinity
  }

  /// A piece of work with `flops` useful operations in each of `count` runs of `body`.
  ///
  /// - Returns: its best time, and the median over the repeats of the share of the peak, each beside the peak right before
  ///   and after it: clocks change by a quarter within seconds.
  func work(_ name: String, count: Int, flops: Double, _ body: () throws -> Void) rethrows -> Measurement {
    let runs = try runs(count: count, body)
    let shares = runs.map { flops / ($0.seconds * $0.peak) }.sorted()
    let best = runs.map(\.seconds).min() ?? .infinity
    return Measurement(
      name: name, value: best * 1e3, unit: "ms", rate: flops / best, share: shares[shares.count / 2])
  }

  private func runs(count: Int, _ body: () throws -> Void) rethrows -> [(seconds: Double, peak: Double)] {
    try body()
    var before = sgm_fma_peak(1)
    return try (0..<repeats).map { _ in
      let start = Stopwatch.now
      for _ in 0..<count { try body() }
      let seconds = (Stopwatch.now - start) / Double(count)
      let after = sgm_fma_peak(1)
      defer { before = after }
      peak = max(peak, after)
      return (seconds, 0.5 * (before + after))
    }
  }

  /// How many runs of work `flops` make up about 20 ms: the same on every rank.
  static func count(flops: Double) -> Int { max(Int(2e9 / flops), 1) }
}

/// One line of the results.
struct Measurement {
  /// What was measured.
  var name: String
  /// The value.
  var value: Double
  /// Its unit.
  var unit: String
  /// Useful operations per second, to be put beside the peak.
  var rate: Double?
  /// The share of the peak.
  var share: Double?
  /// A ratio, where that is what counts, and to what.
  var ratio: (value: Double, to: String)?
}
