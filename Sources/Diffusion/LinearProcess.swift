public import LinearAlgebra
internal import RealFunctions

/// Any linear process on one to three blocks: A and D are values, kernels come from the matrix exponential.
///
/// ```
/// du = A u dτ + N(0, D dτ),   A Hurwitz,   prior N(0, S),   A S + S Aᵀ + D = 0
/// ```
/// Phase-space Langevin dynamics and third-order Langevin are such values.
public struct LinearProcess: ForwardProcess, Equatable {
  /// The name by which errors call the process.
  public let name: String
  /// The variance of each block at t = 0 given the data; 0 for the data's own.
  public let initialVariance: BlockVector
  /// S, the stationary covariance.
  public let priorCovariance: BlockMatrix
  /// How τ runs with t.
  public let schedule: NoiseSchedule
  /// The last diffusion time T, where the schedule ends.
  public let horizon: Double
  private let linear: BlockMatrix
  private let noiseRate: BlockMatrix

  /// The process of a given drift and diffusion.
  ///
  /// - Parameters:
  ///   - name: what errors call it.
  ///   - drift: A, Hurwitz.
  ///   - diffusion: D, symmetric, positive semi-definite.
  ///   - initialVariance: the variances at t = 0; the first is 0.
  ///   - stationary: S where it is known in closed form; else it is computed.
  ///   - schedule: how τ runs with t.
  ///   - horizon: T.
  public init(
    name: String, drift: BlockMatrix, diffusion: BlockMatrix, initialVariance: BlockVector,
    stationary: BlockMatrix? = nil, schedule: NoiseSchedule, horizon: Double = 1
  ) {
    precondition(initialVariance.size == drift.size, "\(initialVariance.size) variances for \(drift.size) blocks")
    precondition(initialVariance[0] == 0, "the data's own block starts with the variance \(initialVariance[0])")
    precondition(horizon > 0 && horizon.isFinite, "horizon \(horizon)")
    self.name = name
    linear = drift
    noiseRate = diffusion
    self.initialVariance = initialVariance
    priorCovariance = stationary ?? .lyapunov(drift, diffusion)
    self.schedule = schedule
    self.horizon = horizon
  }

  /// The size of A.
  public var blocks: Int { linear.size }
  /// The prior.
  public var stationaryCovariance: BlockMatrix? { priorCovariance }
  /// τ(t), the schedule's β integrated from 0.
  public func clock(_ t: Double) -> Double { elapsed(from: 0, to: t) }
  /// The schedule's β.
  public func rate(at t: Double) -> Double { schedule.rate(at: t, horizon: horizon) }
  /// A at every t.
  public func drift(at t: Double) -> BlockMatrix { linear }
  /// D at every t.
  public func diffusion(at t: Double) -> BlockMatrix { noiseRate }

  /// τ(t) − τ(s) in the schedule's closed form, which does not cancel for s near t.
  public func elapsed(from s: Double, to t: Double) -> Double {
    schedule.elapsed(from: s, to: t, horizon: horizon)
  }
}

extension LinearProcess {
  /// Phase-space Langevin dynamics (PSLD, `phase-space-langevin`) at critical damping.
  ///
  /// ```
  /// A = ½ [[−Γ, M⁻¹], [−1, −ν]],   D = diag(Γ, Mν),   S = diag(1, M),   M⁻¹ = ¼(ν − Γ)²
  /// ```
  /// Pandey and Mandt 2023, arXiv 2303.01748; their Γ = 0.01, ν = 4.01 is M = ¼. Noise on the position, Γ > 0, leaves
  /// its prior alone: the control for the ε of critically damped Langevin.
  public static func phaseSpaceLangevin(
    positionDamping gamma: Double = ProcessOptions.standard.positionDamping,
    velocityDamping nu: Double = ProcessOptions.standard.velocityDamping,
    velocityVariance: Double = ProcessOptions.standard.velocityVariance,
    schedule: NoiseSchedule = .constant(ProcessKind.phaseSpaceLangevin.usualBeta), horizon: Double = 1
  ) -> LinearProcess {
    precondition(gamma >= 0 && nu > 0 && nu != gamma, "Γ = \(gamma), ν = \(nu)")
    let inverseMass = 0.25 * (nu - gamma) * (nu - gamma)
    return LinearProcess(
      name: "phase-space-langevin", drift: BlockMatrix(-0.5 * gamma, 0.5 * inverseMass, -0.5, -0.5 * nu),
      diffusion: BlockMatrix(gamma, 0, 0, nu / inverseMass), initialVariance: BlockVector(0, velocityVariance),
      stationary: BlockMatrix(1, 0, 0, 1 / inverseMass), schedule: schedule, horizon: horizon)
  }

  /// Third-order Langevin dynamics (`third-order-langevin`): position, velocity, acceleration; noise on the last alone.
  ///
  /// ```
  /// dX = V dτ,   dV = (−X + γZ) dτ,   dZ = (−γV − ξZ) dτ + √(2ξ) dB,   S = I
  /// ```
  /// Mou et al. 2021, arXiv 1908.10859; as a diffusion model Shi and Liu 2024, arXiv 2404.12814. At γ = 2√2, ξ = 3√3
  /// it is critically damped: A has the eigenvalue −√3 three times.
  public static func thirdOrderLangevin(
    coupling gamma: Double = ProcessOptions.standard.coupling, friction xi: Double = ProcessOptions.standard.friction,
    velocityVariance: Double = ProcessOptions.standard.velocityVariance,
    accelerationVariance: Double = ProcessOptions.standard.accelerationVariance,
    schedule: NoiseSchedule = .constant(ProcessKind.thirdOrderLangevin.usualBeta), horizon: Double = 1
  ) -> LinearProcess {
    precondition(gamma > 0 && xi > 0, "γ = \(gamma), ξ = \(xi)")
    return LinearProcess(
      name: "third-order-langevin",
      drift: BlockMatrix(size: 3, [0, 1, 0, -1, 0, gamma, 0, -gamma, -xi]),
      diffusion: .diagonal([0, 0, 2 * xi]), initialVariance: BlockVector([0, velocityVariance, accelerationVariance]),
      stationary: .identity(3), schedule: schedule, horizon: horizon)
  }
}
