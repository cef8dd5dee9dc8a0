internal import LinearAlgebra
internal import RealFunctions

/// The law of a reverse step from t to s < t for a process of one block: what is known of its variance, and how its mean
/// follows the data.
///
/// ```
/// q(u_s | u_t, x_0) = N(K u_t + (M_s − K M_t) x_0, β̃),   β̃ = C H_s/H_t,   M_s − K M_t = M_s C/H_t,   u_t = Φ u_s + √C z
/// ```
/// Ho, Jain and Abbeel 2020, arXiv 2006.11239, eqs. 6 and 7, where C is β: for data of variance up to 1 under a
/// variance-preserving process the variance of u_s given u_t alone lies between β̃ and β.
public struct ReverseStep: Sendable, Equatable {
  /// β̃, the variance given the data too; 0 for a step to t = 0.
  public let posterior: Double
  /// β, the variance of the step forward.
  public let forward: Double
  /// M_s − K M_t.
  public let gain: Double

  /// The step from time t to s, 0 ≤ s < t.
  public init(_ process: some ForwardProcess, from t: Double, to s: Double) {
    precondition(process.blocks == 1, "a reverse step of \(process.blocks) blocks")
    let (kernel, end) = (process.kernel(at: t), process.kernel(at: s))
    forward = process.transition(from: s, to: t).covariance[0, 0]
    let share = forward / kernel.covariance[0, 0]
    posterior = share * end.covariance[0, 0]
    gain = share * end.mean[0]
  }
}

/// The chain of a process's states at the times T/n, 2T/n, … T, read backward: a model of the data with a bound.
///
/// ```
/// −log p(x_0) ≤ KL(q(x_n|x_0) ‖ prior) + Σ_{i=2..n} E KL(q(x_{i−1}|x_i, x_0) ‖ p(x_{i−1}|x_i)) − E log p(x_0|x_1)
/// p(x_{i−1}|x_i) = N(mean with E[x_0|x_i] for x_0, exp(v ln β_i + (1 − v) ln β̃_i))
/// ```
/// The second line holds for each coordinate. Its v comes from a network, or is 0 or 1 for every coordinate. β̃_1 is 0, so β̃_2
/// takes its place. For continuous data the last term is a density, for levels the mass of a cell. Nichol and Dhariwal 2021,
/// arXiv 2102.09672, eqs. 4 to 7 and 15.
public struct ReverseChain: Sendable {
  /// The process.
  public let process: any ForwardProcess
  /// n.
  public let steps: Int

  /// The chain of n ≥ 2 steps of a process of one block with Gaussian noise.
  public init(_ process: any ForwardProcess, steps: Int) {
    precondition(process.blocks == 1 && process.noise == .gaussian, "a chain of \(process.blocks) blocks")
    precondition(steps >= 2, "a chain of \(steps) steps")
    (self.process, self.steps) = (process, steps)
  }

  /// Whether a process has such chains.
  public static func isAvailable(for process: any ForwardProcess) -> Bool {
    process.blocks == 1 && process.noise == .gaussian
  }

  /// The time of state i, from 1 to n.
  public func time(ofState i: Int) -> Double { Self.time(ofState: i, of: steps, horizon: process.horizon) }

  /// The deviation of the noise of x_1, for data at its own size.
  public var firstNoise: Double { 1 / process.kernel(at: time(ofState: 1)).signalToNoise.squareRoot() }

  /// The state at a time.
  public func state(at time: Double) -> Int {
    min(max(Int((time / process.horizon * Double(steps)).rounded()), 1), steps)
  }

  /// The time of state i of n.
  public static func time(ofState i: Int, of steps: Int, horizon: Double) -> Double {
    horizon * (Double(i) / Double(steps))
  }

  /// The term of the bound that belongs to the step from state i to the one before it.
  public func term(ofState i: Int) -> ChainTerm {
    precondition((1...steps).contains(i), "state \(i) of \(steps)")
    let step = ReverseStep(process, from: time(ofState: i), to: i == 1 ? 0 : time(ofState: i - 1))
    guard i == 1 else {
      return ChainTerm(step, least: step.posterior, isLast: false)
    }
    let second = ReverseStep(process, from: time(ofState: 2), to: time(ofState: 1))
    return ChainTerm(step, least: second.posterior, isLast: true)
  }

