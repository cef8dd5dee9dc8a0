import Communication
import Foundation
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs

/// A network of noise levels, small enough to be trained in a moment.
private let tiny = """
  name: tiny
  data: {target: funnel, dimension: 2, count: 300}
  process: {kind: critically-damped-langevin}
  network: {widths: [8], embedding_features: 8, input: noisy-data}
  training: {steps: 6, batch: 64, shards: 4, warmup_steps: 2, minimum_noise: 0.001, maximum_noise: 500, log_every: 2}
  sampling: {sampler: euler-maruyama, steps: 4, count: 64}
  checkpoints: {every: 2}
  evaluation: {metrics: [sliced-w2], directions: 5, repeats: 1, count: 64}

  """
private let table = "sweep: {process.epsilon: [0, 0.25], sampling.steps: [3, 4]}\n"

extension TemporaryFolder {
  fileprivate func request(_ output: String, table: String = "", _ settings: [String] = []) throws -> TrainingRequest {
    let file = path + "/\(output).yaml"
    try (tiny + table).write(toFile: file, atomically: true, encoding: .utf8)
    var request = TrainingRequest(start: .experiment(file: file))
    request.output = path + "/" + output
    request.settings = settings
    return request
  }

  fileprivate func resumption(_ output: String, _ settings: [String] = []) -> TrainingRequest {
    var request = TrainingRequest(start: .resume(run: path + "/" + output))
    request.settings = settings
    return request
  }

  fileprivate func cells(of sweep: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(sweep)/cells").sorted().map {
      "\(sweep)/cells/\($0)"
    }
  }

  /// The lines of a log without their times.
  fileprivate func lines(_ run: String) throws -> [String] {
    try MetricsLog.read("\(path)/\(run)/metrics.jsonl").map { line in
      guard case .object(let members) = line else { return "" }
      return JSONValue.object(members.filter { !["seconds", "timings"].contains($0.name) }).description
    }
  }

  /// Whether two run folders hold the same checkpoints, all of them, the same samples and the same log.
  fileprivate func expectSame(_ run: String, _ other: String, _ location: SourceLocation = #_sourceLocation) throws {
    #expect(files(below: run + "/checkpoints") == files(below: other + "/checkpoints"), sourceLocation: location)
    let checkpoints = files(below: run + "/checkpoints") + ["latest"]
    for name in checkpoints.map({ "checkpoints/" + $0 }) + ["experiment.yaml"] {
      let isSame = try bytes("\(run)/\(name)") == bytes("\(other)/\(name)")
      #expect(isSame, "\(name) of \(run)", sourceLocation: location)
    }
    let samples = files(below: run + "/samples")
    #expect(!samples.isEmpty && samples == files(below: other + "/samples"), sourceLocation: location)
    for name in samples {
      let isSame = try bytes("\(run)/samples/\(name)") == bytes("\(other)/samples/\(name)")
      #expect(isSame, "\(name) of \(run)", sourceLocation: location)
    }
    #expect(try lines(run) == lines(other) && !lines(run).isEmpty, sourceLocation: location)
  }
}

private func status(_ request: TrainingRequest) throws -> Status { try train(request, .single) }

private let settings = [0.0, 0.25].flatMap { epsilon in
  [3, 4].map { ["process.epsilon=\(epsilon)", "sampling.steps=\($0)"] }
}

@Suite(.serialized) struct SharedTrainingTests {
  /// With parameters that do not move the first checkpoint is the best, and training ends before its last step.
  @Test(
    "cells that share a training leave what runs of their own leave, also with the best checkpoint's samples",
    arguments: [[], ["training.stop_after=1", "training.learning_rate=1e-30", "checkpoints.keep_last=1"]])
  func sameBytes(further: [String]) throws {
    let folder = try TemporaryFolder()
    let plan = try #require(try SweepPlan(folder.request("sweep", table: table, further), .single))
    #expect(plan.cells.map(\.leader) == [0, 0, 0, 0])
    var request = try folder.request("sweep", table: table, further)
    request.overwrite = true
    #expect(try status(request) == .success)
    let cells = try folder.cells(of: "sweep")
    #expect(cells.count == 4)
    for (number, cell) in cells.enumerated() {
      // A label is a cell's: no report is drawn, which takes longer than all else.
      var single = try folder.request("single-\(number)", settings[number] + further)
      single.label = "single"
      #expect(try status(single) == .success)
      try folder.expectSame(cell, "single-\(number)")
      if !further.isEmpty {
        #expect(folder.files(below: cell + "/samples") == ["step-000000002.npy"])
        #expect(folder.files(below: cell + "/checkpoints").count == 2)
      }
      #expect(RunFolder(folder.path + "/" + cell).isFinished(as: plan.cells[number].experiment))
    }
    #expect(try runStatus(folder.path + "/sweep").hasPrefix("complete "))
  }

