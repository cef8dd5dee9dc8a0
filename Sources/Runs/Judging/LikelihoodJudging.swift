internal import Communication
internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Reports

extension Judging {
  /// The mean NLL of held-out rows, beside that of the Gaussian fit and, where it is known, of the law itself.
  ///
  /// With conditions the baseline is the Gaussian fit of whole rows, given their conditions: a linear regression.
  /// The same rows are behind all three, and errors are standard errors of means over rows. Every row's values are
  /// kept, in the rows' order.
  package func likelihood(
    _ network: NetworkLikelihood?, for metric: Metric, _ truth: Truth, _ gaussian: GaussianFit?
  ) throws -> [Judgement] {
    let (network, rows) = try communicator.agree { () throws -> (NetworkLikelihood, MatrixBox) in
      guard let network else {
        throw ToolError.usage(
          "the metric \(metric.rawValue) needs a run: it is the likelihood of the run's network")
      }
      try network.check()
      let count = min(section.count, section.pairCount)
      return (
        network,
        MatrixBox(try truth.unseenRows(count, for: metric, less: network.data.wholeOrigin, seed: seed))
      )
    }
    let copies = network.copies
    let clouds = network.clouds(of: rows.value)
    let values = try network.values(of: rows.value, clouds: clouds, communicator)
    let isConditional = network.data.conditions > 0
    let known = isConditional ? nil : truth.logDensities(of: rows.value)?.map { -$0 }
    let fitted = try gaussian.map { gaussian in
      let cells = network.data.cellVariances
      let all =
        isConditional
        ? try truth.conditionalLogDensities(of: clouds, cells: cells, less: network.data.wholeOrigin, communicator)
        : gaussian.widened(by: cells).logDensities(of: clouds)
      return (0..<rows.value.rows).map { r in -Spread(of: Array(all[r * copies..<(r + 1) * copies])).mean }
    }
    var table = Matrix(rows: values.count, columns: 4)
    for r in values.indices {
      let columns = [values[r].mean, values[r].deviation, fitted?[r] ?? .nan, known?[r] ?? .nan]
      for (k, value) in columns.enumerated() { table[r, k] = Float(value) }
    }
    network.kept.rows = MatrixBox(table)
    let settled = values.indices.filter { values[$0].mean.isFinite }
    guard settled.count >= 2 else {
      throw MetricLeftOut(
        words: "still changes at the most steps tried for nearly every row; take more evaluation.likelihood_steps")
    }
    let judgements = network.judgements(
      Spread(errorOf: settled.map { values[$0].mean }),
      floor: known.map { all in Spread(errorOf: settled.map { all[$0] }) },
      baseline: fitted.map { all in Spread(errorOf: settled.map { all[$0] }) }, count: settled.count)
    guard settled.count < values.count else { return judgements }
    let share = 1 - Double(settled.count) / Double(values.count)
    return judgements + [
      Judgement(
        name: "rows without an NLL", value: Spread(mean: share), floor: Spread(mean: 0), baseline: Spread(mean: 0),
        repeats: 1, count: values.count, unit: "share")
    ]
  }
}
