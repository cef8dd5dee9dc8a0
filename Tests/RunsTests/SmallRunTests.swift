import Communication
import Foundation
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs

/// Whole runs of a moment: what they remember of their losses, and what they leave when they stop and go on.
@Suite(.serialized) struct SmallRunTests {
  private static let tiny = """
    name: tiny
    data: {target: gaussian, dimension: 2, count: 300}
    network: {widths: [8], embedding_features: 8}
    training: {steps: 6, batch: 64, shards: 4, warmup_steps: 1, learning_rate: 0.02, log_every: 1}
    sampling: {sampler: euler-maruyama, steps: 4, count: 64}
    checkpoints: {every: 2, keep_last: 9}
    evaluation: {metrics: [sliced-w2], directions: 5, repeats: 1, count: 64}

    """

  private struct Run {
    let folder: TemporaryFolder
    let run: RunFolder

    /// A run in a folder of its own.
    init(_ settings: [String] = [], until: Int? = nil) throws {
      folder = try TemporaryFolder()
      run = RunFolder(folder.path + "/run")
      let file = folder.path + "/tiny.yaml"
      try SmallRunTests.tiny.write(toFile: file, atomically: true, encoding: .utf8)
      var request = TrainingRequest(start: .experiment(file: file))
      (request.output, request.settings, request.until) = (run.path, settings, until)
      // No report is drawn, which takes longer than all else.
      request.label = "tiny"
      #expect(try train(request, .single) == .success)
    }

    func resume() throws {
      var request = TrainingRequest(start: .resume(run: run.path))
      request.label = "tiny"
      #expect(try train(request, .single) == .success)
    }

    func lines() throws -> [JSONValue] { try MetricsLog.read(run.path + "/metrics.jsonl") }

    /// The held-out losses by their steps.
    func losses() throws -> [Int: Double] {
      let pairs = try lines().compactMap { line -> (Int, Double)? in
        guard let step = line["step"]?.number.map({ Int($0) }), let loss = line["held_out_loss"]?.number else {
          return nil
        }
        return (step, loss)
      }
      return Dictionary(uniqueKeysWithValues: pairs)
    }

    func best() throws -> Checkpoint.Best? {
      try Checkpoint.newest(in: run, step: nil, .single).header.best
    }
  }

  @Test(
    "the best checkpoint is that of the least held-out loss: the first of equal ones, one in the middle, the last",
    arguments: [("1e-30", 2), ("0.02", 4), ("3", 6)])
  func best(rate: String, step: Int) throws {
    let run = try Run(["training.learning_rate=\(rate)", "training.clip_norm=0", "training.divergence=0"])
    let losses = try run.losses()
    #expect(losses.count == 3 && losses.allSatisfy { $0.value >= losses[step] ?? .nan }, "\(losses)")
    let found = try #require(try run.best())
    #expect(found.step == step && found.loss == losses[step], "\(losses)")
  }

  @Test("held-out losses are those of the average, and training does not depend on it") func averaged() throws {
    let (short, long) = (try Run(["training.ema_decay=0"]), try Run(["training.ema_decay=0.999"]))
    let trained = try [short, long].map { try $0.lines().compactMap { $0["loss"]?.number } }
    #expect(trained[0] == trained[1] && trained[0].count == 6)
    let (first, second) = (try short.losses(), try long.losses())
    #expect(
      first.count >= 3 && first.keys == second.keys && first.keys.allSatisfy { first[$0] != second[$0] },
      "\(first), \(second)")
  }

  @Test("a run ends when nothing has become better for as long as it is to wait") func settled() throws {
    let run = try Run(["training.stop_after=1", "training.learning_rate=1e-30"])
    #expect(
      run.folder.files(below: "run/checkpoints").filter { $0.hasPrefix("step-") }.last == "step-000000004.safetensors")
    #expect(run.folder.files(below: "run/samples") == ["step-000000002.npy"])
  }

  @Test("a run whose last checkpoint is lost writes the lines after the one before anew, and none twice") func lines()
    throws
  {
    let (whole, run) = (try Run(), try Run())
    try FileManager.default.removeItem(atPath: CheckpointStore.file(in: run.run, step: 6))
    try AtomicFile.write(CheckpointStore.name(step: 4) + "\n", to: run.run.checkpoints + "/latest")
    try run.resume()
    func steps(_ run: Run) throws -> [Int] { try run.lines().compactMap { $0["step"]?.number.map { Int($0) } } }
    #expect(try steps(run) == steps(whole))
    #expect(try run.losses() == whole.losses())
  }

  @Test("a run is finished when it is trained, sampled and judged") func finished() throws {
    let run = try Run()
    let experiment = try Experiment(contentsOf: run.run.experiment)
    #expect(run.run.isFinished(as: experiment))
    try FileManager.default.removeItem(atPath: run.run.path + "/judgements.jsonl")
    #expect(!run.run.isFinished(as: experiment))
  }
}
