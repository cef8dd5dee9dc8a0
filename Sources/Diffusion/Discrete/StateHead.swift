internal import RealFunctions

/// How a network's outputs for a column become a law p̃ of x_0.
public enum StateHead: String, Sendable, CaseIterable {
  /// `logits`: one output for each of the K states, p̃ = softmax(F + e_{x_t}).
  ///
  /// The state seen comes in as an addend, so that the network learns what differs from it.
  case logits
  /// `logistic`: two outputs, the mean and the logarithm of the scale of a logistic law that is cut to the K levels.
  ///
  /// ```
  /// μ = tanh(F_1 + x̄_t),   r = e^{2 − F_2},   p̃_k ∝ S(r(c_k − μ + b/2)) − S(r(c_k − μ − b/2))
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

  /// Writes p̃(x_0 | x_t) of a column into `scratch.shares`.
  ///
  /// - Parameters:
  ///   - outputs: F, the column's outputs.
  ///   - xt: the state seen; one that data do not have is the mask.
  ///   - scratch: of the chain.
  public func predict(_ outputs: Span<Float>, seen xt: Int, _ scratch: inout StateScratch) {
    switch self {
    case .logits: scratch.setLogits { Double(outputs[$0]) + ($0 == xt ? 1 : 0) }
    case .logistic:
      let law = LogisticLevels(outputs, seen: xt, levels: scratch.shares.count)
      law.fill(&scratch.above, &scratch.below)
      // S(b) − S(a) = S(b) S(−a) (1 − e^{a − b}), and all levels are equally wide: nothing cancels.
      for k in scratch.shares.indices { scratch.shares[k] = scratch.above[k + 1] * scratch.below[k] }
      scratch.normalise()
    }
  }

  /// Writes ∂/∂F of a column, `factor` times what `scratch.gradient` gives, after `predict` of the same outputs.
  public func pullBack(
    _ outputs: Span<Float>, seen xt: Int, factor: Double, _ scratch: borrowing StateScratch,
    into result: inout MutableSpan<Float>
  ) {
    switch self {
    case .logits:
      for k in result.indices { result[k] = Float(factor * scratch.gradient[k]) }
    case .logistic:
      let law = LogisticLevels(outputs, seen: xt, levels: scratch.shares.count)
      var (ofMean, ofScale) = (0.0, 0.0)
      for k in scratch.gradient.indices {
        // ∂l_k/∂(upper end) and ∂l_k/∂(lower end); both ends move with μ, and in proportion to themselves with r.
        let (a, b) = (scratch.below[k + 1], -scratch.above[k])
        ofMean += scratch.gradient[k] * (a + b)
        ofScale += scratch.gradient[k] * (a * law.end(k + 1) + b * law.end(k))
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
    // tanh x = 1 − 2/(1 + e^{2x}).
    mean = 1 - 2 / (1 + exp(2 * (Double(outputs[0]) + seen)))
    rate = exp(2 - Double(outputs[1]))
    self.levels = levels
  }

  /// Writes S and 1 − S at the K + 1 ends.
  ///
  /// The ends are equally far apart, so that e^{end} is a geometric sequence. It begins next to the mean and goes both ways: what is
  /// too large or too small for double precision then is so at the ends as well.
  func fill(_ above: inout [Double], _ below: inout [Double]) {
    var above = above.mutableSpan
    var below = below.mutableSpan
    let middle = min(max(Int((mean + 1) * 0.5 * Double(levels - 1) + 1), 0), levels)
    let (first, ratio) = (exp(end(middle)), exp(rate * 2 / Double(levels - 1)))
    var e = first
    for k in middle...levels {
      (above[k], below[k]) = (1 / (1 + 1 / e), 1 / (1 + e))
      e *= ratio
    }
    e = first
    for k in (0..<middle).reversed() {
      e /= ratio
      (above[k], below[k]) = (1 / (1 + 1 / e), 1 / (1 + e))
    }
  }

  /// r(c_k − b/2 − μ): the lower end of level k, and the upper one of level k − 1.
  func end(_ k: Int) -> Double { rate * (Double(2 * k - 1) / Double(levels - 1) - 1 - mean) }
}
