internal import CMachine
internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Metrics
internal import Networks
internal import Reports
internal import Training

/// One run from start to report; a sweep's cells leave table and report to the sweep.
func trainOne(_ request: TrainingRequest, _ communicator: Communicator) throws -> ExitStatus {
  let run = try TrainingRun(request, communicator)
  do {
    try run.watch()
    let status = try carryOut(run)
    run.concludeStatus(status)
    run.close()
    return status
  } catch {
    // An error that all ranks share ends the run in good order; one of this rank alone is its last word.
    if error is AgreedError { run.store?.finish() }
    run.concludeStatus(error)
    run.close(failed: communicator.size > 1 && !(error is AgreedError))
    throw error
  }
}

private func carryOut(_ run: TrainingRun) throws -> ExitStatus {
  for text in run.experiment.warnings { run.warn(text) }
  for line in run.remarks { run.remark(line) }
  if let survey = run.source.surveyText { run.say(survey) }
  if run.request.checkOnly {
    let estimate = try Estimate(run).description
    return try run.communicator.agree { () throws -> ExitStatus in
      if run.communicator.isRoot { try printResult(printableLines(estimate)) }
      return .success
    }
  }
  try run.train()
  if run.isReplay {
    run.say("replayed to step \(run.trainer.step); hashes are in \(run.folder.debug), all else is as it was")
    return .success
  }
  if let stop = run.stop {
    run.say("stopped at step \(run.trainer.step) by \(stop.reason); go on with: sgm-train --resume \(run.folder.path)")
    return .tempFail
  }
  guard run.trainer.step == run.experiment.training.steps || run.hasSettled else {
    run.say("step \(run.trainer.step) reached; go on with: sgm-train --resume \(run.folder.path)")
    return .success
  }
  let network = try run.chosenNetwork()
  if network.step != run.trainer.step {
    run.say("the held-out loss was lowest at step \(network.step) of \(run.trainer.step): samples are drawn from there")
  }
  let (file, summary) = try run.drawSamples(
    of: network, keeping: max(run.experiment.evaluation.count, RunRecord.mostRows))
  let table = run.data.table == nil ? "" : ", with the table's words in \(RunFolder.table(of: file))"
  run.say(summary.line(run.experiment, to: file) + table)
  RunStage.judging.begin()
  try judge(run, summary.first, of: network, file: file)
  run.isComplete = true
  return .success
}

/// Judges what a run has drawn and draws its report, from memory.
private func judge(_ run: TrainingRun, _ samples: MatrixBox, of network: ChosenNetwork, file: String) throws {
  let isCell = run.request.label != nil
  var judged = JudgedRun(
    folder: run.folder, experiment: run.experiment, data: run.data, source: run.source, samples: samples)
  if run.experiment.evaluation.metrics.contains(.likelihood) {
    judged.network = NetworkLikelihood(run.experiment, network.average, run.data, file: run.folder.likelihood)
  }
  if run.experiment.evaluation.metrics.contains(.chainBound) {
    judged.bound = NetworkLikelihood(run.experiment, network.average, run.data, file: run.folder.likelihood).ofChain
  }
  if run.experiment.evaluation.metrics.contains(where: \.judgesPosterior) {
    judged.posterior = NetworkPosterior(
      experiment: run.experiment, parameters: network.average, data: run.data)
  }
  try run.source.refuseOthers(
    than: run.data, remedy: "bring it back, and judge the run by: sgm-evaluate \(run.folder.path)", run.communicator)
  let verdicts = try judged.judge(run.communicator)
  // Said first: what comes after may find the disk full, or a gnuplot that hangs.
  if !isCell, !verdicts.isEmpty { run.say(render(verdicts).table.trimmingCharacters(in: .newlines)) }
  try run.communicator.agree { [judged] in
    guard run.communicator.isRoot else { return }
    try judged.keep(verdicts)
    guard !isCell else { return }
    try judged.writeReport(
      verdicts, step: network.step, samplesFile: String(file.split(separator: "/").last ?? ""))
    run.say("report: \(run.folder.report)")
  }
}

extension TrainingRun {
  /// One line or more from rank 0.
  package func say(_ text: String) {
    guard communicator.isRoot else { return }
    let label = request.label.map { $0 + ": " } ?? ""
    writeText(printableLines(label + text) + "\n", to: STDOUT_FILENO)
  }
}
