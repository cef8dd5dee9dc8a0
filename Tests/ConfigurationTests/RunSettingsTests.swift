import Diffusion
import LinearAlgebra
import Sampling
import TestSupport
import Testing

@testable import Configuration
@testable import Files

/// Settings of `--set` and `--sampler` on a run, whose file has every key.
@Suite struct RunSettingsTests {
  private static let samplers = SamplerKind.allCases.filter { $0.make().requirement.isMet(by: VariancePreserving()) }

  @Test("a run's options of one sampler give way to any other sampler", arguments: samplers, samplers)
  func otherSampler(first: SamplerKind, second: SamplerKind) throws {
    let run = try Experiment(yaml: "data: {target: mg25}\nsampling: {sampler: \(first.rawValue)}", file: "a.yaml")
    let other = try run.sampled(["sampling.sampler=\(second.rawValue)"], file: "experiment.yaml")
    #expect(other.sampling.sampler == .stepping(second))
    // What is left reads back as an experiment.
    #expect(throws: Never.self) { try Experiment(yaml: other.yaml, file: "experiment.yaml") }
  }

  @Test("a network draws under another process where it sees the noise alone, and has seen as much of it")
  func otherProcess() throws {
    let levels = "training: {minimum_noise: 0.001, maximum_noise: 20}"
    func drawn(_ yaml: String, _ setting: String) throws -> Experiment {
      try Experiment(yaml: "data: {target: mg25}\n" + yaml, file: "a.yaml").sampled([setting], file: "experiment.yaml")
    }
    let run = "network: {input: noisy-data}\nprocess: {kind: variance-exploding, sigma_max: 10}\n" + levels
    #expect(try abs(drawn(run, "process.sigma_max=19").process.make().priorCovariance[0, 0] - 361) < 1e-9)  // rounding
    let beyond = errorText { _ = try drawn(run, "process.sigma_max=40") }
    #expect(
      beyond.hasPrefix("process: goes through noise from 0.002 at sampling.final_time to 40.0 at process.horizon")
        && beyond.contains("but the network was trained on 0.001 to 20.0"), "\(beyond)")
    let ofState = errorText { _ = try drawn("network: {input: state}", "process.kind=variance-exploding") }
    #expect(
      ofState.hasPrefix("--set process.kind=variance-exploding: the process can change only for a network of")
        && ofState.contains("this one has state"), "\(ofState)")
  }

  @Test("a setting that means nothing for the sampler is refused, on a run as in a file")
  func refused() throws {
    let run = try Experiment(yaml: "data: {target: mg25}\nsampling: {sampler: ancestral}", file: "a.yaml")
    let settings = ["sampling.sampler=ddim", "sampling.reverse_variance=forward"]
    #expect(
      throws: ToolError.configuration(
        Place("--set sampling.reverse_variance=forward"),
        "sampling.reverse_variance is for ancestral, or the metric bound, but sampling.sampler is ddim; remove it")
    ) { try run.sampled(settings, file: "experiment.yaml") }
    // A person's own file says what it wants: there the key is a mistake.
    #expect(throws: ToolError.self) {
      try Experiment(
        yaml: "data: {target: mg25}\nsampling: {sampler: ancestral, reverse_variance: forward}", file: "a.yaml",
        settings: ["sampling.sampler=ddim"])
    }
  }
}