  @Test("with --until the cells that train stop there and the others wait; --resume leaves what one job leaves")
  func until() throws {
    let folder = try TemporaryFolder()
    #expect(try status(folder.request("whole", table: table)) == .success)
    var request = try folder.request("parts", table: table)
    request.until = 3
    #expect(try status(request) == .success)
    let cells = try folder.cells(of: "parts")
    #expect(folder.files(below: cells[0] + "/checkpoints").contains("step-000000003.safetensors"))
    for cell in cells.dropFirst() { #expect(folder.files(below: cell + "/checkpoints").isEmpty) }
    #expect(try runStatus(folder.path + "/parts") == "stopped 3")
    #expect(try status(folder.resumption("parts")) == .success)
    for (cell, other) in zip(cells, try folder.cells(of: "whole")) {
      // The checkpoint at which the run stopped is one more.
      for name in ["checkpoints/step-000000006.safetensors", "samples/step-000000006.npy"] {
        let isSame = try folder.bytes("\(cell)/\(name)") == folder.bytes("\(other)/\(name)")
        #expect(isSame, "\(cell) \(name)")
      }
    }
    #expect(try folder.bytes("parts/table.jsonl") == folder.bytes("whole/table.jsonl"))
  }

  @Test("a sweep that is resumed with more steps trains on once, and every cell has the bytes of a run resumed alike")
  func longer() throws {
    let folder = try TemporaryFolder()
    #expect(try status(folder.request("sweep", table: table)) == .success)
    #expect(try status(folder.resumption("sweep", ["training.steps=8"])) == .success)
    #expect(try status(folder.request("single", settings[3])) == .success)
    #expect(try status(folder.resumption("single", ["training.steps=8"])) == .success)
    let cell = try folder.cells(of: "sweep")[3]
    for name in ["checkpoints/step-000000008.safetensors", "samples/step-000000008.npy", "experiment.yaml"] {
      let isSame = try folder.bytes("\(cell)/\(name)") == folder.bytes("single/\(name)")
      #expect(isSame, "\(name)")
    }
    #expect(try folder.lines(cell) == folder.lines("single"))
    // The seconds are those of the one training: no cell has trained by itself.
    let log = try folder.bytes(cell + "/metrics.jsonl")
    let isShared = try log == folder.bytes(folder.cells(of: "sweep")[0] + "/metrics.jsonl")
    #expect(isShared)
    #expect(try runStatus(folder.path + "/sweep") == "complete 32")
  }

  @Test("other samples alone are drawn from the network that a cell has: nothing is copied again")
  func resampled() throws {
    let folder = try TemporaryFolder()
    #expect(try status(folder.request("sweep", table: table)) == .success)
    let cell = try folder.cells(of: "sweep")[3]
    let before = try folder.bytes(cell + "/checkpoints/step-000000006.safetensors")
    let samples = try folder.bytes(cell + "/samples/step-000000006.npy")
    #expect(try status(folder.resumption("sweep", ["sampling.seed=9"])) == .success)
    let isKept = try before == folder.bytes(cell + "/checkpoints/step-000000006.safetensors")
    let isNew = try samples != folder.bytes(cell + "/samples/step-000000006.npy")
    #expect(isKept && isNew)
  }

  @Test("a cell that has gone further on its own keeps its checkpoints, and is refused fewer steps")
  func further() throws {
    let folder = try TemporaryFolder()
    #expect(try status(folder.request("sweep", table: table)) == .success)
    let cell = try folder.cells(of: "sweep")[3]
    #expect(try status(folder.resumption(cell, ["training.steps=12"])) == .success)
    let failure = #expect(throws: SweepFailure.self) { try status(folder.resumption("sweep", ["training.steps=9"])) }
    let text = try #require(failure?.description)
    #expect(text.contains("1 of 4 cells failed"), "\(text)")
    #expect(text.contains("\(cell): training.steps: is 9, but the run has reached step 12"), "\(text)")
    #expect(folder.files(below: cell + "/checkpoints").contains("step-000000012.safetensors"))
  }

  @Test("a cell that fails to train fails those that share its training, each with a sentence that names it")
  func failing() throws {
    let folder = try TemporaryFolder()
    let table = "sweep: {training.learning_rate: [1e30, 1e-3], sampling.steps: [3, 4]}\n"
    let request = try folder.request("sweep", table: table, ["training.clip_norm=0"])
    for one in [request, folder.resumption("sweep")] {
      let failure = #expect(throws: SweepFailure.self) { try status(one) }
      let text = try #require(failure?.description)
      let lines = text.split(separator: "\n")
      #expect(lines[0] == "2 of 4 cells failed; the others are done:")
      #expect(lines[1].contains("cells/001_") && lines[1].contains("not finite"))
      let cells = try folder.cells(of: "sweep").map { folder.path + "/" + $0 }
      #expect(lines[2] == "  \(cells[1]): its network is trained by \(cells[0]), which failed", "\(text)")
      #expect(failure?.status == Status.dataErr.rawValue)
    }
    #expect(try runStatus(folder.path + "/sweep").hasPrefix("failed 13 - "))
  }

  @Test(
    "a training whose last checkpoint is damaged is not taken over, and one that is taken over in part begins again")
  func damaged() throws {
    let folder = try TemporaryFolder()
    #expect(try status(folder.request("sweep", table: table)) == .success)
    let cells = try folder.cells(of: "sweep")
    let (leader, cell) = (RunFolder(folder.path + "/" + cells[0]), RunFolder(folder.path + "/" + cells[3]))
    let whole = try folder.bytes(cells[3] + "/checkpoints/step-000000006.safetensors")
    // As a job that is killed between two files leaves it.
    for file in [cell.checkpoints + "/latest", cell.checkpoints + "/step-000000006.safetensors", cell.judgements] {
      try FileManager.default.removeItem(atPath: file)
    }
    #expect(try status(folder.resumption("sweep")) == .success)
    let isSame = try whole == folder.bytes(cells[3] + "/checkpoints/step-000000006.safetensors")
    #expect(isSame)
    try AtomicFile.write("no checkpoint", to: leader.checkpoints + "/step-000000006.safetensors")
    for file in [cell.checkpoints + "/latest", cell.judgements] { try FileManager.default.removeItem(atPath: file) }
    let failure = #expect(throws: SweepFailure.self) { try status(folder.resumption("sweep")) }
    #expect(
      failure?.description.hasSuffix(
        ": its network is trained by \(leader.path), whose last checkpoint cannot be read; go on with: sgm-train --resume "
          + leader.path) == true, "\(failure?.description ?? "")")
  }
}
