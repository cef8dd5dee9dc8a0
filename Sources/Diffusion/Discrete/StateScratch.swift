internal import RealFunctions

/// Room for the numbers of one column in a `StateHead` and a `StateStep`.
public struct StateScratch: Sendable {
  /// The least probability of a state of the data in p̃: its logarithm stays finite.
  static let leastShare = 1e-300

  /// p̃(x_0 | x_t), one number for each of the data's states.
  public var shares: [Double]
  /// p(x_s | x_t) after `StateStep.predict`, one for each state.
  public internal(set) var law: [Double]
  /// ∂/∂l after `StateStep.loss` with gradient, p̃ = softmax(l).
  public internal(set) var gradient: [Double]
  var weights, mixed, truth, ratio, expected: [Double]
  /// The columns of Q_{s→t} and of Q̄_t that lead to x_t.
  var forward, reach: [Double]
  /// S and 1 − S of the logistic law at the K + 1 ends of the levels.
  var above, below: [Double]

  /// Room for a chain.
  public init(_ process: DiscreteProcess) {
    let (levels, states) = (
      [Double](repeating: 0, count: process.levels), [Double](repeating: 0, count: process.states)
    )
    (gradient, shares) = (levels, levels)
    (law, weights, mixed) = (states, states, states)
    (truth, ratio, expected) = (states, states, states)
    (forward, reach) = (states, states)
    above = [Double](repeating: 0, count: process.levels + 1)
    below = above
  }

  /// Makes p̃ = softmax(l).
  public mutating func setLogits(_ logit: (_ state: Int) -> Double) {
    var shares = self.shares.mutableSpan
    var largest = -Double.infinity
    for k in shares.indices {
      shares[k] = logit(k)
      largest = max(largest, shares[k])
    }
    for k in shares.indices { shares[k] = exp(shares[k] - largest) }
    normalise()
  }

  /// Makes the sum of p̃ one, and no share nothing.
  mutating func normalise() {
    var shares = self.shares.mutableSpan
    var total = 0.0
    for k in shares.indices { total += shares[k] }
    let scale = 1 / total
    for k in shares.indices { shares[k] = max(shares[k] * scale, Self.leastShare) }
  }

  /// A state at quantile u of `law`.
  public func draw(_ u: Double) -> Int {
    var (sum, last) = (0.0, 0)
    for j in law.indices where law[j] > 0 {
      (sum, last) = (sum + law[j], j)
      if u < sum { return j }
    }
    return last
  }

  /// The likeliest state of `law`, the lowest of equals.
  public var mode: Int {
    var best = 0
    for j in law.indices where law[j] > law[best] { best = j }
    return best
  }
}
