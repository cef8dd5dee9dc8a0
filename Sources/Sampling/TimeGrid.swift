public import Diffusion
internal import RealFunctions

/// Where a sampler's steps end: diffusion times from the start, the horizon T, down to the final time t_f.
public enum TimeGrid: String, Sendable, CaseIterable {
  /// `uniform`: t_i = T − (T − t_f) i/N.
  case uniform
  /// `quadratic`: t_i = t_f + (T − t_f)(1 − i/N)²; the steps shrink towards the data, the last to (T − t_f)/N².
  case quadratic
  /// `edm`: the noise-to-signal ratio σ = snr^{−½} has σ_i^{1/7} uniform (Karras et al. 2022, arXiv 2206.00364, eq. 5).
  case edm
  /// `log-snr`: ln snr is uniform (Lu et al. 2022, arXiv 2206.00927, section 3.4).
  case logSNR = "log-snr"

  /// The N + 1 times; the first is the process's `start` and the last `finalTime`, exactly.
  public func times(steps: Int, of process: any ForwardProcess, to finalTime: Double) -> [Double] {
    let horizon = process.start
    precondition(steps > 0, "\(steps) steps")
    precondition(finalTime > 0 && finalTime < horizon, "final time \(finalTime) with start \(horizon)")
    let length = horizon - finalTime
    var times: [Double]
    switch self {
    case .uniform: times = shares(steps).map { finalTime + length * $0 }
    case .quadratic: times = shares(steps).map { finalTime + length * $0 * $0 }
    case .edm: times = levels(steps, of: process, to: finalTime, { exp($0 / 7) }, { 7 * log($0) })
    case .logSNR: times = levels(steps, of: process, to: finalTime, { $0 }, { $0 })
    }
    times[0] = horizon
    times[steps] = finalTime
    return times
  }

  /// 1 − i/N.
  private func shares(_ steps: Int) -> [Double] { (0...steps).map { Double(steps - $0) / Double(steps) } }

  /// Times whose noise levels, mapped by `scale`, are uniform.
  private func levels(
    _ steps: Int, of process: any ForwardProcess, to finalTime: Double, _ scale: (Double) -> Double,
    _ inverse: (Double) -> Double
  ) -> [Double] {
    let first = process.start
    let (low, high) = (scale(process.noiseLevel(at: finalTime)), scale(process.noiseLevel(at: first)))
    return shares(steps).map { share in
      process.time(ofNoiseLevel: inverse(low + (high - low) * share), from: finalTime, to: first)
    }
  }

  /// The final time of the theory's studies: a thousandth of the horizon.
  public static func standardFinalTime(horizon: Double) -> Double { 1e-3 * horizon }
}
