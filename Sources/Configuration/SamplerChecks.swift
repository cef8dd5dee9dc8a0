internal import Diffusion
internal import Files
internal import Sampling

extension ExperimentReader {
  /// Refuses a sampler that cannot serve the process, naming the processes that it serves.
  func checkSampler() throws(ExperimentError) {
    let sampling = experiment.sampling
    if sampling.start == .moments, !experiment.data.standardise {
      throw fault("sampling.start", "moments is for data of mean 0 and variance 1: set data.standardise to true")
    }
    let requirement: ProcessRequirement
    switch SamplerKind(rawValue: sampling.sampler.rawValue) {
    case .some(let kind): requirement = kind.make(sampling.options).requirement
    case .none where sampling.adaptiveSampler != nil: requirement = .linear
    case .none: return
    }
    guard !requirement.isMet(by: experiment.process.make()) else { return }
    let served = Experiment.ProcessSection.Kind.allCases.filter { kind in
      var process = Experiment.ProcessSection()
      process.kind = kind
      process.horizon = kind.usualHorizon
      return requirement.isMet(by: process.make())
    }
    throw fault(
      "sampling.sampler",
      "\(sampling.sampler.rawValue) needs \(requirement.words): \(served.map(\.rawValue).joined(separator: ", ")); "
        + "process.kind is \(experiment.process.kind.rawValue)")
  }
}
