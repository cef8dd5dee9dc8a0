public import Diffusion
public import LinearAlgebra
internal import RealFunctions

extension BlockMatrix {
  /// The Euclidean logarithmic norm λ_max(½(A + Aᵀ)): the rate at which |u|² /2 can grow along du = A u dt.
  public var logNorm: Double { symmetricPart.largestEigenvalue }

  /// The largest real part of an eigenvalue, of a matrix of at most 2 rows.
  public var spectralAbscissa: Double {
    precondition(size <= 2, "the spectral abscissa of a matrix of size \(size)")
    guard size == 2 else { return self[0, 0] }
    let discriminant = 0.25 * trace * trace - determinant
    return 0.5 * trace + max(0, discriminant).squareRoot()
  }
}

extension ForwardProcess {
  /// The drift of the renormalised reverse dynamics at the horizon, per unit of τ.
  ///
  /// ```
  /// Ã = −A − D S⁻¹ = S Aᵀ S⁻¹
  /// ```
  public var renormalisedDrift: BlockMatrix {
    (drift(at: horizon) + diffusion(at: horizon) * priorCovariance.inverse).scaled(by: -1)
  }
}

/// A norm |z|²_𝔐 = zᵀ𝔐z in which a Hurwitz drift contracts at every instant.
///
/// ```
/// (Ã + η)ᵀ𝔐 + 𝔐(Ã + η) = −I      ⇒  d/ds |z|²_𝔐 = −2η|z|²_𝔐 − |z|² ≤ −2(η + 1/(2λ_max(𝔐)))|z|²_𝔐
/// ```
/// Any η below −(spectral abscissa) will do. For a defective eigenvalue −a, as at critical damping, 𝔐 grows like
/// (a − η)⁻³: the nearer η to a, the better the rate and the worse the constant √cond(𝔐).
public struct AdaptedNorm: Sendable, Equatable {
  /// η.
  public let eta: Double
  /// 𝔐, symmetric and positive definite.
  public let matrix: BlockMatrix

  /// The norm of a Hurwitz drift for 0 ≤ η < −(spectral abscissa).
  public init(drift: BlockMatrix, eta: Double) {
    precondition(eta < -drift.spectralAbscissa, "eta \(eta) with the abscissa \(drift.spectralAbscissa)")
    self.eta = eta
    let shifted = drift + BlockMatrix.identity(drift.size).scaled(by: eta)
    matrix = BlockMatrix.lyapunov(shifted.transpose, .identity(drift.size)).symmetricPart
  }

  /// The guaranteed rate η + 1/(2λ_max(𝔐)) of |z|_𝔐.
  public var rate: Double { eta + 0.5 / matrix.largestEigenvalue }

  /// λ_max(𝔐)/λ_min(𝔐): going over to the Euclidean norm and back costs its root.
  public var condition: Double { matrix.largestEigenvalue / matrix.smallestEigenvalue }

  /// |z|_𝔐.
  public func callAsFunction(_ z: BlockVector) -> Double { z.dot(matrix * z).squareRoot() }

  /// The operator norm of a matrix from (c, |·|_𝔐) to itself.
  public func norm(of map: BlockMatrix) -> Double {
    let root = matrix.applyingSymmetric { $0.squareRoot() }
    return (root * map * root.inverse).spectralNorm
  }
}

/// The example by which the lecture shows that log-concavity is not enough in phase space.
///
/// ```
/// H = [[−1, c], [c, −1]],   D = diag(ε², σ²):   2ZᵀDHZ at ε = 0 is 2σ²(c Z_x Z_v − Z_v²)
/// ```
/// It is positive where Z_x and Z_v have the **same** sign and |Z_x|/|Z_v| > 1/c.
public struct LogConcaveCounterexample: Sendable, Equatable {
  /// The correlation c, in (0, 1); H is (1 − c)-log-concave.
  public let correlation: Double

  /// The example with a given c.
  public init(correlation: Double) {
    precondition(correlation > 0 && correlation < 1, "c = \(correlation)")
    self.correlation = correlation
  }

