/// Verdicts on posteriors from the ranks of many pairs.
///
/// The pairs are independent and each rank is uniform where the posteriors are right, so every number has an exact law there:
/// Kolmogorov's for the largest gap of a distribution function, the binomial for the share of pairs within a region.
public struct Calibration: Sendable {
  /// The levels at which coverage is stated.
  public static let levels = [0.5, 0.9]

  /// u of each pair in each order: the parameters', the region's, the distance's.
  public let ranks: [[Double]]
  /// The parameters' names.
  public let names: [String]

  /// The ranks of some pairs, at least one.
  public init(_ ranks: [[Double]], names: [String]) {
    precondition(!ranks.isEmpty && ranks.allSatisfy { $0.count == names.count + 2 }, "\(ranks.count) pairs")
    (self.ranks, self.names) = (ranks, names)
  }

  /// The u of all pairs in one order, by its number.
  public func numbers(_ order: Int) -> [Double] { ranks.map { $0[order] } }

  /// The orders in which θ* and the draws are ranked; each tells of other faults of a posterior.
  public enum Order: Sendable {
    /// Each parameter for itself.
    case parameters
    /// Regions of highest density.
    case regions
    /// Balls around points.
    case balls
  }

  /// The figures of one order.
  public func judgements(_ order: Order) -> [Judgement] {
    switch order {
    case .parameters:
      let tests = names.indices.map { UniformityTest(numbers($0)) }
      let floor = KolmogorovLaw(count: ranks.count).moments
      let worst = tests.indices.max { tests[$0].statistic < tests[$1].statistic } ?? 0
      let shown = names.count <= 16 ? Array(names.indices) : [worst]
      return shown.map {
        judgement("SBC \(names[$0])", Spread(mean: tests[$0].statistic), floor: floor, unit: "KS of ranks")
      } + [
        judgement(
          "SBC p-value", Spread(mean: min(1, Double(names.count) * (tests.map(\.pValue).min() ?? 1))),
          unit: "probability")
      ]
    case .regions: return judgements(order: names.count, "coverage", "regions")
    case .balls: return judgements(order: names.count + 1, "TARP coverage", "balls")
    }
  }

  private func judgements(order: Int, _ name: String, _ what: String) -> [Judgement] {
    let all = numbers(order)
    let n = Double(all.count)
    return Self.levels.map { level in
      judgement(
        "\(name) of \(Int(100 * level)) % \(what)", Spread(mean: UniformityTest.share(of: all, upTo: level)),
        floor: Spread(mean: level, deviation: (level * (1 - level) / n).squareRoot()), unit: "share of pairs")
    } + [judgement("\(name) p-value", Spread(mean: UniformityTest(all).pValue), unit: "probability")]
  }

  private func judgement(_ name: String, _ value: Spread, floor: Spread? = nil, unit: String) -> Judgement {
    Judgement(name: name, value: value, floor: floor, repeats: 1, count: ranks.count, unit: unit)
  }

  /// Whether a figure of this name is one of calibration.
  public static func isFigure(_ name: String) -> Bool {
    ["SBC ", "coverage", "TARP coverage"].contains { name.hasPrefix($0) }
  }

  /// What ranks that are not uniform say of the posterior, in sentences; the chance of each is below 0.01 where all is right.
  public func notes(_ order: Order) -> [String] {
    switch order {
    case .parameters:
      let worst = names.indices.map { (index: $0, test: UniformityTest(numbers($0))) }
        .filter { $0.test.pValue * Double(names.count) < 0.01 }.sorted { $0.test.pValue < $1.test.pValue }
      return worst.prefix(4).map { index, test in "note: sbc: \(names[index]): \(words(ofParameter: test))" }
    case .regions:
      return note(names.count, "coverage") { test in
        test.shift > 0
          ? "the true rows lie farther out than the draws: the posterior is too narrow, or shifted"
          : "the true rows lie farther in than the draws: the posterior is too wide"
      }
    case .balls:
      return note(names.count + 1, "tarp") { test in
        test.shift > 0
          ? "the true rows are farther from points that know x than the draws: the posterior is too narrow, or shifted"
          : "the true rows are nearer to points that know x than the draws: the posterior is too wide or shifted, or leaves x unused"
      }
    }
  }

  private func note(_ order: Int, _ name: String, _ words: (UniformityTest) -> String) -> [String] {
    let test = UniformityTest(numbers(order))
    return test.pValue < 0.01 ? ["note: \(name): \(words(test))"] : []
  }

  private func words(ofParameter test: UniformityTest) -> String {
    if abs(test.spread) > abs(test.shift) {
      return test.spread > 0
        ? "true values lie at the draws' ends too often: the posterior is too narrow"
        : "true values lie in the draws' middle too often: the posterior is too wide"
    }
    return test.shift > 0
      ? "true values lie above the draws too often: the posterior is shifted down"
      : "true values lie below the draws too often: the posterior is shifted up"
  }
}
