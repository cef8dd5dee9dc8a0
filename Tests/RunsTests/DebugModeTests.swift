import Communication
import Foundation
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs
@testable import Training

private let experiment = """
  name: small
  data: {target: diamond, count: 600}
  network: {widths: [16, 16], embedding_features: 8}
  training: {steps: 12, batch: 64, shards: 4, held_out_every: 4, warmup_steps: 4}
  checkpoints: {every: 4}
  """

extension TemporaryFolder {
  fileprivate func request(_ output: String, _ settings: [String] = []) throws -> TrainingRequest {
    let file = path + "/small.yaml"
    try experiment.write(toFile: file, atomically: true, encoding: .utf8)
    var request = TrainingRequest(start: .experiment(file: file))
    request.output = path + "/" + output
    request.settings = settings
    return request
  }

  fileprivate func replay(_ output: String, until: Int) -> TrainingRequest {
    var request = TrainingRequest(start: .resume(run: path + "/" + output))
    request.debug = true
    request.until = until
    return request
  }
}

private func train(_ request: TrainingRequest) throws -> TrainingRun {
  let run = try TrainingRun(request, .single)
  try run.train()
  return run
}

@Suite struct DebugModeTests {
  @Test("a debug run leaves the checkpoints and metrics of an ordinary one, byte for byte, and hashes of every step")
  func sameBytes() throws {
    let folder = try TemporaryFolder()
    var ordinary = try folder.request("ordinary")
    ordinary.hashSteps = [7, 10]
    _ = try train(ordinary)
    var debug = try folder.request("debug")
    debug.debug = true
    _ = try train(debug)
    for step in [4, 8, 12] {
      let name = "checkpoints/" + CheckpointStore.name(step: step)
      let isSame = try folder.bytes("ordinary/" + name) == folder.bytes("debug/" + name)
      #expect(isSame, "step \(step)")
    }
    #expect(folder.files(below: "ordinary/debug") == ["step-000000007.json", "step-000000010.json"])
    #expect(folder.files(below: "debug/debug").count == 12)
    for step in ["07", "10"] {
      let isSame =
        try folder.bytes("ordinary/debug/step-0000000\(step).json")
        == folder.bytes("debug/debug/step-0000000\(step).json")
      #expect(isSame)
    }
  }

  @Test("a replay starts before the step that it is to reach, compares hashes, and leaves all else as it was")
  func replay() throws {
    let folder = try TemporaryFolder()
    var request = try folder.request("run")
    request.hashSteps = [7]
    _ = try train(request)
    let before = try folder.files(below: "run").map { try folder.bytes("run/" + $0) }
    let names = folder.files(below: "run")
    let run = try train(folder.replay("run", until: 7))
    #expect(run.isReplay && run.trainer.step == 7 && run.stepsTaken == 3)
    #expect(try names.map { try folder.bytes("run/" + $0) } == before)
    #expect(folder.files(below: "run/debug").count == 3)
  }

  @Test("a replay that computes another gradient names step, shard and layer")
  func difference() throws {
    let folder = try TemporaryFolder()
    var request = try folder.request("run")
    request.hashSteps = [7]
    _ = try train(request)
    let file = folder.path + "/run/debug/step-000000007.json"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    // Line 0 opens the list; the last hash of a shard's line is that of its last layer.
    let last = try #require(lines[3].range(of: "\"hash\":\"", options: .backwards))
    let digits = lines[3].index(last.upperBound, offsetBy: 0)..<lines[3].index(last.upperBound, offsetBy: 8)
    let found = String(lines[3][digits])
    lines[3].replaceSubrange(digits, with: found == "00000000" ? "11111111" : "00000000")
    try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
    let message = errorText { _ = try train(folder.replay("run", until: 7)) }
    #expect(message.contains("step 7, shard 2, layer 2: the recorded gradient has hash "))
    #expect(message.contains("this process computes \(found)"))
    #expect(folder.files(below: "run/debug").contains("step-000000007-replayed.json"))
  }

