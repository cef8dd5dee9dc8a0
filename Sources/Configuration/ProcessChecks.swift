internal import Diffusion
internal import Files
internal import Sampling
internal import Training

extension ExperimentReader {
  /// Fills in the process's defaults that depend on its kind.
  mutating func fillProcess() {
    guard experiment.process.chain == nil else { return fillStates() }
    let kind = experiment.process.kind
    if places["process.schedule"] == nil { experiment.process.schedule = kind.usualSchedule ?? .linear }
    if places["process.beta"] == nil { experiment.process.beta = kind.usualBeta }
    if places["process.horizon"] == nil { experiment.process.horizon = experiment.process.usualHorizon }
    let isStudent = kind == .annealed && experiment.process.base == .studentT
    if isStudent, places["network.output"] == nil { experiment.network.output = .score }
    if places["sampling.sampler"] == nil, isStudent {
      experiment.sampling.sampler = .stepping(.diffusionAnnealedLangevin)
    }
    let sampler = experiment.sampling.sampler
    if places["sampling.steps"] == nil { experiment.sampling.steps = sampler.usualSteps }
    if places["sampling.grid"] == nil { experiment.sampling.grid = sampler.usualGrid }
    if isStudent, places["sampling.denoise"] == nil { experiment.sampling.denoise = false }
  }

  /// Refuses parameters that make no process, and what the process cannot be learned or sampled with.
  func checkProcess() throws(ToolError) {
    try checkParameters()
    let process = experiment.process.make()
    try checkInput(under: process)
    try checkOutput(under: process)
    try checkShrinkage(under: process)
    try checkWeight(under: process)
    if process.noise != .gaussian, experiment.training.objective.comparesScores {
      throw fault(
        "training.objective",
        "must be hsm or dsm for process.base student-t, which has no diffusion to weigh scores with, found "
          + experiment.training.objective.rawValue)
    }
    if process.noise != .gaussian, experiment.sampling.denoise {
      throw fault(
        "sampling.denoise", "must be false for process.base student-t: its score does not tell the posterior mean")
    }
  }

  private func checkParameters() throws(ToolError) {
    let process = experiment.process
    if process.betaMinimum > process.betaMaximum {
      throw fault(
        "process.beta_min",
        "must not exceed process.beta_max = \(decimal(process.betaMaximum)), found \(decimal(process.betaMinimum))")
    }
    if process.sigmaMinimum >= process.sigmaMaximum {
      throw fault(
        "process.sigma_min",
        "must be less than process.sigma_max = \(decimal(process.sigmaMaximum)), "
          + "found \(decimal(process.sigmaMinimum))")
    }
    if process.positionDamping == process.velocityDamping {
      throw fault("process.position_damping", "must differ from process.velocity_damping; 0.01 and 4.01 are usual")
    }
    if process.kind == .flowMatching, process.horizon >= 1 {
      throw fault("process.horizon", "must be less than 1 for flow-matching, found \(decimal(process.horizon))")
    }
    let largest = max(process.betaMinimum, process.betaMaximum) * process.horizon
    if process.kind.usualSchedule != nil, process.schedule == .discreteLinear, largest >= Double(process.chainSteps) {
      throw fault(
        "process.chain_steps",
        "must be greater than beta_max · horizon = \(decimal(largest)): no step of the chain may lose all of the data, found "
          + "\(process.chainSteps)")
    }
    if process.kind.usualSchedule != nil, !process.make().isRegular {
      throw fault("process.horizon", "and the schedule together give a time without end; lower β or the horizon")
    }
    if process.schedule == .exponential, abs(process.betaGrowth) * process.horizon > 500 {
      throw fault(
        "process.beta_growth",
        "times process.horizon must be between -500 and 500, found \(decimal(process.betaGrowth * process.horizon))")
    }
  }

  private func checkInput(under process: some ForwardProcess) throws(ToolError) {
    guard !experiment.network.input.isAvailable(for: process) else { return }
    throw fault(
      "network.input",
      "must be state for process.kind \(experiment.process.words), whose noise is not Gaussian, found "
        + experiment.network.input.rawValue)
  }

  private func checkShrinkage(under process: some ForwardProcess) throws(ToolError) {
    let network = experiment.network
    let (inputs, outputs) = (network.input.blocks(for: process), network.output.blocks(for: process))
    guard network.shrinkage, inputs != outputs else { return }
    throw fault(
      "network.shrinkage",
      "multiplies outputs by inputs one by one, but network.output \(network.output.rawValue) has "
        + "\(outputs) numbers a coordinate and network.input \(network.input.rawValue) has \(inputs)")
  }

  private func checkOutput(under process: some ForwardProcess) throws(ToolError) {
    let output = experiment.network.output
    guard !output.isAvailable(for: process) else { return }
    let available = NetworkOutput.allCases.filter { $0.isAvailable(for: process) }.map(\.rawValue)
    throw fault(
      "network.output",
      "must be \(available.joined(separator: " or ")) for process.kind \(experiment.process.words), found \(output.rawValue)"
    )
  }

  private func checkWeight(under process: some ForwardProcess) throws(ToolError) {
    let output = experiment.network.output
    guard !experiment.training.objective.comparesScores, let weight = experiment.training.weight,
      !weight.isAvailable(for: output, under: process)
    else { return }
    let available = LossWeight.allCases.filter { $0.isAvailable(for: output, under: process) }.map(\.rawValue)
    throw fault(
      "training.weight",
      "must be \((["automatic"] + available).joined(separator: " or ")) for network.output \(output.rawValue) "
        + "and process.kind \(experiment.process.words), found \(weight.rawValue)")
  }
}
