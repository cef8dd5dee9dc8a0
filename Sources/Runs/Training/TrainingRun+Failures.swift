internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Reports
internal import Targets
internal import Training

extension TrainingRun {
  /// The most failures kept of a run: one that skips steps for days must not fill the disk.
  private static let mostFailures = 100

  /// Finds out where the coming step goes wrong and keeps it.
  ///
  /// - Returns: where it goes wrong, and where that is kept; the same on every rank.
  func recordFailure(
    _ fault: StepFault, loss: Double, action: String
  ) throws -> (place: String, evidence: String) {
    let found = try locate(fault)
    let step = trainer.step + 1
    let folder = folder.failures + "/step-" + padded(step)
    var record = FailureRecord(
      step: step, fault: fault, place: found.words, shard: found.shard, layer: found.layer, loss: loss,
      peakLoss: trainer.guarding.peakLoss, action: action, replay: replayCommand(step))
    if fault == .diverging { record.place += ", more than training.divergence times the highest average" }
    guard !isReplay, !request.checkOnly else { return (record.place, "") }
    guard try communicator.fromRoot({ hasRoom }) else {
      let full = "\(self.folder.failures) holds \(Self.mostFailures) steps already"
      return (record.place, "; nothing of it was kept: \(full)")
    }
    // A full disk must not turn a skipped step into the end of the run.
    do { try communicator.agree { try keep(record, in: folder) } } catch let error as any StatusError {
      return (record.place, "; rows and times were not kept: \(error.description)")
    }
    let kept = found.shard == nil ? "what is known is" : "rows and times are"
    return (record.place, "; \(kept) in \(folder), replay it by: \(record.replay)")
  }

  /// Whether fewer failures are kept than may be.
  private var hasRoom: Bool {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.failures))?.count ?? 0) < Self.mostFailures
  }

  private func replayCommand(_ step: Int) -> String {
    let hasStart = CheckpointStore.steps(in: folder).contains { $0 < step }
    return "sgm-train --resume \(folder.path) --debug --until \(step)"
      + (hasStart ? "" : " --set training.on_fault=stop")
  }

  /// The rank that holds the shard writes its rows, the root all else.
  private func keep(_ record: FailureRecord, in folder: String) throws {
    let isHolder = record.shard.map { trainer.shards.contains($0) } ?? false
    guard communicator.isRoot || isHolder else { return }
    try makeFolder(self.folder.failures)
    try makeFolder(folder)
    if let shard = record.shard, isHolder {
      let rows = trainer.rows(ofShard: shard)
      let times = trainer.times(ofShard: shard)
      var column = Matrix(rows: times.count, columns: 1)
      for (row, time) in times.enumerated() { column[row, 0] = Float(time) }
      if data.isDouble {
        try ArrayFileWriter.write(data.restored(rows, count: rows.rows), to: folder + "/rows.npy")
      } else {
        var original = rows.head(.max)
        data.standardisation.invert(&original)
        for j in 0..<original.columns where data.kind(j) != .number {
          for r in 0..<original.rows { original[r, j] = data.kind(j).outerSingle(Double(original[r, j])) }
        }
        try ArrayFileWriter.write(original, to: folder + "/rows.npy")
      }
      try ArrayFileWriter.write(column, to: folder + "/times.npy")
    }
    if communicator.isRoot { try AtomicFile.write(record.json.description + "\n", to: folder + "/failure.json") }
  }
}