  /// H.
  public var hessian: BlockMatrix { BlockMatrix(-1, correlation, correlation, -1) }

  /// λ_max(sym DH), at ε = 0 equal to ½σ²(√(1 + c²) − 1) > 0.
  public func growth(diffusion: BlockMatrix) -> Double { (diffusion * hessian).logNorm }

  /// The log-norm of −A + DH, the reverse drift's Jacobian.
  public func reverseLogNorm(drift: BlockMatrix, diffusion: BlockMatrix) -> Double {
    (diffusion * hessian - drift).logNorm
  }
}

/// Two reverse chains of Gaussian data with the same noise: how their difference shrinks.
public struct SynchronousCoupling: Sendable, Equatable {
  /// One instant.
  public struct Point: Sendable, Equatable {
    /// The generation time s, in units of τ.
    public var time: Double
    /// The largest |Z_s|/|Z_0|, Euclidean.
    public var euclidean: Double
    /// The largest |Z_s|/|Z_0| in the adapted norm.
    public var adapted: Double
    /// exp(−ηs + √cond ∫‖D∇²log p̃‖), the bound on `adapted`.
    public var bound: Double
    /// The largest |eigenvalue| of ∇² log p̃ at this instant: L̃.
    public var curvature: Double
  }

  /// The worst case over all pairs of starts and all coordinates, along the reverse SDE down to t = 0.
  ///
  /// Z' = (Ã + D∇²log p̃_{T−s})Z does not depend on the noise, and for Gaussian data not on the states either:
  /// ∇²log p̃_t = S⁻¹ − Σ_t⁻¹. Integrated by the classical Runge–Kutta method with `steps` steps.
  public static func points(
    _ process: any ForwardProcess, _ data: GaussianData, norm: AdaptedNorm, steps: Int = 2000, shown: Int = 100
  ) -> [Point] {
    let prior = process.priorCovariance.inverse
    let (drift, root) = (process.renormalisedDrift, norm.condition.squareRoot())
    let curvatures = { (t: Double) in
      data.marginal(process, at: t).coordinates.map { prior - $0.covariance.inverse }
    }
    let times = MomentRecursion.uniformTimes(from: process.horizon, steps: steps)
    var maps = (0..<data.dimension).map { _ in BlockMatrix.identity(process.blocks) }
    var (points, exponent, elapsed) = ([Point](), 0.0, 0.0)
    var here = curvatures(times[0])
    for k in 0...steps {
      if k % max(1, steps / shown) == 0 {
        points.append(
          Point(
            time: elapsed, euclidean: maps.reduce(0) { max($0, $1.spectralNorm) },
            adapted: maps.reduce(0) { max($0, norm.norm(of: $1)) }, bound: exp(-norm.eta * elapsed + root * exponent),
            curvature: here.reduce(0) { max($0, $1.spectralNorm) }))
      }
      guard k < steps else { break }
      let d = process.diffusion(at: times[k])
      let h = process.elapsed(from: times[k + 1], to: times[k])
      let (middle, next) = (curvatures(0.5 * (times[k] + times[k + 1])), curvatures(times[k + 1]))
      for i in maps.indices {
        let f = [here[i], middle[i], next[i]].map { (drift + d * $0).scaled(by: h) }
        let k1 = f[0] * maps[i]
        let k2 = f[1] * (maps[i] + k1.scaled(by: 0.5))
        let k3 = f[1] * (maps[i] + k2.scaled(by: 0.5))
        maps[i] = maps[i] + (k1 + (k2 + k3).scaled(by: 2) + f[2] * (maps[i] + k3)).scaled(by: 1.0 / 6)
      }
      // Simpson's rule for the exponent's integral.
      let sizes = [here, middle, next].map { $0.reduce(0) { max($0, (d * $1).spectralNorm) } }
      exponent += h * (sizes[0] + 4 * sizes[1] + sizes[2]) / 6
      (here, elapsed) = (next, elapsed + h)
    }
    return points
  }
}
