internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Targets

/// What single metrics need to know of the truth beside its samples.
extension Truth {
  /// The distance to the rows that a network was trained on, or to the truth's own where they stand for them.
  func nearestTrainingRows() throws -> NearestTrainingRows {
    if let source {
      return NearestTrainingRows(dimension: source.dimension) { [origin, scales] body in
        try source.forEachBlock(of: .training, less: origin) { block in
          if let scales { try body(block.divided(by: scales)) } else { try body(block) }
        }
      }
    }
    if target == nil { return NearestTrainingRows() }
    throw ToolError.usage("the metric nearest needs a run, or a file of its training rows to judge against")
  }

  /// The rows that a classifier learns, in the units of the judged rows: the first that the network was trained on.
  func labelledRows() throws -> LabelledRows {
    let most = LabelledRows.most
    var labelled: LabelledRows?
    if let source {
      let count = min(most, source.count(.training))
      labelled = try source.trainingClasses(count).map {
        LabelledRows(rows: MatrixBox(try source.rows(.training, 0..<count, less: origin)), classes: $0)
      }
    } else if let fitted, let classes {
      labelled = LabelledRows(rows: MatrixBox(fitted.value.head(most)), classes: Array(classes.prefix(most)))
    }
    guard let labelled else {
      throw ToolError.usage(
        "the metric frechet needs evaluation.classes: a file with the class of each row of the data")
    }
    guard labelled.classes.count >= 20 else { throw MetricLeftOut(words: "needs at least 20 rows with classes") }
    return labelled
  }

  /// The coverage of a mixture's modes.
  package func modes() throws -> ModeCoverage {
    let mixture = try Self.mixture(target)
    return ModeCoverage(weights: mixture.weights, means: mixture.means, variances: mixture.variances)
  }

  /// The discrepancy from a law of known score.
  func steinDiscrepancy() throws -> SteinDiscrepancy {
    SteinDiscrepancy(score: Self.slopes(of: try Self.score(of: target)))
  }

  /// The law as a mixture, for `modes`.
  static func mixture(_ target: (any Target)?) throws(ToolError) -> GaussianMixture {
    guard let mixture = target as? GaussianMixture else {
      throw .usage("the metric modes needs a Gaussian mixture: gaussian, eight-gaussians, mg25, diamond")
    }
    return mixture
  }

  /// The law's score, for `ksd`.
  static func score(of target: (any Target)?) throws(ToolError) -> any Score {
    let process = OrnsteinUhlenbeck(horizon: 1)
    guard let target, let score = target.score(under: process, in: .identity(target.dimension)) else {
      let names = TargetKind.allCases.filter(\.hasExactScore).map(\.rawValue).joined(separator: ", ")
      throw .usage("the metric ksd needs a target of known score: \(names)")
    }
    return score
  }

  /// A score at a diffusion time so small that the law's own scales, squared, are far above 2t.
  private static func slopes(of score: some Score) -> (borrowing Matrix, inout Matrix) throws -> Void {
    var score = score
    return { rows, slopes in score.evaluate(rows, at: 1e-9, into: &slopes) }
  }
}
/// True samples whose two sets have changed places: rows held out are then the independent set.
struct Exchanged: TrueSamples {
  private let samples: any TrueSamples

  init(_ samples: any TrueSamples) { self.samples = samples }

  package var dimension: Int { samples.dimension }
  var largestCount: Int? { samples.largestCount }

  package func fill(_ first: inout Matrix, _ second: inout Matrix, repeat number: Int, seed: UInt64) throws {
    try samples.fill(&second, &first, repeat: number, seed: seed)
  }
}
