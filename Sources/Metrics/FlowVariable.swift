internal import Diffusion
internal import LinearAlgebra
internal import Sampling

/// The variable in which a probability flow takes equal steps: ζ = ℓ + c τ, ℓ = −½ ln snr.
///
/// ```
/// dℓ/dτ = wᵀDw/(2 snr),   w = H⁻¹M          (whatever A)
/// ```
/// c is 0, unless dℓ/dτ falls below a twentieth of its mean: where noise reaches the data through an oscillation (third-order
/// dynamics off critical damping) Dw is zero at isolated times, and steps of ℓ alone would be without end in τ. c is then
/// half of the mean, so that no step takes more than three times as much of τ as equal ones would.
struct FlowVariable {
  private let process: any ForwardProcess
  private let first, last: Double
  private let share: Double

  init(_ process: any ForwardProcess, from first: Double) {
    self.process = process
    (self.first, last) = (first, process.start)
    let mean =
      (process.kernel(at: last).logNoiseRatio - process.kernel(at: first).logNoiseRatio)
      / process.elapsed(from: first, to: last)
    let slowest = (0...1000).reduce(Double.infinity) { least, i in
      min(least, Self.rate(process, at: first + (process.start - first) * Double(i) / 1000))
    }
    share = mean.isFinite && slowest < 0.05 * mean ? 0.5 * mean : 0
  }

  /// ζ at the end less ζ at the start.
  var length: Double { value(at: last) - value(at: first) }

  /// dτ/dζ.
  func pace(at t: Double) -> Double { 1 / (Self.rate(process, at: t) + share) }

  /// The ends of equal steps of ζ, from the first time on.
  func times(steps: Int) -> [Double] {
    guard share > 0 else { return TimeGrid.logSNR.times(steps: steps, of: process, to: first).reversed() }
    let (start, length) = (value(at: first), length)
    var times = (0...steps).map { i in time(of: start + length * Double(i) / Double(steps)) }
    (times[0], times[steps]) = (first, last)
    return times
  }

  private func value(at t: Double) -> Double {
    let level = process.kernel(at: t).logNoiseRatio
    return share > 0 ? level + share * process.elapsed(from: first, to: t) : level
  }

  /// By bisection, to rounding: ζ rises with t.
  private func time(of value: Double) -> Double {
    var (low, high) = (first, last)
    for _ in 0..<100 {
      let middle = 0.5 * (low + high)
      if middle <= low || middle >= high { break }
      if self.value(at: middle) < value { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }

  private static func rate(_ process: any ForwardProcess, at t: Double) -> Double {
    let (kernel, diffusion) = (process.kernel(at: t), process.diffusion(at: t))
    let direction = kernel.precisionMean
    return 0.5 * direction.dot(diffusion * direction) / kernel.signalToNoise
  }
}
