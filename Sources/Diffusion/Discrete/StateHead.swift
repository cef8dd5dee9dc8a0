internal import RealFunctions

/// How a network's outputs for a column become logits of x_0.
public enum StateHead: String, Sendable, CaseIterable {
  /// `logits`: one output for each of the K states, l = F + e_{x_t}.
  ///
  /// The state seen comes in as an addend, so that the network learns what differs from it.
  case logits
  /// `logistic`: two outputs, the mean and the logarithm of the scale of a logistic law that is cut to the K levels.
  ///
  /// ```
  /// μ = tanh(F_1 + x̄_t),   r = e^{2 − F_2},   l_k = ln(S(r(c_k − μ + b/2)) − S(r(c_k − μ − b/2))) + const
  /// ```
  /// S is the logistic function, c_k = 2k/(K − 1) − 1 the levels from −1 to 1, b their distance, and x̄_t the level seen, 0 for a
  /// mask. For many levels in order: neighbours share what is learned of one.
  case logistic

  /// The most states for which `logits` is the usual choice.
  public static let mostLogits = 32

  /// The usual choice for K levels.
  public static func usual(levels: Int) -> StateHead { levels <= mostLogits ? .logits : .logistic }

  /// Outputs of the network for each column.
  public func outputs(levels: Int) -> Int { self == .logits ? levels : 2 }

  /// Writes logits of a column's x_0.
  ///
  /// - Parameters:
  ///   - outputs: F, the column's outputs.
  ///   - xt: the state seen; one that data do not have is the mask.
  ///   - logits: l, one for each of the K levels.
  public func logits(_ outputs: Span<Float>, seen xt: Int, into logits: inout [Double]) {
    let levels = logits.count
    switch self {
    case .logits:
      for k in 0..<levels { logits[k] = Double(outputs[k]) + (k == xt ? 1 : 0) }
    case .logistic:
      let law = LogisticLevels(outputs, seen: xt, levels: levels)
      for k in 0..<levels {
        let (upper, lower) = law.ends(k)
        logits[k] = logSigmoid(upper) + logSigmoid(-lower)
      }
    }
  }

  /// Writes ∂/∂F of a column, `factor` times what the gradient with respect to its logits gives.
  public func pullBack(
    _ gradient: [Double], _ outputs: Span<Float>, seen xt: Int, factor: Double, into result: inout MutableSpan<Float>
  ) {
    switch self {
    case .logits:
      for k in result.indices { result[k] = Float(factor * gradient[k]) }
    case .logistic:
      let law = LogisticLevels(outputs, seen: xt, levels: gradient.count)
      var (ofMean, ofScale) = (0.0, 0.0)
      for k in gradient.indices {
        let (upper, lower) = law.ends(k)
        // ∂l/∂upper and ∂l/∂lower; both ends move with μ, and in proportion to themselves with r.
        let (a, b) = (sigmoid(-upper), -sigmoid(lower))
        ofMean += gradient[k] * (a + b)
        ofScale += gradient[k] * (a * upper + b * lower)
      }
      result[0] = Float(-factor * law.rate * (1 - law.mean * law.mean) * ofMean)
      result[1] = Float(-factor * ofScale)
    }
  }
}

/// The logistic law of one column.
private struct LogisticLevels {
  let mean, rate: Double
  private let levels: Int

  init(_ outputs: Span<Float>, seen xt: Int, levels: Int) {
    let seen = xt < levels ? StateInput.centred(xt, levels: levels) : 0
    let x = Double(outputs[0]) + seen
    mean = 2 * sigmoid(2 * x) - 1
    rate = exp(2 - Double(outputs[1]))
    self.levels = levels
  }

  /// r(c_k − μ ± b/2).
  func ends(_ k: Int) -> (upper: Double, lower: Double) {
    let half = 1 / Double(levels - 1)
    let distance = StateInput.centred(k, levels: levels) - mean
    return (rate * (distance + half), rate * (distance - half))
  }
}

/// 1/(1 + e^{−x}).
private func sigmoid(_ x: Double) -> Double {
  guard x < 0 else { return 1 / (1 + exp(-x)) }
  let e = exp(x)
  return e / (1 + e)
}

/// ln S(x).
private func logSigmoid(_ x: Double) -> Double { min(x, 0) - log1p(exp(-abs(x))) }
