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
  /// `variance-linear`: a chain of N + 1 steps from the data whose variances η_i = η_0(1 + ci) end at the start.
  ///
  /// ```
  /// ᾱ = snr/(1 + snr),   η_0 = 1 − ᾱ(t_f),   Π_{i=0..k} (1 − η_i) = ᾱ(t_{N−k}),   ᾱ(t_0) = ᾱ(T) gives c ≥ 0
  /// ```
  /// The VAR map of FastDPM, whose η_0 is the first variance of the chain that was trained (Kong and Ping 2021, arXiv 2106.00132,
  /// section 3). Where so many steps would have to shrink, ln ᾱ is uniform.
  case varianceLinear = "variance-linear"
  /// `variance-quadratic`: as `variance-linear`, with η_i = η_0(1 + ci)².
  case varianceQuadratic = "variance-quadratic"

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
    case .varianceLinear: times = chain(steps, of: process, to: finalTime, { $0 }, { $0 })
    case .varianceQuadratic: times = chain(steps, of: process, to: finalTime, { $0 * $0 }, { $0.squareRoot() })
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

  /// Times of the chain whose variances grow from that of the final time as `growth` of 1 + ci, `inverse` its inverse.
  private func chain(
    _ steps: Int, of process: any ForwardProcess, to finalTime: Double, _ growth: (Double) -> Double,
    _ inverse: (Double) -> Double
  ) -> [Double] {
    let first = process.start
    // ln ᾱ at both ends.
    let near = -log1p(exp(2 * process.noiseLevel(at: finalTime)))
    let far = -log1p(exp(2 * process.noiseLevel(at: first)))
    let variance = -expm1(near)
    func logarithms(_ c: Double) -> [Double] {
      var sum = 0.0
      return (0...steps).map { i in
        sum += log1p(-min(variance * growth(1 + c * Double(i)), 1))
        return sum
      }
    }
    var sums = (0...steps).map { near + (far - near) * Double($0) / Double(steps) }
    if Double(steps + 1) * near > far {
      // The last variance is at most 1.
      var (low, high) = (0.0, (inverse(1 / variance) - 1) / Double(steps))
      for _ in 0..<100 {
        let middle = 0.5 * (low + high)
        if middle <= low || middle >= high { break }
        if logarithms(middle)[steps] > far { low = middle } else { high = middle }
      }
      sums = logarithms(low)
    }
    return sums.reversed().map { sum in
      process.time(ofNoiseLevel: 0.5 * (log(-expm1(sum)) - sum), from: finalTime, to: first)
    }
  }

  /// The final time of the theory's studies: a thousandth of the horizon.
  public static func standardFinalTime(horizon: Double) -> Double { 1e-3 * horizon }
}
