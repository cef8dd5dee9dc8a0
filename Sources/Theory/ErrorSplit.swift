internal import Diffusion
internal import LinearAlgebra

/// The distance between data and generated law, split by three chains that share their noise.
///
/// ```
/// W2(data, X^θ) ≤ W2(data, p_f) + W2(p_f, X_N) + W2(X_N, X_∞) + W2(X_∞, X^θ)
/// ```
/// X_N starts from p_T, X_∞ and X^θ from the prior; X^θ uses the perturbed score; p_f is the law at the final time.
public struct ErrorSplit: Sendable, Equatable {
  /// W2 of the data and p at the final time; 0 where that is 0.
  public var stopping: Double
  /// W2 of the marginal at the final time and the chain from p_T.
  public var discretisation: Double
  /// W2 of the chains from p_T and from the prior.
  public var mixing: Double
  /// W2 of the chains with the exact and the perturbed score.
  public var learning: Double
  /// W2 of the data and the chain from the prior with the perturbed score.
  public var total: Double
  /// KL of the marginal at the final time from the last chain's law.
  public var divergence: Double
  /// Their total variation distance, where it has a closed form.
  public var totalVariation: Double?
}

/// The bound on each part that telescopes one-step errors through the chain's own Lipschitz constants.
///
/// ```
/// mixing          ‖F_{N−1} … F_0‖ W2(p_T, prior)
/// discretisation  Σ_k ‖F_{N−1} … F_{k+1}‖ W2(F_k # p_{t_k}, p_{t_{k+1}})
/// learning        Σ_k ‖F_{N−1} … F_{k+1}‖ |shift's effect on one step|
/// ```
/// It has the form c₁e^{−c₂T} + c₁σ²M + c₁h of the lecture with all constants computed; by the triangle inequality,
/// as a linear map is Lipschitz in W2 with its norm and adding independent noise never increases W2.
public struct ErrorBound: Sendable, Equatable {
  /// The bound on `ErrorSplit.mixing`.
  public var mixing: Double
  /// The bound on `ErrorSplit.discretisation`.
  public var discretisation: Double
  /// The bound on `ErrorSplit.learning`, for a shift; a relative error is not bounded here.
  public var learning: Double
}

extension MomentRecursion {
  /// The exact split in phase space, or in position alone.
  public func errorSplit(
    over times: [Double], perturbation: ScorePerturbation, positionsOnly: Bool = false
  ) -> ErrorSplit {
    let reading = { (law: GaussianLaw) in positionsOnly ? law.positions : law }
    let last = times[times.count - 1]
    let prior = process.prior(dimension: data.dimension)
    let fromMarginal = reading(end(of: data.marginal(process, at: times[0]), over: times))
    let fromPrior = reading(end(of: prior, over: times))
    let learned = reading(end(of: prior, over: times, perturbation: perturbation))
    let (start, marginal) = (reading(data.marginal(process, at: 0)), reading(data.marginal(process, at: last)))
    return ErrorSplit(
      stopping: start.wasserstein(to: marginal), discretisation: marginal.wasserstein(to: fromMarginal),
      mixing: fromMarginal.wasserstein(to: fromPrior), learning: fromPrior.wasserstein(to: learned),
      total: start.wasserstein(to: learned), divergence: marginal.divergence(from: learned),
      totalVariation: marginal.totalVariation(from: learned))
  }

  /// The telescoped bound on the split's parts in phase space.
  public func errorBound(over times: [Double], perturbation: ScorePerturbation) -> ErrorBound {
    let exact = steps(over: times)
    let learned = steps(over: times, perturbation: perturbation)
    var rest = (0..<data.dimension).map { _ in BlockMatrix.identity(process.blocks) }
    var bound = ErrorBound(mixing: 0, discretisation: 0, learning: 0)
    for k in exact.indices.reversed() {
      let norm = rest.reduce(0) { max($0, $1.spectralNorm) }
      let before = data.marginal(process, at: times[k])
      let after = GaussianLaw(zip(before.coordinates, exact[k]).map { $1($0) })
      bound.discretisation += norm * after.wasserstein(to: data.marginal(process, at: times[k + 1]))
      let shift = zip(exact[k], learned[k]).reduce(0) { sum, pair in
        let difference = pair.0.offset - pair.1.offset
        return sum + difference.dot(difference)
      }
      bound.learning += norm * shift.squareRoot()
      rest = zip(rest, exact[k]).map { $0 * $1.factor }
    }
    let start = data.marginal(process, at: times[0])
    bound.mixing =
      rest.reduce(0) { max($0, $1.spectralNorm) } * start.wasserstein(to: process.prior(dimension: data.dimension))
    return bound
  }
}
