public import Metrics

/// Everything that a run's report shows: a plain value, so that a report can be made again, or for several runs.
public struct ReportContents: Sendable {
  /// The heading, usually the experiment's name.
  public var title: String
  /// Short statements about the run, such as its dimension, number of rows or parameters, in order.
  public var facts: [ReportFact] = []
  /// The fully resolved experiment file.
  public var experiment: String
  /// Distances and other figures, table by table.
  public var tables: [FigureTable] = []
  /// Tables of texts.
  public var texts: [TextTable] = []
  /// Figures with error bars over a key's values, one picture each.
  public var errorBars: [ErrorBarPanel] = []
  /// Loss, held-out loss and other curves, one picture each.
  public var curves: [CurvePanel] = []
  /// Data beside samples in two coordinates, one pair of pictures each.
  public var scatters: [ScatterPair] = []
  /// Data and samples in further pairs of coordinates.
  public var pairs: [PointPanels] = []
  /// Data beside samples in three coordinates.
  public var clouds: [CloudPair] = []
  /// Densities of data and samples.
  public var histograms: [CurvePanel] = []
  /// Small multiples over time: the forward process, reverse trajectories.
  public var snapshots: [PointPanels] = []
  /// Data beside samples as small pictures, where rows are square images.
  public var images: ImagePair?
  /// Where the time went.
  public var timings: ReportTimings?

  /// A report with nothing but a heading and the experiment.
  public init(title: String, experiment: String) {
    self.title = title
    self.experiment = experiment
  }
}

/// One short statement: a name and its value.
public struct ReportFact: Sendable {
  /// For instance `parameters`.
  public var name: String
  /// For instance `892,004`.
  public var value: String

  /// A statement from its two texts.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Figures under one heading.
public struct FigureTable: Sendable {
  /// The heading.
  public var title: String
  /// One sentence on what was compared with what; may be empty.
  public var note: String
  /// The figures in order.
  public var figures: [ReportFigure]

  /// A table from its parts.
  public init(title: String, note: String = "", figures: [ReportFigure]) {
    self.title = title
    self.note = note
    self.figures = figures
  }
}

/// One measured number, with what gives it a meaning where that exists.
public struct ReportFigure: Sendable {
  /// What was measured.
  public var name: String
  /// The number, mean and standard deviation over repeats.
  public var value: Spread
  /// What true samples reach.
  public var floor: Spread?
  /// What the Gaussian fit's samples reach.
  public var baseline: Spread?
  /// The unit; may be empty.
  public var unit: String
  /// Sample size, repeats and the like; may be empty.
  public var note: String

  /// A figure from its parts.
  public init(
    name: String, value: Spread, floor: Spread? = nil, baseline: Spread? = nil, unit: String = "", note: String = ""
  ) {
    self.name = name
    self.value = value
    self.floor = floor
    self.baseline = baseline
    self.unit = unit
    self.note = note
  }

  /// How many rows and repeats are behind a figure.
  static func note(_ unit: String, rows: Int?, repeats: Int?) -> String {
    // A likelihood's error bar is over its rows.
    let isLikelihood = unit == Judgement.likelihoodUnit
    let counted = rows.map { "\(grouped($0)) rows\(isLikelihood ? ", ± standard error" : " a set")" }
    let repeated = isLikelihood ? nil : repeats.map { "\($0) repeat\($0 == 1 ? "" : "s")" }
    return [counted, repeated].compactMap(\.self).joined(separator: ", ")
  }
}

/// Seconds and rates of a run.
public struct ReportTimings: Sendable {
  /// Training steps a second.
  public var stepsPerSecond: Double
  /// Floating-point operations of the network's products, 10⁹ a second and rank.
  public var gigaflops: Double
  /// The ranks that the last part of the run had.
  public var ranks: Int
  /// Seconds by kind of work, such as compute, exchange, input, checkpoint, in order.
  public var shares: [(name: String, seconds: Double)]

  /// Timings from their parts.
  public init(
    stepsPerSecond: Double, gigaflops: Double, ranks: Int = 1, shares: [(name: String, seconds: Double)]
  ) {
    self.stepsPerSecond = stepsPerSecond
    self.gigaflops = gigaflops
    self.ranks = ranks
    self.shares = shares
  }
}
