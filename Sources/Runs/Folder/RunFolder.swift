package import Configuration
package import Files
internal import Foundation
internal import Reports

/// The folder that a run leaves: `experiment.yaml`, `metrics.jsonl`, `checkpoints`, `samples`, `plots`, `report.html`.
package struct RunFolder: Sendable, Equatable {
  /// The folder's path.
  package let path: String

  /// The folder at `path`; nothing is touched.
  package init(_ path: String) { self.path = path }

  package var experiment: String { path + "/experiment.yaml" }
  package var origin: String { path + "/origin" }
  package var metrics: String { path + "/metrics.jsonl" }
  /// TensorBoard knows its files by `tfevents` in their names.
  var events: String { path + "/events.out.tfevents.sgm-train" }
  package var checkpoints: String { path + "/checkpoints" }
  package var samples: String { path + "/samples" }
  package var plots: String { path + "/plots" }
  /// Steps that were not finite.
  package var failures: String { path + "/failures" }
  /// The report.
  package var report: String { path + "/report.html" }

  /// What the newest samples were judged to be worth, one JSON object a line.
  var judgements: String { path + "/judgements.jsonl" }

  /// Every held-out row's negative log-likelihood.
  package var likelihood: String { path + "/likelihood.npy" }

  /// Every judged pair's ranks among the posterior's draws.
  var calibration: String { path + "/calibration.npy" }

  /// The samples drawn at a step.
  package func samples(step: Int) -> String { samples + "/step-" + padded(step) + ".npy" }

  /// The table of words beside a file of samples.
  static func table(of samples: String) -> String { samples.replacing(".npy", with: ".csv") }

  /// The file name of the newest samples; trajectories lie beside them.
  var newestSamples: String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: samples)) ?? []
    return names.filter { $0.wholeMatch(of: /step-\d+\.npy/) != nil }.max()
  }

  /// Refuses a file that is named in place of a run's folder.
  func refuseFile() throws(ToolError) {
    guard exists, !isFolder(path) else { return }
    throw .usage("\(path): is a file, but the folder of a run is expected")
  }

  /// Whether there is a run, or anything else, at the path.
  package var exists: Bool { FileManager.default.fileExists(atPath: path) }

  /// Makes the folder and its subfolders, takes its lock, and records the experiment.
  ///
  /// - Parameters:
  ///   - experiment: recorded as `experiment.yaml`, fully resolved; nil for a sweep, which has no single one.
  ///   - base: the folder that the experiment's relative paths start from.
  ///   - overwrite: whether an existing run may be replaced: its own files are removed, those of others stay.
  ///   - needed: files that the new run reads, which must not be among those removed.
  ///   - isCell: whether the folder is a sweep's, which has been looked at as a whole.
  /// - Returns: the lock.
  /// - Throws: `ToolError.exists` for an existing folder; `ToolError.uncreatable` where writing fails.
  @discardableResult
  package func create(
    _ experiment: Experiment?, base: String, overwrite: Bool, needed: [String] = [], isCell: Bool = false
  ) throws -> RunLock {
    if !isCell { try checkReplacing(overwrite: overwrite, needed: needed) }
    try makePath()
    try refuseLinks()
    let held = try RunLock(self)
    // A sweep's cell that dies here must still say what it was to do.
    let isSame = experiment.map { (try? String(contentsOfFile: self.experiment, encoding: .utf8)) == $0.yaml } ?? false
    removeOwnFiles(but: isSame ? [self.experiment] : [])
    for folder in experiment == nil ? [plots] : [checkpoints, samples, plots] { try makeFolder(folder) }
    try writeOrigin(base)
    if let experiment { try write(experiment.yaml, to: self.experiment) }
    return held
  }

  /// Records the folder that the experiment's relative paths start from.
  func writeOrigin(_ base: String) throws { try write(absolute(base) + "\n", to: origin) }

  /// Takes over an existing run: its lock, without what dead writes have left.
  func takeOver(_ experiment: Experiment) throws -> RunLock {
    try refuseLinks()
    let held = try RunLock(self)
    removeLeftovers()
    try write(experiment.yaml, to: self.experiment)
    return held
  }

  /// Removes the hidden files of writes that died.
  private func removeLeftovers() {
    for folder in [path, checkpoints, samples, plots, debug, failures, simulations.path] {
      try? AtomicFile.removeLeftovers(in: folder)
    }
  }

  /// Makes the run's folder, and what leads to it; the folder itself is new, or a folder of the user's.
  private func makePath() throws {
    try makeFolders(to: path)
    try makeFolder(path)
  }

  /// The folder that the experiment's relative paths start from.
  package func base() -> String {
    guard let bytes = try? readFile(origin, atMost: 1 << 16, otherwise: { _ in .data(Place(origin), "is too long") })
    else { return path }
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
  }

  /// Removes what was said of earlier samples: a run that goes on has not been judged.
  func removeJudgements() throws { try remove(judgements) }

  /// Removes a file of the run where it is there.
  func remove(_ file: String) throws {
    let files = FileManager.default
    guard files.fileExists(atPath: file) else { return }
    try attempt { try files.removeItem(atPath: file) }
  }

  /// Replaces a small text file whole.
  package func write(_ text: String, to file: String) throws {
    try AtomicFile.write(text, to: file)
  }

  private func absolute(_ base: String) -> String {
    base.hasPrefix("/") ? base : URL(fileURLWithPath: base.isEmpty ? "." : base).standardizedFileURL.path
  }

  private func attempt(_ body: () throws -> Void) throws {
    do { try body() } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      throw ToolError.uncreatable(file: path, Int32(cause?.code ?? Int(EIO)))
    }
  }
}

extension RunFolder {
  /// Refuses to go on where a subfolder is a link.
  package func refuseLinks() throws(ToolError) {
    for name in ["checkpoints", "samples", "plots", "debug", "failures", "ranks", "simulations"] {
      try refuseLink("\(path)/\(name)")
    }
  }
}
