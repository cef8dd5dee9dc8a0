public import LinearAlgebra
internal import RealFunctions

/// Critically damped Langevin dynamics (CLD, `critically-damped-langevin`) with noise on velocity and position.
///
/// ```
/// dX = a²V dτ + ε dB¹,   dV = −(X + 2aV) dτ + σ dB²,   V_0 ~ N(0, v²),   τ = ∫β
/// ```
/// Strasman et al. 2025, arXiv 2511.02419; ε = 0 with a = 2, σ = √2 is Dockhorn, Vahdat and Kreis 2022,
/// arXiv 2112.07068. A + aI is nilpotent, so e^{Aτ} = e^{−aτ}(I + τ(A + aI)), and every covariance is a sum of the
/// moments in `DecayMoments`. That form, ours, holds a relative accuracy of about 1e-14 from τ = 1e-8 on, without a
/// switch to a series: the closed forms of the papers cancel at small τ.
public struct CriticallyDampedLangevin: ForwardProcess, Equatable {
  /// The damping: A has the eigenvalue −a twice.
  public let a: Double
  /// The noise on the velocity.
  public let sigma: Double
  /// The noise on the position; 0 for the classical process.
  public let epsilon: Double
  /// v², the variance of the velocity at t = 0.
  public let velocityVariance: Double
  /// How τ runs with t.
  public let schedule: NoiseSchedule
  /// The last diffusion time T, where the schedule ends.
  public let horizon: Double

  /// The process of the given parameters; the defaults have a stationary position variance of ½ + 5ε²/4.
  public init(
    a: Double = ProcessOptions.standard.a, sigma: Double = ProcessOptions.standard.sigma, epsilon: Double,
    velocityVariance: Double = ProcessOptions.standard.velocityVariance, schedule: NoiseSchedule, horizon: Double = 1
  ) {
    precondition(a > 0 && sigma > 0 && epsilon >= 0, "a = \(a), sigma = \(sigma), epsilon = \(epsilon)")
    precondition(velocityVariance >= 0 && horizon > 0, "v² = \(velocityVariance), T = \(horizon)")
    self.a = a
    self.sigma = sigma
    self.epsilon = epsilon
    self.velocityVariance = velocityVariance
    self.schedule = schedule
    self.horizon = horizon
  }

  /// The process with τ = βt.
  public init(
    a: Double = ProcessOptions.standard.a, sigma: Double = ProcessOptions.standard.sigma, epsilon: Double,
    velocityVariance: Double = ProcessOptions.standard.velocityVariance, beta: Double = ProcessOptions.standard.beta,
    horizon: Double = 1
  ) {
    self.init(
      a: a, sigma: sigma, epsilon: epsilon, velocityVariance: velocityVariance, schedule: .constant(beta),
      horizon: horizon)
  }

  /// Two blocks: position, velocity.
  public var blocks: Int { 2 }
  /// Zero for the position, v² for the velocity.
  public var initialVariance: BlockVector { BlockVector(0, velocityVariance) }
  /// τ(t), the schedule's β integrated from 0.
  public func clock(_ t: Double) -> Double { elapsed(from: 0, to: t) }
  /// τ(t) − τ(s) in the schedule's closed form, which does not cancel for s near t.
  public func elapsed(from s: Double, to t: Double) -> Double {
    schedule.elapsed(from: s, to: t, horizon: horizon)
  }
  /// The schedule's β.
  public func rate(at t: Double) -> Double { schedule.rate(at: t, horizon: horizon) }
  /// A = [[0, a²], [−1, −2a]] at every t.
  public func drift(at t: Double) -> BlockMatrix { BlockMatrix(0, a * a, -1, -2 * a) }
  /// D = diag(ε², σ²) at every t; singular at ε = 0.
  public func diffusion(at t: Double) -> BlockMatrix { BlockMatrix(epsilon * epsilon, 0, 0, sigma * sigma) }

