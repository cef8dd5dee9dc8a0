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
    try body()
    var best = Double.infinity
    for _ in 0..<repeats {
      peak = max(peak, sgm_fma_peak(1))
      let start = Stopwatch.now
      for _ in 0..<count { try body() }
      best = min(best, (Stopwatch.now - start) / Double(count))
    }
    return best
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
  /// A ratio, where that is what counts, and to what.
  var ratio: (value: Double, to: String)?

  /// The time of a piece of work with `flops` useful operations.
  static func work(_ name: String, seconds: Double, flops: Double) -> Measurement {
    Measurement(name: name, value: seconds * 1e3, unit: "ms", rate: flops / seconds)
  }
}
