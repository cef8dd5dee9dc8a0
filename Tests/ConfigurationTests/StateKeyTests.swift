import Diffusion
import Networks
import Sampling
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files

/// Experiments on discrete states as they are read.
@Suite struct StateKeyTests {
  private func read(_ process: String, _ rest: String = "", data: String = "file: a.csv, levels: 9") throws
    -> Experiment
  {
    try Experiment(yaml: "data: {\(data)}\nprocess: {\(process)}\n\(rest)", file: "run.yaml")
  }

  private func refusal(_ process: String, _ rest: String = "", data: String = "file: a.csv, levels: 9") -> String {
    errorText { _ = try read(process, rest, data: data) }
  }

  @Test(
    "every chain is made with its keys, and survives being written and read", arguments: DiscreteProcessKind.allCases)
  func kinds(kind: DiscreteProcessKind) throws {
    let experiment = try read("kind: \(kind.rawValue), chain_steps: 40")
    #expect(experiment.process.choice == .discrete(kind))
    #expect(try Experiment(yaml: experiment.yaml, file: "again") == experiment)
    let model = try #require(experiment.stateModel(dimension: 3))
    // β of 0.1 and 20 per unit time over 40 steps.
    #expect(model.process == DiscreteProcess(kind, levels: 9, steps: 40, noise: (0.0025, 0.5)))
    #expect(model.network == experiment.architecture(dimension: 3))
    #expect(model.network.outputs == 27 && model.network.inputs == 3 * model.process.states)
    #expect(model.form == .joint && model.crossEntropy == 0.001 && model.head == .logits && model.input == .oneHot)
    #expect(experiment.sampling.steps == 40 && !experiment.sampling.denoise && !experiment.data.standardise)
    #expect(experiment.training.timeLaw.kind == .uniform)
  }

  @Test("many levels are seen and said by two numbers a column, unless told otherwise") func many() throws {
    let usual = try #require(
      read("kind: discrete-absorbing", data: "file: a.csv, levels: 256").stateModel(dimension: 2))
    #expect(usual.head == .logistic && usual.input == .centred)
    #expect(usual.network.inputs == 4 && usual.network.outputs == 4)
    let told = try #require(
      read(
        "kind: discrete-absorbing",
        "network: {state_input: one-hot, state_output: logits, reverse_form: posterior}\ntraining: {cross_entropy: 0.5}",
        data: "file: a.csv, levels: 256"
      ).stateModel(dimension: 2))
    #expect(told.network.inputs == 514 && told.network.outputs == 512)
    #expect(told.form == .posterior && told.crossEntropy == 0.5)
  }

  @Test("what does not go together is refused by name") func refusals() {
    #expect(
      refusal("kind: discrete-uniform", data: "file: a.csv")
        == "run.yaml:2:17: process.kind discrete-uniform needs data.levels: the number K of states of each column, which holds whole numbers from 0 to K−1"
    )
    #expect(
      refusal("kind: discrete-uniform", data: "target: mg25")
        == "run.yaml:2:17: process.kind discrete-uniform is for discrete states, but data.target mg25 draws real numbers; give data.file and data.levels, or a process of real numbers"
    )
    #expect(
      refusal("kind: discretised-gaussian, chain_steps: 2000", data: "file: a.csv, levels: 256")
        == "run.yaml:2:52: process.chain_steps must be at most 1024 for 256 levels of a discretised Gaussian, whose matrices are kept for every step, found 2000"
    )
    #expect(
      refusal("kind: discretised-gaussian, beta_min: 30").hasSuffix(
        "process.beta_min must not exceed process.beta_max = 20.0, found 30.0"))
    #expect(
      refusal("kind: discrete-uniform", "sampling: {grid: uniform}")
        == "run.yaml:3:18: sampling.grid is for processes of real numbers, but process.kind is discrete-uniform; remove it"
    )
  }
}
