public import LinearAlgebra
internal import RealFunctions

/// The variance-exploding process, `variance-exploding`: Brownian motion in the clock τ.
///
/// ```
/// dX = dB_τ,   X_t = x_0 + √τ e,   τ(t) = σ(t)² − σ(0)²,   σ(t) = σ_min (σ_max/σ_min)^{t/T}
/// ```
/// Song et al. 2021, arXiv 2011.13456, eq. 9 and appendix B; there the kernel's variance is σ(t)², which the SDE does
/// not have: at t = 0 it would be σ_min² and not 0.
public struct VarianceExploding: ForwardProcess, Equatable {
  /// The law that generation starts from.
  public enum Prior: String, Sendable, CaseIterable {
    /// `noise`: N(0, σ_max²), Song's.
    case noise
    /// `noise-and-data`: N(0, τ(T) + 1), the variance that data of unit variance have at T.
    case noiseAndData = "noise-and-data"
  }

  /// σ at t = 0, beside data of unit variance.
  public let sigmaMin: Double
  /// σ at t = T.
  public let sigmaMax: Double
  /// The law that generation starts from.
  public let prior: Prior
  /// The last diffusion time T.
  public let horizon: Double

  /// The process with noise from σ_min to σ_max.
  public init(
    sigmaMin: Double = ProcessOptions.standard.sigmaMinimum, sigmaMax: Double = ProcessOptions.standard.sigmaMaximum,
    prior: Prior = ProcessOptions.standard.prior, horizon: Double = 1
  ) {
    precondition(sigmaMin > 0 && sigmaMax > sigmaMin, "sigma from \(sigmaMin) to \(sigmaMax)")
    precondition(horizon > 0 && horizon.isFinite, "horizon \(horizon)")
    self.sigmaMin = sigmaMin
    self.sigmaMax = sigmaMax
    self.prior = prior
    self.horizon = horizon
  }

  /// One block: the process runs on the data alone.
  public var blocks: Int { 1 }
  /// Zero: at t = 0 the state is the data.
  public var initialVariance: BlockVector { BlockVector(0) }
  /// σ_max², or the variance at T of data of unit variance; neither is stationary, for no law is.
  public var priorCovariance: BlockMatrix {
    switch prior {
    case .noise: BlockMatrix(sigmaMax * sigmaMax)
    case .noiseAndData: BlockMatrix(clock(horizon) + 1)
    }
  }
  /// τ = σ(t)² − σ(0)².
  public func clock(_ t: Double) -> Double { elapsed(from: 0, to: t) }
  /// dτ/dt = 2σ² ln(σ_max/σ_min)/T, the squared diffusion coefficient g² of the process in t.
  public func rate(at t: Double) -> Double {
    growth * sigmaMin * sigmaMin * exp(growth * t)
  }
  /// A = 0 at every t.
  public func drift(at t: Double) -> BlockMatrix { BlockMatrix(0) }
  /// D = 1 at every t.
  public func diffusion(at t: Double) -> BlockMatrix { BlockMatrix(1) }

  /// σ(t)² − σ(s)², without cancellation.
  public func elapsed(from s: Double, to t: Double) -> Double {
    sigmaMin * sigmaMin * exp(growth * s) * expm1(growth * (t - s))
  }

  /// Φ = 1 and C = σ(t)² − σ(s)².
  public func transition(from s: Double, to t: Double) -> Transition {
    Transition(map: BlockMatrix(1), covariance: BlockMatrix(elapsed(from: s, to: t)))
  }

  /// The rate at which σ² grows: 2 ln(σ_max/σ_min)/T.
  private var growth: Double { 2 * log(sigmaMax / sigmaMin) / horizon }
}