  @Test("what cannot be is refused in one sentence")
  func refusals() throws {
    let folder = try TemporaryFolder()
    var late = try folder.request("late")
    late.hashSteps = [13]
    #expect(
      errorText { _ = try train(late) } == "--hashes-at 13: this run takes steps 1 to 12; name one of them")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/late"))
    _ = try train(folder.request("run"))
    #expect(
      errorText { _ = try train(folder.replay("run", until: 4)) }
        == "--until 4: \(folder.path)/run/checkpoints has no checkpoint before that step, the first is of step 4; "
        + "keep earlier ones by checkpoints.keep_every")
  }

  @Test("a run that diverges names the step, the place and the shard")
  func divergence() throws {
    let folder = try TemporaryFolder()
    let message = errorText {
      _ = try train(
        folder.request("run", ["training.learning_rate=1e30", "training.warmup_steps=0", "training.clip_norm=0"]))
    }
    #expect(message.contains("/run: step 2: the "))
    #expect(message.contains(" not finite in shard 0: training diverges; lower training.learning_rate, or clip"))
  }

  @Test("--check estimates and writes nothing")
  func check() throws {
    let folder = try TemporaryFolder()
    var request = try folder.request("run", ["training.steps=1000000"])
    request.checkOnly = true
    let estimate = try Estimate(TrainingRun(request, .single))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/run"))
    #expect(estimate.description.contains("540 rows of dimension 2 to train on, 60 held out"))
    // A step of this size takes between 1 µs and 1 s on anything that runs it.
    #expect(estimate.seconds > 1 && estimate.seconds < 1e6)
  }
}

@Suite struct EstimateTests {
  // By hand: 10, 20 to 60; 30 to 60; 1000, 2000 to 20,000 beside each 500th; 7, 14, 20 to 60; 20 to 60 and the end.
  @Test(
    "a held-out loss that is due for two reasons is counted once",
    arguments: [
      ("held_out_every: 10, steps: 60", 20, 0, 6), ("held_out_every: 10, steps: 60", 20, 20, 4),
      ("held_out_every: 500, steps: 20000", 1000, 0, 40), ("held_out_every: 7, steps: 60", 20, 0, 11),
      ("held_out_every: 0, steps: 65", 20, 0, 4),
    ])
  func heldOutLosses(training: String, every: Int, step: Int, expected: Int) throws {
    let experiment = try Experiment(
      yaml: "data: {target: funnel}\ntraining: {\(training)}\ncheckpoints: {every: \(every)}\n", file: "small")
    #expect(Estimate.heldOutLosses(after: step, experiment) == expected)
  }
}

@Suite struct NonFiniteTests {
  private func record(_ shard: Int, change: (inout ShardRecord) -> Void = { _ in }) -> ShardRecord {
    let layer = ShardRecord.Layer(hash: "00000000", gradientNorm: 1, activation: 1)
    var record = ShardRecord(shard: shard, loss: 1, input: 1, layers: [layer, layer, layer])
    change(&record)
    return record
  }

  @Test("the first place in the order of computation is named, not its consequences")
  func order() {
    #expect(NonFinite.find([record(0), record(1)]) == nil)
    let forward = record(1) {
      $0.layers[1].activation = .nan
      $0.layers[2].activation = .nan
      $0.loss = .nan
      for l in 0..<3 { $0.layers[l].gradientNorm = .nan }
    }
    #expect(NonFinite.find([record(0), forward]) == NonFinite(stage: .activations(layer: 1), shard: 1))
    let backward = record(0) {
      $0.layers[0].gradientNorm = .infinity
      $0.layers[1].gradientNorm = .nan
    }
    #expect(NonFinite.find([backward]) == NonFinite(stage: .gradient(layer: 1), shard: 0))
    #expect(NonFinite.find([backward, forward])?.shard == 1)
    #expect(NonFinite.find([record(3) { $0.input = .nan }])?.stage == .input)
    #expect(NonFinite.find([record(3) { $0.loss = .infinity }])?.stage == .loss)
    let stages: [NonFinite.Stage] = [
      .input, .activations(layer: 0), .activations(layer: 2), .loss, .gradient(layer: 2), .gradient(layer: 0),
    ]
    let orders = stages.map { NonFinite(stage: $0, shard: 0).order(layers: 3) }
    #expect(orders == orders.sorted() && Set(orders).count == orders.count)
    #expect(
      NonFinite(stage: .activations(layer: 1), shard: 5).words { $0 != 1 }
        == "the activations of layers.1, whose parameters are not finite, are not finite in shard 5")
  }
}
