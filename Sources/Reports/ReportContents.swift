internal import Files
package import Metrics

/// Everything that a run's report shows: a plain value, so that a report can be made again, or for several runs.
package struct ReportContents: Sendable {
  /// The heading, usually the experiment's name.
  package var title: String
  /// Short statements about the run, such as its dimension, number of rows or parameters, in order.
  package var facts: [ReportFact] = []
  /// The fully resolved experiment file.
  package var experiment: String
  /// Distances and other figures, table by table.
  package var tables: [FigureTable] = []
  /// Tables of texts.
  package var texts: [TextTable] = []
  /// Figures with error bars over a key's values, one picture each.
  package var errorBars: [ErrorBarPanel] = []
  /// Loss, held-out loss and other curves, one picture each.
  package var curves: [CurvePanel] = []
  /// Data beside samples in two coordinates, one pair of pictures each.
  package var scatters: [ScatterPair] = []
  /// Data and samples in further pairs of coordinates.
  package var pairs: [PointPanels] = []
  /// Data beside samples in three coordinates.
  package var clouds: [CloudPair] = []
  /// Densities of data and samples.
  package var histograms: [CurvePanel] = []
  /// How posteriors are calibrated, one picture each.
  package var calibration: [CurvePanel] = []
  /// Small multiples over time: the forward process, reverse trajectories.
  package var snapshots: [PointPanels] = []
  /// Data beside samples as small pictures, where rows are square images.
  package var images: ImagePair?
  /// Where the time went.
  package var timings: ReportTimings?

  /// A report with nothing but a heading and the experiment.
  package init(title: String, experiment: String) {
    self.title = title
    self.experiment = experiment
  }
}

/// One short statement: a name and its value.
package struct ReportFact: Sendable {
  /// For instance `parameters`.
  package var name: String
  /// For instance `892,004`.
  package var value: String

  /// A statement from its two texts.
  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Figures under one heading.
package struct FigureTable: Sendable {
  /// The heading.
  package var title: String
  /// One sentence on what was compared with what; may be empty.
  package var note: String
  /// The figures in order.
  package var figures: [Judgement]

  /// A table from its parts.
  package init(title: String, note: String = "", figures: [Judgement]) {
    self.title = title
    self.note = note
    self.figures = figures
  }
}

extension Judgement {
  /// Whether it is a likelihood, whose error bar is over its rows.
  var isLikelihood: Bool { unit == Self.likelihoodUnit }

  /// How many rows and repeats are behind it.
  var note: String {
    let counted = count.map { "\(grouped($0)) rows\(isLikelihood ? ", ± standard error" : " a set")" }
    let repeated = isLikelihood ? nil : repeats.map { "\($0) repeat\($0 == 1 ? "" : "s")" }
    return [counted, repeated].compactMap(\.self).joined(separator: ", ")
  }
}

/// Seconds and rates of a run.
package struct ReportTimings: Sendable {
  /// Training steps a second.
  package var stepsPerSecond: Double
  /// Floating-point operations of the network's products, 10⁹ a second and rank.
  package var gigaflops: Double
  /// The ranks that the last part of the run had.
  package var ranks: Int
  /// Seconds by kind of work, such as compute, exchange, input, checkpoint, in order.
  package var shares: [(name: String, seconds: Double)]

  /// Timings from their parts.
  package init(
    stepsPerSecond: Double, gigaflops: Double, ranks: Int = 1, shares: [(name: String, seconds: Double)]
  ) {
    self.stepsPerSecond = stepsPerSecond
    self.gigaflops = gigaflops
    self.ranks = ranks
    self.shares = shares
  }
}
