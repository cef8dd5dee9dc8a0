internal import Files
internal import Foundation

extension StatusRecord {
  /// Says in a run's folder how the run stands, with the newest files there in it.
  ///
  /// A disk that is full costs the word, not the run.
  func write(in folder: RunFolder) {
    var record = self
    record.time = Date().timeIntervalSince1970
    let newest = try? CheckpointStore.file(in: folder)
    record.checkpoint = newest.map { "checkpoints/" + ($0.split(separator: "/").last ?? "") }
    record.samples = folder.newestSamples.map { "samples/" + $0 }
    record.report = FileManager.default.fileExists(atPath: folder.report) ? "report.html" : nil
    try? AtomicFile.write(record.json.description + "\n", to: folder.status)
  }
}