  /// The stationary covariance.
  ///
  /// ```
  /// S_∞ = ¼ [[5ε²/a + aσ², −2ε²/a²], [−2ε²/a², (ε² + a²σ²)/a³]]
  /// ```
  public var priorCovariance: BlockMatrix {
    let (e, s) = (epsilon * epsilon, sigma * sigma)
    let xv = -0.5 * e / (a * a)
    return BlockMatrix(0.25 * (5 * e / a + a * s), xv, xv, 0.25 * (e + a * a * s) / (a * a * a))
  }

  /// The prior.
  public var stationaryCovariance: BlockMatrix? { priorCovariance }

  /// Φ = e^{Aτ} and C for the τ elapsed, both in closed form.
  public func transition(from s: Double, to t: Double) -> Transition {
    let tau = elapsed(from: s, to: t)
    return Transition(map: map(tau), covariance: covariance(DecayMoments(rate: 2 * a, time: tau)))
  }

  /// The hybrid kernel in closed form: M and q are the columns of Φ, and H = C + v² q qᵀ.
  public func kernel(at t: Double) -> Kernel {
    let tau = clock(t)
    let c = covariance(DecayMoments(rate: 2 * a, time: tau))
    let phi = map(tau)
    // v_0 = v n moves the state along q; given x_0 that is noise too: H = C + v² q qᵀ.
    let q = phi.column(1)
    let h = c + q.outer(q).scaled(by: velocityVariance)
    // det H = det C + v² q⊥ᵀ C q⊥ loses at most a factor of 10 to cancellation; det of the sum would lose 1/τ².
    let across = BlockVector(-q[1], q[0])
    let determinant = c.determinant + velocityVariance * across.dot(c * across)
    let l11 = h[0, 0].squareRoot()
    let l = BlockMatrix(l11, 0, h[0, 1] / l11, (determinant / h[0, 0]).squareRoot())
    return Kernel(mean: phi.column(0), covariance: h, cholesky: l)
  }

  private func map(_ tau: Double) -> BlockMatrix {
    let x = a * tau
    return BlockMatrix(1 + x, a * a * tau, -tau, 1 - x).scaled(by: exp(-x))
  }

  // ∫ e^{As} D e^{Aᵀs} ds, using I₁ − aI₂ = ½τ²e^{−2aτ}: the cross term is exact where a²σ² = ε² removes its
  // first order.
  private func covariance(_ moments: DecayMoments) -> BlockMatrix {
    let (e, s, a2) = (epsilon * epsilon, sigma * sigma, a * a)
    let (i0, i1, i2) = (moments.zeroth, moments.first, moments.second)
    let xx = e * (i0 + 2 * a * i1 + a2 * i2) + s * a2 * a2 * i2
    let xv = (a2 * s - e) * moments.halfSquare - 2 * a * e * i2
    let vv = e * i2 + s * (i0 - 2 * a * i1 + a2 * i2)
    return BlockMatrix(xx, xv, xv, vv)
  }
}

/// The moments ∫₀^τ s^k e^{−λs} ds, k = 0, 1, 2, each to a relative accuracy of about 1e-15.
struct DecayMoments {
  let zeroth: Double
  let first: Double
  let second: Double
  /// ½τ²e^{−λτ}, the boundary term of the second moment: I₁ − ½λI₂.
  let halfSquare: Double

  init(rate: Double, time: Double) {
    let x = rate * time
    let decay = exp(-x)
    halfSquare = 0.5 * time * time * decay
    if x < 4 {
      // Integrating e^{−λ(s−τ)} by parts without end: I₂ = τ³e^{−x} Σ_j x^j / (3·4·…·(3+j)), all terms positive; the
      // lower moments add to it. 40 terms: 4⁴⁰·2/43! is below 1e-27 of the first.
      var term = 1.0 / 3
      var sum = term
      var j = 4.0
      while term > 1e-18 * sum {
        term *= x / j
        sum += term
        j += 1
      }
      second = time * time * time * decay * sum
      first = halfSquare + 0.5 * rate * second
      zeroth = time * decay + rate * first
    } else {
      zeroth = (1 - decay) / rate
      first = (zeroth - time * decay) / rate
      second = 2 * (first - halfSquare) / rate
    }
  }
}
