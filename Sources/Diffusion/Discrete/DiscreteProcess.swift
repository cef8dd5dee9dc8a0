internal import RealFunctions

/// A Markov chain x_0 → x_1 → … → x_T of discrete states, alike and independent in every column, that forgets the data.
///
/// ```
/// q(x_t | x_{t−1}) = Q_t,   q(x_t | x_0) = Q̄_t = Q_1 Q_2 … Q_t
/// uniform:     Q_t = (1 − β_t) I + β_t 11ᵀ/K,      β_t = 1 − c_t/c_{t−1} ≤ 0.999,   c_t = cos((t/T + 0.008)/1.008 · π/2)
/// absorbing:   Q_t = (1 − β_t) I + β_t 1e_maskᵀ,   β_t = 1/(T − t + 1),   so that Q̄_t keeps a state with 1 − t/T
/// discretised Gaussian:   [Q_t]_ij = exp(−4(i − j)²/((K − 1)²β_t)) / Σ_{n=1−K}^{K−1} exp(−4n²/((K − 1)²β_t)),   i ≠ j
/// ```
/// The diagonal of the last makes rows sum to one; then columns do too, and its law of equilibrium is uniform. Its β_t is
/// linear in t. Source: Austin et al. 2021, arXiv 2107.03006, appendix A.2, and the schedules of its section 4 and of its
/// reference code (google-research/d3pm). The mask is a state of its own, K, as in the paper's models of text; the reference
/// code for images takes a grey value in its place.
public struct DiscreteProcess: Sendable, Equatable {
  /// The most elements of Q̄_1 … Q̄_T that a discretised Gaussian keeps: half a gigabyte.
  public static let mostElements = 1 << 26

  /// Which chain.
  public let kind: DiscreteProcessKind
  /// K: the states that data have are 0 … K − 1.
  public let levels: Int
  /// T.
  public let steps: Int
  /// The law that the chain forgets the data for.
  public let prior: [Double]
  /// ln Π(1 − β) after 0 … T steps; of `uniform` alone.
  private var logKept: [Double] = []
  /// β_1 … β_T, of `gaussian` alone.
  private var variances: [Double] = []
  /// Q̄_0 … Q̄_T, of `gaussian` alone.
  private var marginals: [StateTransition] = []

  /// A chain.
  ///
  /// - Parameters:
  ///   - kind: which.
  ///   - levels: K, at least 2.
  ///   - steps: T, at least 1.
  ///   - noise: β_1 and β_T of the discretised Gaussian, in squared units of an axis on which the levels go from −1 to 1.
  public init(_ kind: DiscreteProcessKind, levels: Int, steps: Int, noise: (first: Double, last: Double) = (1e-4, 0.02))
  {
    precondition(levels >= 2 && steps >= 1, "\(levels) levels, \(steps) steps")
    (self.kind, self.levels, self.steps) = (kind, levels, steps)
    switch kind {
    case .uniform:
      prior = [Double](repeating: 1 / Double(levels), count: levels)
      logKept = Self.cosineLogarithms(steps)
    case .absorbing:
      prior = [Double](repeating: 0, count: levels) + [1]
    case .gaussian:
      precondition(min(noise.first, noise.last) > 0, "β from \(noise.first) to \(noise.last)")
      precondition(
        levels * levels * steps <= Self.mostElements, "\(levels)² · \(steps) elements of at most \(Self.mostElements)")
      prior = [Double](repeating: 1 / Double(levels), count: levels)
      variances = (0..<steps).map {
        noise.first + (noise.last - noise.first) * Double($0) / Double(max(steps - 1, 1))
      }
      marginals = [.identity(levels)]
      for t in 1...steps { marginals.append(marginals[t - 1].followed(by: gaussian(t))) }
    }
  }

  /// n: K, and one more with a mask.
  public var states: Int { prior.count }

  /// The mask, where there is one.
  public var mask: Int? { kind.hasMask ? levels : nil }

  /// q(x_t | x_s), s < t.
  public func transition(from s: Int, to t: Int) -> StateTransition {
    precondition(0 <= s && s < t && t <= steps, "from \(s) to \(t) of \(steps) steps")
    switch kind {
    case .uniform:
      let logarithm = logKept[t] - logKept[s]
      return StateTransition(keep: exp(logarithm), lose: -expm1(logarithm), law: prior)
    case .absorbing:
      let rest = Double(steps - s)
      return StateTransition(keep: Double(steps - t) / rest, lose: Double(t - s) / rest, law: prior)
    case .gaussian:
      if s == 0 { return marginals[t] }
      return (s + 1..<t).reduce(gaussian(s + 1)) { $0.followed(by: gaussian($1 + 1)) }
    }
  }

  /// Q̄_t = q(x_t | x_0), the identity at t = 0.
  public func marginal(_ t: Int) -> StateTransition {
    t == 0 ? .identity(states) : transition(from: 0, to: t)
  }

  /// KL(q(x_T | x_0) ‖ prior) of one column, in nats: what of the data is left at the end.
  public func priorDivergence(_ state: Int) -> Double {
    let last = marginal(steps)
    return (0..<states).reduce(0) { sum, j in
      let q = last[state, j]
      return q > 0 ? sum + q * log(q / prior[j]) : sum
    }
  }

  /// Q_t of the discretised Gaussian.
  private func gaussian(_ t: Int) -> StateTransition {
    let scale = -4 / (Double(levels - 1) * Double(levels - 1) * variances[t - 1])
    var offsets = (0..<levels).map { (k: Int) -> Double in exp(scale * Double(k * k)) }
    let total = 2 * offsets.reduce(0, +) - offsets[0]
    for k in offsets.indices { offsets[k] /= total }
    let diagonal = (0..<levels).map { (i: Int) -> Double in
      var others = 0.0
      for j in 0..<levels where j != i { others += offsets[abs(i - j)] }
      return 1 - others
    }
    return StateTransition(offsets: offsets, diagonal: diagonal)
  }

  private static func cosineLogarithms(_ steps: Int) -> [Double] {
    func c(_ t: Int) -> Double { cos((Double(t) / Double(steps) + 0.008) / 1.008 * Double.pi / 2) }
    var logarithms = [0.0]
    for t in 1...steps {
      logarithms.append(logarithms[t - 1] + log1p(-min(1 - c(t) / c(t - 1), 0.999)))
    }
    return logarithms
  }
}
