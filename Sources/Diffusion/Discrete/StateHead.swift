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
  /// μ = tanh(F_1 + x̄_t),   r = min(e^{2 − F_2}, 65,536),   p̃_k ∝ S(r(c_k − μ + b/2)) − S(r(c_k − μ − b/2)) + 1e-6
  /// ```
  /// S is the logistic function, c_k = 2k/(K − 1) − 1 the levels from −1 to 1, b their distance, and x̄_t the level seen, 0 for a
  /// mask. For many levels in order: neighbours share what is learned of one. The last term keeps the cost of a level far from μ
  /// below ln 1e6: without it one such pixel outweighs the batch, and training diverges. The authors' code of D3PM adds it to the
  /// levels above μ (Austin et al. 2021, `log_min_exp`).
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
      for k in scratch.shares.indices { scratch.shares[k] = law.weight(scratch.above[k + 1], scratch.below[k]) }
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
        // Both ends of a level move with μ, and in proportion to themselves with r; S' = S (1 − S).
        let (lower, upper) = (
          scratch.above[k] * scratch.below[k], scratch.above[k + 1] * scratch.below[k + 1]
        )
        let ofWeight = scratch.gradient[k] / law.weight(scratch.above[k + 1], scratch.below[k])
        ofMean += ofWeight * (upper - lower)
        ofScale += ofWeight * (upper * law.end(k + 1) - lower * law.end(k))
      }
      result[0] = Float(-factor * law.rate * (1 - law.mean * law.mean) * ofMean)
      result[1] = law.rate < LogisticLevels.largestRate ? Float(-factor * ofScale) : 0
    }
  }
}

extension StateHead {
  /// −ln p̃(x_0 | x_t) of a column and its gradient, without the other states' probabilities; nil for `logits`.
  ///
  /// The logistic law's weights are differences of S at neighbouring ends, so that their sum Z needs the outer two ends alone:
  /// Z = S(end_K) − S(end_0) + K · 1e-6. A chain with a mask needs no more than this of p̃, whatever the number of levels.
  ///
  /// - Parameters:
  ///   - outputs: F, the column's outputs.
  ///   - xt: the state seen; one that data do not have is the mask.
  ///   - x0: the data's state.
  ///   - levels: K.
  /// - Returns: the entropy in nats, and ∂/∂F_1 and ∂/∂F_2 of it.
  public func entropy(
    _ outputs: Span<Float>, seen xt: Int, of x0: Int, levels: Int
  ) -> (value: Double, ofFirst: Double, ofSecond: Double)? {
    guard self == .logistic else { return nil }
    let law = LogisticLevels(outputs, seen: xt, levels: levels)
    let (own, all) = (law.weight(from: x0, to: x0 + 1), law.weight(from: 0, to: levels))
    let ofMean = all.ofMean / all.value - own.ofMean / own.value
    let ofRate = all.ofLogRate / all.value - own.ofLogRate / own.value
    return (
      log(all.value / own.value), (1 - law.mean * law.mean) * ofMean,
      law.rate < LogisticLevels.largestRate ? -ofRate : 0
    )
  }
}

/// The logistic law of one column.
private struct LogisticLevels {
  /// The greatest rate r: the law is a point long before, and r times a distance stays a number.
  static let largestRate = 65_536.0
  /// The part of a level's weight that does not depend on the network.
  private static let leastWeight = 1e-6

  let mean, rate: Double
  private let levels: Int
  /// 1 − e^{−2r/(K − 1)}.
  private let width: Double

  init(_ outputs: Span<Float>, seen xt: Int, levels: Int) {
    let seen = xt < levels ? StateInput.centred(xt, levels: levels) : 0
    // tanh x = 1 − 2/(1 + e^{2x}).
    mean = 1 - 2 / (1 + exp(2 * (Double(outputs[0]) + seen)))
    rate = min(exp(2 - Double(outputs[1])), Self.largestRate)
    width = 1 - exp(-rate * 2 / Double(levels - 1))
    self.levels = levels
  }

  /// p̃_k before it is normalised, of S at the level's upper end and 1 − S at its lower one.
  ///
  /// S(b) − S(a) = S(b) S(−a) (1 − e^{a − b}), and all levels are equally wide: nothing cancels.
  func weight(_ aboveUpper: Double, _ belowLower: Double) -> Double {
    width * aboveUpper * belowLower + Self.leastWeight
  }

  /// The weight of levels a … b − 1 before it is normalised, and its derivatives by μ and ln r; S' = S (1 − S).
  func weight(from a: Int, to b: Int) -> (value: Double, ofMean: Double, ofLogRate: Double) {
    let (low, high) = (end(a), end(b))
    let (aboveHigh, belowHigh) = (1 / (1 + exp(-high)), 1 / (1 + exp(high)))
    let (aboveLow, belowLow) = (1 / (1 + exp(-low)), 1 / (1 + exp(low)))
    let (slopeHigh, slopeLow) = (aboveHigh * belowHigh, aboveLow * belowLow)
    return (
      (1 - exp(low - high)) * aboveHigh * belowLow + Double(b - a) * Self.leastWeight,
      -rate * (slopeHigh - slopeLow), slopeHigh * high - slopeLow * low
    )
  }

  /// Writes S and 1 − S at the K + 1 ends.
  ///
  /// The ends are equally far apart, so that e^{−end} above the mean and e^{end} below it are geometric sequences. Both shrink away
  /// from the mean, and what becomes too small for double precision is so in S as well.
  func fill(_ above: inout [Double], _ below: inout [Double]) {
    var above = above.mutableSpan
    var below = below.mutableSpan
    let middle = Int((((mean + 1) * Double(levels - 1) + 1) * 0.5).rounded(.up))  // from 1 to K
    let ratio = exp(-rate * 2 / Double(levels - 1))
    var e = exp(-end(middle))
    for k in middle...levels {
      let s = 1 / (1 + e)
      (above[k], below[k]) = (s, e * s)
      e *= ratio
    }
    e = exp(end(middle - 1))
    for k in (0..<middle).reversed() {
      let s = 1 / (1 + e)
      (above[k], below[k]) = (e * s, s)
      e *= ratio
    }
  }

  /// r(c_k − b/2 − μ): the lower end of level k, and the upper one of level k − 1.
  func end(_ k: Int) -> Double { rate * (Double(2 * k - 1) / Double(levels - 1) - 1 - mean) }
}
