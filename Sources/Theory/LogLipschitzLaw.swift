public import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// The simplest law that is a log-Lipschitz perturbation of a strongly log-concave one and not smooth.
///
/// ```
/// p(x) ∝ exp(−½x² − L|x|)
/// ```
public struct LogLipschitzLaw: Sendable, Equatable {
  /// L.
  public let slope: Double

  /// The law of a given L ≥ 0.
  public init(slope: Double) {
    precondition(slope >= 0, "L = \(slope)")
    self.slope = slope
  }

  /// Var(x_0 | x_0 + N(0, ν) = z), by Gauss–Legendre panels on both sides of the kink; relative error below 1e-9.
  public func posteriorVariance(at z: Double, noise: Double) -> Double {
    let precision = 1 + 1 / noise
    let pull = z / noise
    let mode = (pull < 0 ? -1 : 1) * max(0, abs(pull) - slope) / precision
    let width = 1 / precision.squareRoot()
    let exponent = { (x: Double) in -0.5 * precision * x * x + pull * x - slope * abs(x) }
    let peak = exponent(mode)
    var (mass, first, second) = (0.0, 0.0, 0.0)
    for side in [-1.0, 1] {
      // The half-line x·side ≥ 0, as far as 12 widths from the mode: beyond, e^{−72}.
      let from = max(0, side * mode - 12 * width)
      let to = max(0, side * mode + 12 * width)
      guard to > from else { continue }
      GaussLegendre.forEachNode(from: from, to: to, panels: 24) { y, weight in
        let x = side * y
        let share = weight * exp(exponent(x) - peak)
        mass += share
        first += share * (x - mode)
        second += share * (x - mode) * (x - mode)
      }
    }
    let mean = first / mass
    return second / mass - mean * mean
  }

  /// The largest entry of |∇²log p̃_t| by rows over a grid of states: L̃_t, for the whole Hessian and its last row.
  ///
  /// ```
  /// ∇²log p̃_t = S⁻¹ − (H + MMᵀ)⁻¹ + H⁻¹M (Var(x_0|u) − r²) MᵀH⁻¹,   r² = 1/(1 + snr)
  /// ```
  /// r² is the posterior variance of unit Gaussian data, so nothing cancels at small t. The state enters through
  /// z = MᵀH⁻¹u/snr alone. An estimate from below: the grid may miss the largest state by a little.
  public func curvature(_ process: any ForwardProcess, at t: Double) -> (whole: Double, lastRow: Double) {
    let kernel = process.kernel(at: t)
    let noise = 1 / kernel.signalToNoise
    let gain = kernel.precisionMean
    let unit = kernel.covariance + kernel.mean.outer(kernel.mean)
    let base = process.priorCovariance.inverse - unit.inverse
    let r2 = noise / (1 + noise)
    var (whole, last) = (0.0, 0.0)
    // The kink's effect lies within a few √ν of 0 and, for large ν, where |z|/ν is of the order of L.
    let reach = 4 * noise.squareRoot() + 2 * slope * noise
    for k in 0...40 {
      let z = reach * Double(k) / 40
      let hessian = base + gain.outer(gain).scaled(by: posteriorVariance(at: z, noise: noise) - r2)
      whole = max(whole, hessian.spectralNorm)
      let row = hessian.row(hessian.size - 1)
      last = max(last, row.dot(row).squareRoot())
    }
    return (whole, last)
  }
}
