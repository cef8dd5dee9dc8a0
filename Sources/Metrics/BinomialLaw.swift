/// The number of successes of n independent trials.
public struct BinomialLaw: Sendable {
  /// n.
  public let count: Int
  /// The chance of each trial.
  public let chance: Double

  /// The law of `count` trials of a chance in (0, 1).
  public init(count: Int, chance: Double) {
    precondition(count > 0 && chance > 0 && chance < 1, "\(count) trials of chance \(chance)")
    (self.count, self.chance) = (count, chance)
  }

  /// P(successes = k) for k = 0 … n, from the ratios of neighbours, so that nothing overflows.
  public var probabilities: [Double] {
    let mode = min(Int(Double(count + 1) * chance), count)
    var all = [Double](repeating: 0, count: count + 1)
    all[mode] = 1
    let odds = chance / (1 - chance)
    for k in stride(from: mode, to: count, by: 1) { all[k + 1] = all[k] * Double(count - k) / Double(k + 1) * odds }
    for k in stride(from: mode, to: 0, by: -1) { all[k - 1] = all[k] * Double(k) / Double(count - k + 1) / odds }
    let sum = all.reduce(0, +)
    return all.map { $0 / sum }
  }

  /// The least and the most successes such that fewer, and more, have a probability of at most (1 − level)/2 each.
  public func band(_ level: Double) -> ClosedRange<Int> {
    let (all, tail) = (probabilities, (1 - level) / 2)
    var (low, below) = (0, all[0])
    while below <= tail, low < count {
      low += 1
      below += all[low]
    }
    var (high, above) = (count, all[count])
    while above <= tail, high > low {
      high -= 1
      above += all[high]
    }
    return low...high
  }
}
