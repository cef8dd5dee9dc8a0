/// What samples are judged by; a raw value is the name in experiment files.
public enum Metric: String, Sendable, CaseIterable {
  /// `SlicedWasserstein`.
  case slicedW2 = "sliced-w2"
  /// `RankedWasserstein`.
  case rankedW2 = "sliced-w2-ranks"
  /// `ExactWasserstein`.
  case exactW2 = "w2"
  /// `GaussianDistances`.
  case gaussian
  /// `MaximumMeanDiscrepancy`.
  case mmd
  /// `EnergyDistance`.
  case energy
  /// `NeighbourDivergence`.
  case neighbours = "knn-kl"
  /// `ClassifierTest`.
  case classifier = "c2st"
  /// `FrechetDistance`.
  case frechet
  /// `ModeCoverage`.
  case modes
  /// `Marginals`.
  case marginals
  /// `Correlations`.
  case correlations
  /// `NeighbourSpacing`.
  case spacing
  /// `TailIndex`.
  case tails = "hill"
  /// `SteinDiscrepancy`.
  case stein = "ksd"
  /// `NearestTrainingRows`.
  case nearest
  /// `FlowLikelihood`.
  case likelihood = "nll"
  /// `ChainBound`.
  case chainBound = "bound"
  /// `PosteriorRanks.region`.
  case coverage
  /// `PosteriorRanks.parameters`.
  case simulationCalibration = "sbc"
  /// `PosteriorRanks.distance`.
  case randomPoints = "tarp"
}

/// The units in which distances are measured.
public enum JudgingUnits: String, Sendable, CaseIterable {
  /// Those of the data: the columns of the largest scale decide.
  case data
  /// Each column's standard deviation among true rows: all columns count alike.
  case standardised
}

/// What a distance is compared with, in addition to its floor.
public enum JudgingBaseline: String, Sendable, CaseIterable {
  /// The same distance of draws from the Gaussian fit of true rows, whose covariance needs d × d numbers.
  case gaussian
  /// Nothing.
  case none
}

/// How samples are judged.
public struct JudgingOptions: Sendable, Equatable {
  /// Random directions of the sliced distances.
  public var directions = 2_000
  /// Repetitions of floor and baseline.
  public var repeats = 5
  /// Rows compared on either side.
  public var count = 10_000
  /// What samples are judged by.
  public var metrics = [Metric.slicedW2]
  /// What a distance is compared with, in addition to its floor.
  public var baseline = JudgingBaseline.gaussian
  /// In which units distances are measured.
  public var units = JudgingUnits.data
  /// A file with the class of each row of the data, which the classifier behind `frechet` learns.
  public var classes: String?
  /// Rows compared by metrics that go over all pairs.
  public var pairCount = 2_000
  /// Steps of the probability flow behind likelihoods.
  public var likelihoodSteps = 200
  /// Draws of velocities and probes for each row's likelihood.
  public var likelihoodDraws = 4

  /// Pairs by which posteriors are judged.
  public var calibrationPairs = 1_000
  /// Draws of the posterior for each pair.
  public var calibrationDraws = 64

  /// The defaults.
  public static let standard = JudgingOptions()

  /// The defaults.
  public init() {}
}