  /// KL(q(x_n|x_0) ‖ prior) of one coordinate, in nats.
  public func priorTerm(_ x: Double) -> Double {
    let (kernel, prior) = (process.kernel(at: process.horizon), process.priorCovariance[0, 0])
    let (mean, ratio) = (kernel.mean[0] * x, kernel.covariance[0, 0] / prior)
    return 0.5 * (ratio - 1 - log(ratio) + mean * mean / prior)
  }
}

/// One coordinate's share of a term of the bound, as a function of v and of the squared error e² = (x_0 − E[x_0|x_i])².
///
/// ```
/// i ≥ 2: ½ [ln(σ²/β̃) + (β̃ + g²e²)/σ² − 1],   i = 1: ½ [ln(2πσ²) + e²/σ²],   σ² = exp(ln β̃ + v R),   R = ln(β/β̃)
/// ```
public struct ChainTerm: Sendable, Equatable {
  /// R.
  public let range: Double
  /// ln β̃, or what stands for it.
  public let logLeast: Double
  /// What e² is multiplied by beside β̃: g²/β̃.
  public let errorFactor: Double
  /// 1, or 0 for the last term, which has no variance of its own.
  private let own: Double
  /// −1, or ln(2πβ̃) for the last term.
  private let constant: Double
  /// Whether it is the term of x_0 given x_1.
  public var isLast: Bool { own == 0 }

  init(_ step: ReverseStep, least: Double, isLast: Bool) {
    logLeast = log(least)
    range = log(step.forward) - logLeast
    errorFactor = step.gain * step.gain / least
    own = isLast ? 0 : 1
    constant = isLast ? log(2 * Double.pi) + logLeast : -1
  }

  /// The term in nats.
  ///
  /// - Parameters:
  ///   - v: where the variance lies between β̃ (0) and β (1) on a logarithmic scale; may be outside.
  ///   - error: e².
  /// - Returns: the value.
  public func value(_ v: Double, squaredError error: Double) -> Double {
    0.5 * (constant + v * range + (own + errorFactor * error) * exp(-v * range))
  }

  /// The last term of data that are levels, in nats: −ln of the mass that N(E[x_0|x_1], σ²) has in the cell of x_0.
  ///
  /// Ho, Jain and Abbeel 2020, arXiv 2006.11239, eq. 13; they cut the mass at 1e-12. Here it is known however small it is, the logarithm to
  /// 1e-8 of itself.
  ///
  /// - Parameters:
  ///   - v: as in `value`.
  ///   - lower: the cell's lower end less E[x_0|x_1]; −∞ for the lowest level.
  ///   - upper: its upper end less the same; ∞ for the highest.
  /// - Returns: the value.
  public func cellValue(_ v: Double, from lower: Double, to upper: Double) -> Double {
    let scale = exp(-0.5 * (logLeast + v * range))
    // The side of the mean is all one: both ends are taken as distances outward from it.
    let (near, far) = lower + upper > 0 ? (lower * scale, upper * scale) : (-upper * scale, -lower * scale)
    // Φ(−x) leaves double precision at 38. There it is φ(x) x/(x² + 1) to x⁻⁴.
    guard near > 30 else { return -log(normalProbability(-near) - normalProbability(-far)) }
    let share = exp(0.5 * (near - far) * (near + far)) * (near / far)
    return 0.5 * near * near + 0.5 * log(2 * Double.pi) + log(near + 1 / near) - log1p(-share)
  }

  /// The term's derivative with respect to v.
  public func slope(_ v: Double, squaredError error: Double) -> Double {
    0.5 * range * (1 - (own + errorFactor * error) * exp(-v * range))
  }

  /// The v at which the term is least for a mean squared error; not a number where R = 0.
  public func best(meanSquaredError error: Double) -> Double { log(own + errorFactor * error) / range }
}
