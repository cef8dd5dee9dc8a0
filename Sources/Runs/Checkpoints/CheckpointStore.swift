internal import Configuration
internal import Dispatch
internal import Files
internal import Foundation
internal import Reports
internal import Synchronization
internal import Training

/// The checkpoints of a run folder: written by a thread of their own, named by `latest` once they are whole.
///
/// Only rank 0 has one. The thread never calls MPI.
final class CheckpointStore: Sendable {
  private let folder: RunFolder
  private let every: Int
  private let keepLast: Int
  private let keepEvery: Int
  private let queue = DispatchQueue(label: "checkpoints")
  private let failures = Mutex<[String]>([])

  private let lastError = Mutex<(any Error)?>(nil)

  /// - Parameters:
  ///   - folder: the run's.
  ///   - every: the steps between scheduled checkpoints; others are there by time, or because the run was stopped.
  ///   - keepLast: how many of the newest are kept, of all and of the scheduled ones.
  ///   - keepEvery: multiples of this step are kept for good; 0 for none.
  init(folder: RunFolder, every: Int = 1, keepLast: Int, keepEvery: Int) {
    self.folder = folder
    self.every = every
    self.keepLast = keepLast
    self.keepEvery = keepEvery
  }

  /// Takes a checkpoint and returns; the bytes are made and written behind the caller's back.
  ///
  /// It waits for the one before: on a slow disk checkpoints must not pile up in memory.
  ///
  /// - Parameters:
  ///   - checkpoint: what to write.
  ///   - status: how the run stands, to be said once the checkpoint is on the disk.
  package func save(_ checkpoint: consuming Checkpoint, status: StatusRecord? = nil) {
    let box = CheckpointBox(checkpoint)
    queue.sync {}
    queue.async { [self] in
      do {
        try write(box.value)
        lastError.withLock { $0 = nil }
        status?.write(in: folder)
      } catch {
        failures.withLock { $0.append("\(error)") }
        lastError.withLock { $0 = error }
      }
    }
  }

  /// Waits until everything taken is written.
  ///
  /// - Returns: what went wrong with the last checkpoint, if anything did.
  @discardableResult package func finish() -> (any Error)? {
    queue.sync {}
    return lastError.withLock { $0 }
  }

  /// What went wrong since the last call.
  func takeFailures() -> [String] {
    failures.withLock { list in
      defer { list = [] }
      return list
    }
  }

  private func write(_ checkpoint: borrowing Checkpoint) throws {
    let name = Self.name(step: checkpoint.state.step)
    try checkpoint.write(to: folder.checkpoints + "/" + name)
    // Only now is the checkpoint whole and on the disk: `latest` never names anything else.
    try folder.write(name + "\n", to: folder.checkpoints + "/latest")
    prune(newest: checkpoint.state.step, kept: [checkpoint.header.best?.step, checkpoint.state.guarding.origin])
  }

  /// Removes what is neither among the last K, nor among the last K scheduled ones, nor a multiple of M steps, nor the
  /// best, nor what a run rolls back to.
  private func prune(newest: Int, kept: Set<Int?>) {
    let steps = Self.steps(in: folder).filter { $0 <= newest }
    // Those by time come and go without a scheduled one going for them.
    let scheduled = Set(steps.filter { $0 % every == 0 }.suffix(keepLast))
    for step in steps.dropLast(max(keepLast, 1)) where !kept.contains(step) && !scheduled.contains(step) {
      if keepEvery > 0, step % keepEvery == 0 { continue }
      try? FileManager.default.removeItem(atPath: folder.checkpoints + "/" + Self.name(step: step))
    }
  }
}

extension CheckpointStore {
  /// The file name of a step's checkpoint.
  package static func name(step: Int) -> String { "step-" + padded(step) + ".safetensors" }

  /// The steps of the checkpoints in a folder, in order.
  package static func steps(in folder: RunFolder) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.checkpoints)) ?? []
    return names.compactMap { Self.step(ofName: $0) }.sorted()
  }

  /// The files to go on from, best first: the one that `latest` names, then those of earlier and later steps.
  ///
  /// A run that died before its first `latest` has none, and goes on from what is there.
  ///
  /// - Throws: what is wrong with `latest`, or that there is no checkpoint at all.
  package static func candidates(in folder: RunFolder) throws -> [String] {
    let all = steps(in: folder).reversed().map { folder.checkpoints + "/" + name(step: $0) }
    guard all.isEmpty || FileManager.default.fileExists(atPath: folder.checkpoints + "/latest") else { return all }
    let newest = try file(in: folder)
    return [newest] + all.filter { $0 < newest } + all.filter { $0 > newest }
  }

  /// The file of the newest checkpoint, or of the one of `step`.
  package static func file(in folder: RunFolder, step: Int? = nil) throws -> String {
    if let step {
      let file = folder.checkpoints + "/" + name(step: step)
      let kept = steps(in: folder)
      guard kept.contains(step) || kept.isEmpty else {
        let words = kept.map(String.init).joined(separator: ", ")
        throw ToolError.usage(
          "--checkpoint \(step): \(folder.checkpoints) has none of that step, only of \(shortened(words))")
      }
      return file
    }
    let latest = folder.checkpoints + "/latest"
    let bytes = try readFile(latest, atMost: 256) {
      .data(Place(latest), "is \($0) bytes long; write the file name of a checkpoint into it, and nothing else")
    }
    let name = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    guard Self.step(ofName: name) != nil else {
      let example = steps(in: folder).last.map { ", such as \(Self.name(step: $0))" } ?? ""
      throw ToolError.data(
        Place(latest), "names \(quoted(name)), which is no checkpoint; write the file name of one into it\(example)")
    }
    return folder.checkpoints + "/" + name
  }

  /// The step of a checkpoint's file name; nil for every other name, paths and hidden characters included.
  package static func step(ofName file: String) -> Int? {
    guard file.hasPrefix("step-"), file.hasSuffix(".safetensors"), file.utf8.count < 40,
      let step = Int(file.dropFirst(5).dropLast(12)), step >= 0, name(step: step) == file
    else { return nil }
    return step
  }
}
