import Diffusion
import LinearAlgebra
import Networks
import Targets
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Runs
@testable import Training

/// What a run keeps of its checkpoints, in what order they are tried, and what comes back from one.
@Suite struct CheckpointStoreTests {
  private func checkpoint(step: Int, best: Int?, origin: Int?) throws -> Checkpoint {
    let experiment = try Experiment(
      yaml: "data: {target: diamond}\nnetwork: {widths: [4], embedding_features: 2}", file: "small.yaml")
    let model = experiment.model(dimension: 2)
    var description = DataSet.Description(
      dimension: 2, rows: 10, columnNames: ["a", "b"], standardisation: Standardisation(mean: [1, 2], scale: [3, 1]),
      constantColumns: [false, true], fingerprint: "0123")
    description.isDouble = true
    var state = TrainerState(count: ParameterLayout(model.network).count, step: step)
    (state.guarding.origin, state.guarding.learningRateScale, state.guarding.rollbacks) = (origin, 0.25, 2)
    (state.guarding.averageLoss, state.guarding.peakLoss, state.guarding.skipped) = (0.5, 0.75, 3)
    let header = Checkpoint.Header(
      experiment: experiment, data: description, best: best.map { Checkpoint.Best(step: $0, loss: 0.125) })
    return Checkpoint(header: header, state: state)
  }

  private func withRun<R>(_ body: (RunFolder) throws -> R) throws -> R {
    let folder = try TemporaryFolder()
    let run = RunFolder(folder.path)
    try makeFolder(run.checkpoints)
    return try body(run)
  }

  @Test("the newest, the best, the one to roll back to and those kept for good stay; latest names the newest")
  func kept() throws {
    try withRun { run in
      let store = CheckpointStore(folder: run, keepLast: 2, keepEvery: 40)
      for step in stride(from: 10, through: 70, by: 10) {
        store.save(try checkpoint(step: step, best: min(step, 20), origin: 10))
      }
      let failure = store.finish()
      #expect(failure == nil && store.takeFailures().isEmpty)
      #expect(CheckpointStore.steps(in: run) == [10, 20, 40, 60, 70])
      let latest = try CheckpointStore.file(in: run)
      #expect(latest == run.checkpoints + "/step-000000070.safetensors")
    }
  }

  @Test("checkpoints by time come and go beside the scheduled ones, and take no place of theirs")
  func byTime() throws {
    try withRun { run in
      let store = CheckpointStore(folder: run, every: 10, keepLast: 2, keepEvery: 0)
      for step in [10, 20, 30, 33, 36, 39] { store.save(try checkpoint(step: step, best: nil, origin: nil)) }
      store.finish()
      #expect(CheckpointStore.steps(in: run) == [20, 30, 36, 39])
    }
  }

  @Test("after the one that latest names, older ones are tried from the newest down, and newer ones last")
  func order() throws {
    try withRun { run in
      let store = CheckpointStore(folder: run, keepLast: 9, keepEvery: 0)
      for step in 1...5 { store.save(try checkpoint(step: step, best: nil, origin: nil)) }
      store.finish()
      try run.write(CheckpointStore.name(step: 3) + "\n", to: run.checkpoints + "/latest")
      let steps = try CheckpointStore.candidates(in: run).map { CheckpointStore.step(ofName: String($0.suffix(26))) }
      #expect(steps == [3, 2, 1, 5, 4])
    }
  }

  @Test("everything in a checkpoint's header and guard comes back") func roundTrip() throws {
    try withRun { run in
      let path = try CheckpointStore.file(in: run, step: 5)
      let written = try checkpoint(step: 5, best: 4, origin: 2)
      try written.write(to: path)
      let read = try Checkpoint(contentsOf: path)
      #expect(read.header == written.header)
      #expect(read.state.guarding == written.state.guarding && read.state.step == 5)
    }
  }

  @Test("other data, another network and other frequencies are refused in words; allowed data keep their dimension")
  func checks() throws {
    let header = try checkpoint(step: 5, best: nil, origin: nil).header
    func refusal(_ change: (inout DataSet.Description) -> Void, allowing: Bool) -> String {
      var data = header.data
      change(&data)
      return errorText { try header.check(data, allowingData: allowing) { _ in } }
    }
    #expect(refusal({ _ in }, allowing: false) == "no error was thrown")
    #expect(refusal({ $0.fingerprint = "4567" }, allowing: false).contains("is not the data that the run began with"))
    #expect(refusal({ $0.fingerprint = "4567" }, allowing: true) == "no error was thrown")
    #expect(
      refusal({ $0.columnNames = ["here", "there"] }, allowing: false).contains(
        "is not the data that the run began with"))
    #expect(refusal({ ($0.fingerprint, $0.dimension) = ("4567", 3) }, allowing: true) != "no error was thrown")
    var wide = header.experiment
    wide.network.widths = [8]
    #expect(errorText { try header.checkNetwork(wide, header.data) }.contains("network: differs from that"))
    var fourier = header
    fourier.experiment.network.embedding = .fourier
    var seeded = fourier.experiment
    seeded.seed = 2
    #expect(errorText { try fourier.checkNetwork(seeded, header.data) }.contains("set seed to 1"))
    #expect(errorText { try fourier.checkNetwork(fourier.experiment, header.data) } == "no error was thrown")
  }

  @Test("the events of a step carry its figures under their names") func events() throws {
    try withRun { run in
      var log = try EventLog(file: run.events, keepingUntil: 0)
      let report = Trainer.StepReport(
        step: 3, loss: 0.5, gradientNorm: 7, learningRate: 0.25, wishes: [], fault: nil)
      try log.append(report, heldOut: 0.75)
      try log.flush()
      let bytes = try readLog(run.events)
      for (tag, value) in [
        ("loss/training", 0.5), ("loss/held_out", 0.75), ("gradient_norm", 7), ("learning_rate", 0.25),
      ] as [(String, Float)] {
        var scalar = ProtocolMessage()
        scalar.bytes(1, Array(tag.utf8))
        scalar.float(2, value)
        let isThere = bytes.indices.contains { bytes[$0...].starts(with: scalar.encoded) }
        #expect(isThere, "\(tag)")
      }
    }
  }
}
