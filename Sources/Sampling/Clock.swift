public import Diffusion
internal import LinearAlgebra
internal import RealFunctions

extension ForwardProcess {
  /// The time at which generation starts: the horizon T, or 0.999 T where nothing of the data is left at T.
  ///
  /// There A or the clock is infinite. The law at 0.999 T differs from the prior by a mean of 0.001 (flow matching) to
  /// 0.03 (linear annealing) of the data's.
  public var start: Double { kernel(at: horizon).mean[0] == 0 ? 0.999 * horizon : horizon }

  /// The time t ≥ s at which `elapsed(from: s, to: t)` has a given share of its value at `end`.
  ///
  /// By bisection with secants (Illinois); to 1e-14 of the interval.
  func time(from s: Double, to end: Double, share: Double) -> Double {
    guard share > 0 else { return s }
    guard share < 1 else { return end }
    let goal = share * elapsed(from: s, to: end)
    return root(from: s, to: end, low: -goal, high: elapsed(from: s, to: end) - goal) {
      elapsed(from: s, to: $0) - goal
    }
  }

  /// The noise level −½ ln snr at time t: without the bound that networks are told, where it would stand still.
  func noiseLevel(at t: Double) -> Double { kernel(at: t).logNoiseRatio }

  /// The time of a noise level between those at `low` and `high`.
  func time(ofNoiseLevel level: Double, from low: Double, to high: Double) -> Double {
    root(from: low, to: high, low: noiseLevel(at: low) - level, high: noiseLevel(at: high) - level) {
      noiseLevel(at: $0) - level
    }
  }
}

/// The zero of a rising function between two points where its values have different signs.
private func root(
  from a: Double, to b: Double, low: Double, high: Double, _ value: (Double) -> Double
) -> Double {
  var (a, b, low, high) = (a, b, low, high)
  let width = 1e-14 * abs(b - a)
  for count in 0..<200 where b - a > width && low < 0 && high > 0 {
    // Every third point halves the interval, so that a flat end cannot slow it down.
    var middle = count % 3 == 2 ? 0.5 * (a + b) : a - low * (b - a) / (high - low)
    if !(middle > a && middle < b) { middle = 0.5 * (a + b) }
    if middle <= a || middle >= b { break }
    let there = value(middle)
    if there < 0 {
      (a, low) = (middle, there)
      high *= 0.5
    } else if there > 0 {
      (b, high) = (middle, there)
      low *= 0.5
    } else {
      return middle
    }
  }
  return low >= 0 ? a : high <= 0 ? b : 0.5 * (a + b)
}

extension ForwardProcess {
  /// ∫ from s to t of a matrix over τ, by Gauss–Legendre quadrature in τ.
  func integral(from s: Double, to t: Double, _ integrand: (Double) -> BlockMatrix) -> BlockMatrix {
    let length = elapsed(from: s, to: t)
    var sum = BlockMatrix.zero(blocks)
    for (node, weight) in GaussLegendre.nodes {
      sum = sum + integrand(time(from: s, to: t, share: node)).scaled(by: weight * length)
    }
    return sum
  }
}
