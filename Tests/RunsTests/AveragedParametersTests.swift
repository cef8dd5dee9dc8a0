import Communication
import LinearAlgebra
import Networks
import Sampling
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Runs
@testable import Training

/// A checkpoint whose four parts are four different lots of random numbers, through all that read one.
@Suite struct AveragedParametersTests {
  private static let yaml = """
    name: four
    data: {target: mg25, count: 200, dimension: 2}
    network: {widths: [8], embedding_features: 4}
    training: {steps: 20, batch: 64, shards: 4}
    sampling: {steps: 6}
    evaluation: {metrics: [nll]}

    """

  /// A run of one checkpoint, of step 7.
  private struct Fixture {
    let folder: TemporaryFolder
    let run: RunFolder
    let file: String
    let experiment: Experiment
    let description: DataSet.Description

    init() throws {
      folder = try TemporaryFolder()
      (run, file) = (RunFolder(folder.path + "/run"), folder.path + "/four.yaml")
      try AtomicFile.write(AveragedParametersTests.yaml, to: file)
      experiment = try Experiment(contentsOf: file)
      description = try DataSource.open(experiment, base: folder.path, .single).load(.single).description
      for path in [run.path, run.checkpoints] { try makeFolder(path) }
      try AtomicFile.write(experiment.yaml, to: run.experiment)
      let header = Checkpoint.Header(
        experiment: experiment, data: description, best: Checkpoint.Best(step: 4, loss: 0.5))
      try Checkpoint(header: header, state: state()).write(to: CheckpointStore.file(in: run, step: 7))
      try AtomicFile.write(CheckpointStore.name(step: 7) + "\n", to: run.checkpoints + "/latest")
    }

    func state() -> TrainerState {
      let model = experiment.model(dimension: 2)
      var state = TrainerState(count: ParameterLayout(model.network).count, step: 7)
      for (seed, part) in StatePart.allCases.enumerated() {
        state[part].copy(from: normals(1, state.average.count, seed: UInt64(seed), scale: 0.2))
      }
      // A second moment is a mean of squares.
      for k in 0..<state.second.count { state.second[0, k] = abs(state.second[0, k]) }
      // Steps of the optimiser leave gaps between tensors at zero.
      let used = Set(ParameterLayout(model.network).entries.flatMap { $0.range })
      for part in StatePart.allCases {
        for k in 0..<state.average.count where !used.contains(k) { state[part][0, k] = 0 }
      }
      return state
    }
  }

  private func numbers(_ matrix: borrowing Matrix) -> [Float] { (0..<matrix.count).map { matrix[0, $0] } }

  @Test("samples of a run are those of its average, in the data's units") func samples() throws {
    let fixture = try Fixture()
    let state = fixture.state()
    func drawn(_ parameters: borrowing Matrix) throws -> [[Double]] {
      let model = fixture.experiment.model(dimension: 2)
      var score = NetworkScore(model: model, parameters: parameters.head(1))
      var rows = Matrix(rows: NetworkScore.rows, columns: 2)
      try fixture.experiment.source(process: model.process, dimension: 2).generate(
        chunk: 0, score: &score, into: &rows)
      let restored = fixture.description.restored(rows, count: 10)
      return (0..<10).map { r in (0..<2).map { Double(Float(restored[r, $0])) } }
    }
    var request = SampleRequest(source: fixture.run.path)
    (request.count, request.output) = (10, fixture.folder.path + "/x.npy")
    _ = try sample(request, .single)
    let found = try collect(ArrayFile(fixture.folder.path + "/x.npy")).rows
    #expect(try found == drawn(state.average))
    #expect(try found != drawn(state.parameters))
  }

  @Test("the likelihood of a run is that of its average") func likelihood() throws {
    let fixture = try Fixture()
    let network = try NetworkLikelihood.newest(in: fixture.run, fixture.experiment, .single)
    #expect(numbers(network.parameters.value) == numbers(fixture.state().average))
  }

  @Test("a run that begins with another's parameters takes its average for both") func initialised() throws {
    let fixture = try Fixture()
    var request = TrainingRequest(start: .experiment(file: fixture.file))
    (request.initialise, request.output, request.checkOnly) = (fixture.run.path, fixture.folder.path + "/new", true)
    let state = try TrainingRun(request, .single).trainer.gatherState()
    let average = numbers(fixture.state().average)
    #expect(numbers(state.parameters) == average && numbers(state.average) == average && state.step == 0)
    #expect(numbers(state.first).allSatisfy { $0 == 0 } && numbers(state.second).allSatisfy { $0 == 0 })
  }

  @Test("a resumed run goes on with all four parts, its step and its best step", arguments: [1, 3])
  func resumed(ranks: Int) throws {
    let fixture = try Fixture()
    let path = fixture.run.path
    let parts = try onRanks(ranks) { communicator in
      var request = TrainingRequest(start: .resume(run: path))
      request.checkOnly = true
      let run = try TrainingRun(request, communicator)
      let state = try run.trainer.gatherState()
      let best = [Float(run.best?.step ?? -1), Float(run.best?.loss ?? -1)]
      return StatePart.allCases.map { part in (0..<state[part].count).map { state[part][0, $0] } } + [
        [Float(state.step)], best,
      ]
    }
    let known = fixture.state()
    let expected = StatePart.allCases.map { numbers(known[$0]) } + [[7], [4, 0.5]]
    for found in parts { #expect(found == expected) }
  }
}
