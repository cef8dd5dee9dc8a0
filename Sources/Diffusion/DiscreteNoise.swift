internal import RealFunctions

/// The variances of a chain of T steps, x_i = √(1 − β_i) x_{i−1} + √β_i e, and the continuous time that passes its states.
///
/// ```
/// β_i = first + (last − first)(i − 1)/(T − 1),   i = 1 … T
/// τ(i/T) = −Σ_{j ≤ i} ln(1 − β_j),   linear in between
/// ```
/// So a variance-preserving process is at time i/T of its horizon where the chain is after i steps: e^{−τ} = Π(1 − β_j). Ho,
/// Jain and Abbeel 2020, arXiv 2006.11239, take T = 1,000 and β from 1e-4 to 0.02.
public struct DiscreteNoise: Sendable, Equatable {
  /// τ after 0, 1, …, T steps.
  private let times: [Double]

  /// A chain.
  ///
  /// - Parameters:
  ///   - steps: T, at least 2.
  ///   - first: β_1, above 0.
  ///   - last: β_T, below 1.
  public init(steps: Int, first: Double, last: Double) {
    precondition(steps >= 2 && min(first, last) > 0 && max(first, last) < 1, "\(steps) steps of \(first) … \(last)")
    var times = [0.0]
    times.reserveCapacity(steps + 1)
    for i in 0..<steps {
      times.append(times[i] - log1p(-(first + (last - first) * Double(i) / Double(steps - 1))))
    }
    self.times = times
  }

  /// The number of steps T.
  public var steps: Int { times.count - 1 }

  /// τ between two shares of the horizon, which does not cancel for shares close together.
  func elapsed(from s: Double, to t: Double) -> Double {
    let (i, j) = (step(at: s), step(at: t))
    let (a, b) = (s * Double(steps), t * Double(steps))
    if i == j { return (b - a) * length(i) }
    return (Double(i + 1) - a) * length(i) + (times[j] - times[i + 1]) + (b - Double(j)) * length(j)
  }

  /// dτ for a unit of the horizon's share.
  func rate(at share: Double) -> Double { length(step(at: share)) * Double(steps) }

  /// The step that is under way at a share of the horizon, from 0.
  private func step(at share: Double) -> Int { max(0, min(steps - 1, Int(share * Double(steps)))) }

  private func length(_ step: Int) -> Double { times[step + 1] - times[step] }
}
