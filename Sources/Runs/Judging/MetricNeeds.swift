internal import Configuration
internal import Diffusion
internal import Files
internal import Metrics

extension Experiment {
  /// Refuses a metric that these data, their law or the process rule out: known before hours of training, not after them.
  ///
  /// - Parameters:
  ///   - data: what is trained on.
  ///   - source: the same, opened.
  /// - Throws: `ToolError.usage` naming the metric and what it needs.
  func checkMetrics(_ data: DataSet.Description, _ source: DataSource) throws(ToolError) {
    let noise = process.chain == nil ? process.make().noise : nil
    for metric in evaluation.metrics {
      switch metric {
      case .modes: _ = try Truth.mixture(source.target)
      case .stein: _ = try Truth.score(of: source.target)
      case .likelihood, .chainBound:
        try NetworkLikelihood.check(metric, data, noise)
        try Truth.checkUnseen(source, for: metric)
      case .simulationCalibration, .coverage, .randomPoints:
        try NetworkPosterior.check(metric, data)
        try Truth.checkUnseen(source, for: metric)
      default: continue
      }
    }
  }
}
