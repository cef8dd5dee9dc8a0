import Diffusion
import Sampling
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files

private func read(_ process: String, _ rest: String = "") throws -> Experiment {
  try Experiment(yaml: "data: {target: mg25}\nprocess: {\(process)}\n\(rest)", file: "run.yaml")
}

private func refusal(_ process: String, _ rest: String = "") -> String {
  errorText { _ = try read(process, rest) }
}

@Suite struct ProcessKeyTests {
  @Test(
    "every kind makes a process, survives being written and read, and has the horizon that it is told to have",
    arguments: ProcessKind.allCases)
  func kinds(kind: ProcessKind) throws {
    let experiment = try read("kind: \(kind.rawValue)")
    #expect(experiment.process.make().horizon == kind.usualHorizon)
    #expect(try Experiment(yaml: experiment.yaml, file: "again") == experiment)
    #expect(try read("kind: \(kind.rawValue), horizon: 0.5").process.make().horizon == 0.5)
  }

  @Test("parameters reach their processes") func parameters() throws {
    let phase = try read("kind: phase-space-langevin, position_damping: 0.5, velocity_damping: 3.5, beta: 2").process
    #expect(
      phase.make() as? LinearProcess
        == .phaseSpaceLangevin(positionDamping: 0.5, velocityDamping: 3.5, schedule: .constant(2)))
    let third = try read("kind: third-order-langevin, coupling: 1, friction: 2, acceleration_variance: 0.3").process
    #expect(
      third.make() as? LinearProcess
        == .thirdOrderLangevin(coupling: 1, friction: 2, accelerationVariance: 0.3, schedule: .constant(6)))
    let exploding = try read("kind: variance-exploding, sigma_min: 0.1, sigma_max: 9, prior: noise-and-data").process
    #expect(
      exploding.make() as? VarianceExploding
        == VarianceExploding(sigmaMin: 0.1, sigmaMax: 9, prior: .noiseAndData))
    let growing = try read("schedule: exponential, beta_min: 1, beta_max: 5, beta_growth: -2").process
    #expect(
      growing.make() as? VariancePreserving == VariancePreserving(schedule: .exponential(min: 1, max: 5, rate: -2)))
    let chain = try read("schedule: discrete-linear, chain_steps: 100, beta_max: 10, horizon: 2").process
    #expect(
      chain.make() as? VariancePreserving
        == VariancePreserving(
          schedule: .discreteLinear(DiscreteNoise(steps: 100, first: 0.002, last: 0.2)), horizon: 2))
    let damped = try read("kind: critically-damped-langevin, schedule: cosine").process.make()
    #expect(
      damped as? CriticallyDampedLangevin == CriticallyDampedLangevin(epsilon: 0.25, schedule: .cosine))
    let student = try read("kind: annealed, annealing: exponential, base: student-t, base_degrees: 5, base_scale: 2")
    #expect(
      student.process.make() as? AnnealedPath
        == AnnealedPath(annealing: .exponential, base: .studentT(degrees: 5), scale: 2, horizon: 4))
    #expect(student.network.output == .score && !student.sampling.denoise)
    #expect(student.sampling.sampler == .stepping(.diffusionAnnealedLangevin))
  }

  // Messages stand on one line each, as they are printed.
  // swift-format-ignore
  @Test("each mistake says what would be allowed") func refusals() {
    #expect(
      refusal("kind: variance-exploding, beta: 3")
        == "run.yaml:2:43: process.beta is for processes with schedule constant, but process.kind is variance-exploding; remove it")
    #expect(
      refusal("kind: annealed, base_degrees: 3")
        == "run.yaml:2:41: process.base_degrees is for annealed with base student-t, but process.kind is annealed with base gaussian; remove it")
    #expect(
      refusal("kind: third-order-langevin, epsilon: 3")
        == "run.yaml:2:48: process.epsilon is for critically-damped-langevin, but process.kind is third-order-langevin with schedule constant; remove it")
    #expect(
      refusal("kind: variance-exploding, sigma_min: 60")
        == "run.yaml:2:48: process.sigma_min must be less than process.sigma_max = 50.0, found 60.0")
    #expect(
      refusal("kind: flow-matching, horizon: 1")
        == "run.yaml:2:41: process.horizon must be less than 1 for flow-matching, found 1.0")
    #expect(
      refusal("kind: phase-space-langevin, position_damping: 4.01")
        == "run.yaml:2:57: process.position_damping must differ from process.velocity_damping; 0.01 and 4.01 are usual")
    #expect(
      refusal("schedule: exponential, beta_growth: 0")
        == "run.yaml:2:47: process.beta_growth must be between -100 and 100 and not 0, where linear is the limit, found \"0\"")
    #expect(
      refusal("schedule: exponential, beta_growth: 100, horizon: 6")
        == "run.yaml:2:47: process.beta_growth times process.horizon must be between -500 and 500, found 600.0")
    #expect(
      refusal("schedule: discrete-linear, chain_steps: 20")
        == "run.yaml:2:51: process.chain_steps must be greater than beta_max · horizon = 20.0: no step of the chain may lose all of the data, found 20")
    #expect(
      refusal("kind: critically-damped-langevin, beta: 1e308, horizon: 1e5")
        == "run.yaml:2:67: process.horizon and the schedule together give a time without end; lower β or the horizon")
    #expect(
      refusal("kind: critically-damped-langevin", "network: {output: velocity}")
        == "run.yaml:3:19: network.output must be posterior-mean or noise or score for process.kind critically-damped-langevin with schedule constant, found velocity")
    #expect(
      refusal("kind: annealed, base: student-t", "network: {output: noise}")
        == "run.yaml:3:19: network.output must be score for process.kind annealed with base student-t, found noise")
    #expect(
      refusal("kind: annealed", "network: {output: noise}\ntraining: {weight: likelihood}")
        == "run.yaml:4:20: training.weight must be automatic or uniform-noise for network.output noise and process.kind annealed with base gaussian, found likelihood")
    #expect(
      refusal("kind: annealed, base: student-t", "sampling: {denoise: true}")
        == "run.yaml:3:21: sampling.denoise must be false for process.base student-t: its score does not tell the posterior mean")
  }

  @Test("a sampler that divides by what is left of the data is refused where nothing is") func samplers() {
    #expect(
      refusal("kind: annealed", "sampling: {sampler: exponential-integrator}").contains(
        "sampling.sampler exponential-integrator needs a linear SDE"))
  }
}
