internal import Diffusion
internal import Files
internal import Sampling

extension ExperimentReader {
  /// Refuses a sampler that cannot serve the process, naming the processes that it serves.
  func checkSampler() throws(ToolError) {
    let sampling = experiment.sampling
    if sampling.start == .moments, !experiment.data.standardise {
      throw fault("sampling.start", "moments is for data of mean 0 and variance 1: set data.standardise to true")
    }
    guard let requirement = sampling.sampler.requirement(sampling.options),
      !requirement.isMet(by: experiment.process.make())
    else { return }
    let served = ProcessKind.allCases.filter { requirement.isMet(by: ProcessOptions($0).make()) }
    throw fault(
      "sampling.sampler",
      "\(sampling.sampler.rawValue) needs \(requirement.words): \(served.map(\.rawValue).joined(separator: ", ")); "
        + "process.kind is \(experiment.process.kind.rawValue)")
  }
}
