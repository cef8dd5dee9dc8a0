internal import Communication
internal import LinearAlgebra
internal import Metrics
internal import Reports

extension JudgedRun {
  /// Draws the run's report from memory.
  func writeReport(_ verdicts: [Judging.Verdict], step: Int?, samplesFile: String) throws {
    try RunRecord(
      folder: folder, experiment: experiment, data: data, step: step, source: source,
      samples: MatrixBox(samples.value.head(RunRecord.mostRows)), samplesFile: samplesFile,
      figures: verdicts.flatMap(\.judgements), ranks: posterior?.kept.rows.map { MatrixBox($0.value.head(.max)) }
    ).writeReport()
  }
}
