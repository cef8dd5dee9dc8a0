internal import Configuration
internal import Files
internal import Foundation
internal import Reports

/// Which files of a folder are a run's, so that a new run replaces these and no others.
extension RunFolder {
  /// Files at the top of a run's or a sweep's folder.
  private static let ownNames: Set = [
    "experiment.yaml", "origin", "metrics.jsonl", "events.out.tfevents.sgm-train", "judgements.jsonl", "likelihood.npy",
    "status.json", "calibration.npy", "report.html", "sweep.json", "table.txt", "table.jsonl",
  ]

  /// The subfolders whose files go by a pattern.
  private static func isOwn(_ name: String, in folder: String) -> Bool {
    switch folder {
    case "checkpoints": name == "latest" || name.wholeMatch(of: /step-\d{9,}\.safetensors/) != nil
    case "samples": name.wholeMatch(of: /step-\d{9,}(-trajectories\.npy|\.npy|\.csv)/) != nil
    case "debug": name.wholeMatch(of: /step-\d{9,}\.json/) != nil
    case "ranks": name.wholeMatch(of: /rank-\d{4,}\.json/) != nil
    case "simulations": SimulationFiles.isOwn(name)
    case "failures": ["failure.json", "rows.npy", "times.npy"].contains(name)
    default: false
    }
  }

  /// The hidden file of a write that died, without its dot and ending; other names as they are.
  private static func published(_ name: String) -> String {
    name.hasPrefix(".") && name.hasSuffix(".partial") ? String(name.dropFirst().dropLast(8)) : name
  }

  private static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  /// Every file that this run, or sweep, has made, but for its lock.
  var ownFiles: [String] {
    var files = Self.names(in: path).filter { Self.ownNames.contains(Self.published($0)) }.map { "\(path)/\($0)" }
    for folder in ["checkpoints", "samples", "debug", "ranks", "simulations"] {
      files += Self.names(in: "\(path)/\(folder)").filter { Self.isOwn(Self.published($0), in: folder) }
        .map { "\(path)/\(folder)/\($0)" }
    }
    for step in Self.names(in: failures) where step.wholeMatch(of: /step-\d{9,}/) != nil {
      files += Self.names(in: "\(failures)/\(step)").filter { Self.isOwn(Self.published($0), in: "failures") }
        .map { "\(failures)/\(step)/\($0)" }
    }
    files += PlotFolder.ownFiles(in: plots).map { "\(plots)/\($0)" }
    return files + cells.flatMap { $0.ownFiles + [$0.lock].filter(FileManager.default.fileExists(atPath:)) }
  }

  /// The run folders of a sweep's cells.
  private var cells: [RunFolder] {
    Self.names(in: path + "/cells").filter { $0.wholeMatch(of: /\d{3,}_.*/) != nil }.map {
      RunFolder("\(path)/cells/\($0)")
    }
  }

  /// Refuses a sweep's folder where that of a single run is expected.
  func refuseSweep() throws(ToolError) {
    guard let cell = cells.first, FileManager.default.fileExists(atPath: path + "/sweep.json") else { return }
    throw .usage("\(path): is a sweep; name one of its cells, such as \(cell.path)")
  }

  /// What speaks for a run's folder; one sign alone may be another's.
  private var signs: [String] {
    func text(_ file: String) -> String {
      let bytes = try? readFile(file, atMost: 1 << 20) { _ in .data(Place(file), "is too long") }
      return String(decoding: bytes ?? [], as: UTF8.self)
    }
    let origin = text(origin)
    var signs: [String] = []
    if origin.hasPrefix("/"), origin.hasSuffix("\n"), origin.dropLast().allSatisfy({ $0 != "\n" }) {
      signs.append("origin")
    }
    if RunLock.isLock(text(lock)) { signs.append("lock") }
    if case .string(let format)? = JSONValue(line: text(path + "/sweep.json"))?["format"],
      format.hasPrefix("sgm-train sweep")
    {
      signs.append("sweep.json")
    }
    if (try? Experiment(contentsOf: experiment)) != nil { signs.append("experiment.yaml") }
    if FileManager.default.fileExists(atPath: events) { signs.append("events") }
    if Self.names(in: checkpoints).contains(where: { $0 != "latest" && Self.isOwn($0, in: "checkpoints") }) {
      signs.append("checkpoints")
    }
    return signs
  }

  /// Whether the folder is a run's beyond doubt: by more than one sign, or as a start that died leaves it, by one that no
  /// person makes and with nothing else in it.
  private var isRun: Bool {
    let signs = signs
    if signs.count > 1 { return true }
    let own = Self.ownNames.union([
      "lock", "checkpoints", "samples", "plots", "debug", "ranks", "failures", "cells", "simulations",
    ])
    guard let sign = signs.first, ["lock", "origin"].contains(sign) else { return false }
    return Self.names(in: path).allSatisfy { own.contains(Self.published($0)) }
  }

  /// Refuses to replace what stands in the folder, unless it is a run that the user has given up and that holds nothing
  /// which the new run needs.
  ///
  /// - Parameters:
  ///   - overwrite: whether an existing run may be replaced.
  ///   - needed: files that the new run reads.
  /// - Throws: ``ToolError/exists(file:remedy:)``.
  package func checkReplacing(overwrite: Bool, needed: [String]) throws {
    guard exists, !Self.names(in: path).isEmpty else { return }
    guard overwrite else {
      throw ToolError.exists(
        file: path, remedy: "go on with it by --resume, choose another by --output, or replace it by --overwrite")
    }
    guard isRun else {
      throw ToolError.exists(file: path, remedy: "it is not a run's folder, so --overwrite leaves it alone")
    }
    let own = Set(ownFiles.compactMap(Identity.init))
    for file in needed where Identity(file).map(own.contains) ?? false {
      throw ToolError.exists(
        file: file, remedy: "the new run reads it, and --overwrite would replace it; choose another folder by --output")
    }
  }

  /// Removes the run's own files, and its subfolders where nothing is left in them.
  ///
  /// - Parameter kept: files that stay.
  func removeOwnFiles(but kept: [String]) {
    for file in ownFiles where !kept.contains(file) { unsafe _ = unlink(file) }
    let steps = Self.names(in: failures).map { "\(failures)/\($0)" }
    let folders = ["checkpoints", "samples", "debug", "ranks", "plots", "simulations"].map { "\(path)/\($0)" }
    for cell in cells {
      for folder in ["checkpoints", "samples", "debug", "ranks", "plots", "failures"] {
        unsafe _ = rmdir("\(cell.path)/\(folder)")
      }
      unsafe _ = rmdir(cell.path)
    }
    for folder in steps + [failures, path + "/cells"] + folders { unsafe _ = rmdir(folder) }
  }
}

/// A file, whatever its name.
struct Identity: Hashable {
  let device: UInt
  let number: UInt

  init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    device = UInt(status.st_dev)
    number = UInt(status.st_ino)
  }
}
