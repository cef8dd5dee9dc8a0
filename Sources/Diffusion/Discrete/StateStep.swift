internal import RealFunctions

/// One reverse step of a discrete chain, from x_t to x_s, s < t, of a single column.
///
/// ```
/// q(x_s | x_t, x_0) = Q̄_s[x_0, x_s] Q_{s→t}[x_s, x_t] / Q̄_t[x_0, x_t]
/// p(x_s | x_t) ∝ Q_{s→t}[x_s, x_t] Σ_k w_k Q̄_s[k, x_s]
/// ```
/// The weights w of the data's states come from the law p̃(x_0 | x_t): w = p̃ in the form `joint`, and w_k = p̃_k/Q̄_t[k, x_t] in the
/// form `posterior`. A step may pass over several of the chain's.
public struct StateStep: Sendable {
  /// t.
  public let start: Int
  /// s.
  public let end: Int
  private let levels: Int
  private let form: ReverseForm
  private let before, between, whole: StateTransition
  /// The mask, where there is one, and the probability that a step from it tells the data's state: the same for all.
  private let mask: (state: Int, told: Double)?

  /// Q̄_t[k, x_t] below which k has no part in the form `posterior`: quotients by it would leave double precision.
  private static let smallest = 1e-200

  /// The step from t to s.
  public init(_ process: DiscreteProcess, from t: Int, to s: Int, form: ReverseForm) {
    (start, end, self.form, levels) = (t, s, form, process.levels)
    before = process.marginal(s)
    between = process.transition(from: s, to: t)
    whole = process.marginal(t)
    let (earlier, later) = (before, whole)
    mask = process.mask.map { ($0, 1 - earlier[0, $0] / later[0, $0]) }
  }

  /// x_t at quantile u of q(x_t | x_0).
  public func noisy(_ x0: Int, _ u: Double) -> Int { whole.draw(from: x0, u) }

  /// q(x_s | x_t, x_0), of x_s = 0 … n − 1.
  public func posterior(_ x0: Int, _ xt: Int) -> [Double] {
    let products = (0..<before.states).map { before[x0, $0] * between[$0, xt] }
    let total = products.reduce(0, +)
    return products.map { $0 / total }
  }

  /// Writes p(x_s | x_t) into `scratch.law`, from p̃ in `scratch.shares`.
  public func predict(_ xt: Int, _ scratch: inout StateScratch) {
    if let mask { return unmask(xt, mask, &scratch) }
    let normaliser = mix(xt, &scratch)
    for j in 0..<before.states { scratch.law[j] = scratch.forward[j] * scratch.mixed[j] / normaliser }
  }

  /// KL(q(x_s | x_t, x_0) ‖ p(x_s | x_t)) and −ln p̃(x_0 | x_t), in nats.
  ///
  /// - Parameters:
  ///   - x0: the data's state.
  ///   - xt: the noisy one.
  ///   - scratch: its `shares` are p̃.
  ///   - crossEntropy: λ; nil for no gradient.
  /// - Returns: both; `scratch.gradient` is that of divergence + λ · cross entropy with respect to l, p̃ = softmax(l).
  public func loss(
    _ x0: Int, _ xt: Int, _ scratch: inout StateScratch, crossEntropy: Double? = nil
  ) -> (divergence: Double, crossEntropy: Double) {
    if let weight = shareOfEntropy(seeing: xt) { return loss(x0, weight, &scratch, crossEntropy: crossEntropy) }
    let normaliser = mix(xt, &scratch)
    before.row(x0, into: &scratch.truth)
    let evidence = scratch.reach[x0]
    var divergence = 0.0
    for j in 0..<before.states {
      let q = scratch.truth[j] * scratch.forward[j] / evidence
      guard q > 0 else {
        scratch.ratio[j] = 0
        continue
      }
      // q/p, where the factor Q_{s→t}[j, x_t] of both cancels.
      divergence += q * log(scratch.truth[j] * normaliser / (evidence * scratch.mixed[j]))
      scratch.ratio[j] = q / scratch.mixed[j]
    }
    let entropy = -log(scratch.shares[x0])
    if let crossEntropy {
      // The divergence does not change where all weights are multiplied alike: no term of softmax's own remains.
      before.expect(scratch.ratio, into: &scratch.expected)
      for k in 0..<levels {
        let ofStep = scratch.weights[k] * (scratch.reach[k] / normaliser - scratch.expected[k])
        scratch.gradient[k] = ofStep + crossEntropy * (scratch.shares[k] - (k == x0 ? 1 : 0))
      }
    }
    // Rounding may leave it below zero.
    return (max(divergence, 0), entropy)
  }

  /// In a chain with a mask, how much of −ln p̃(x_0 | x_t) is the divergence; nil in chains without.
  ///
  /// - Parameter xt: the noisy state.
  /// - Returns: the share, 0 where the state is seen.
  public func shareOfEntropy(seeing xt: Int) -> Double? { mask.map { xt == $0.state ? $0.told : 0 } }

  /// p(x_s | x_t) of a chain with a mask, where both forms are this: a state stays, and a mask becomes p̃ or stays.
  private func unmask(_ xt: Int, _ mask: (state: Int, told: Double), _ scratch: inout StateScratch) {
    for k in 0..<levels { scratch.law[k] = xt == mask.state ? mask.told * scratch.shares[k] : 0 }
    scratch.law[mask.state] = 1 - mask.told
    if xt != mask.state { (scratch.law[mask.state], scratch.law[xt]) = (0, 1) }
  }

  /// The same as `loss` of a chain with a mask: a state that is seen is the data's, and a mask tells it with probability `told`.
  private func loss(
    _ x0: Int, _ weight: Double, _ scratch: inout StateScratch, crossEntropy: Double?
  ) -> (divergence: Double, crossEntropy: Double) {
    let entropy = -log(scratch.shares[x0])
    if let crossEntropy {
      for k in 0..<levels { scratch.gradient[k] = (weight + crossEntropy) * scratch.shares[k] }
      scratch.gradient[x0] -= weight + crossEntropy
    }
    return (weight * entropy, entropy)
  }

  /// Makes w and wᵀQ̄_s of p̃; the result is Σ_j Q_{s→t}[j, x_t] (wᵀQ̄_s)_j.
  private func mix(_ xt: Int, _ scratch: inout StateScratch) -> Double {
    whole.column(xt, into: &scratch.reach)
    switch form {
    case .joint: for k in 0..<levels { scratch.weights[k] = scratch.shares[k] }
    case .posterior:
      for k in 0..<levels {
        let q = scratch.reach[k]
        scratch.weights[k] = q > Self.smallest ? scratch.shares[k] / q : 0
      }
    }
    before.carry(scratch.weights, into: &scratch.mixed)
    between.column(xt, into: &scratch.forward)
    var normaliser = 0.0
    for j in 0..<before.states { normaliser += scratch.forward[j] * scratch.mixed[j] }
    return normaliser
  }
}
