internal import Configuration
internal import Diffusion
internal import Files
internal import Metrics
internal import Targets

extension Experiment {
  /// Refuses a metric that law, process or columns rule out: before hours of training, not after them.
  ///
  /// - Parameters:
  ///   - target: the law that rows are drawn from; nil for a file or a simulator.
  ///   - source: where the rows come from; nil while a simulator has yet to make them, and then its part is not looked at.
  /// - Throws: `ToolError.usage` naming the metric and what it needs.
  func checkMetrics(_ target: (any Target)?, _ source: DataSource? = nil) throws(ToolError) {
    let noise = process.chain == nil ? process.make().noise : nil
    for metric in evaluation.metrics {
      switch metric {
      case .modes: _ = try Truth.mixture(target)
      case .stein: _ = try Truth.score(of: target)
      case .likelihood, .chainBound:
        let kinds = source.map { $0.kinds.prefix($0.dimension) } ?? []
        try NetworkLikelihood.check(metric, noise, kinds: kinds, source?.source.columnNames)
        if let source { try Truth.checkUnseen(source, for: metric) }
      case .simulationCalibration, .coverage, .randomPoints:
        guard let source else { continue }
        try NetworkPosterior.check(metric, conditions: source.conditions)
        try Truth.checkUnseen(source, for: metric)
      case .slicedW2, .rankedW2, .exactW2, .gaussian, .mmd, .energy, .neighbours, .classifier: continue
      case .marginals, .correlations, .spacing, .tails, .nearest, .frechet: continue
      }
    }
  }
}
