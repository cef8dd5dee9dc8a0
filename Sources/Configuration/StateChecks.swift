internal import Diffusion
internal import Files
internal import Sampling
internal import Targets
internal import Training

extension ExperimentReader {
  /// Fills in what discrete states have unless told otherwise.
  mutating func fillStates() {
    experiment.data.standardise = false
    if places["training.time_law"] == nil { experiment.training.timeLaw.kind = .uniform }
    if places["sampling.steps"] == nil { experiment.sampling.steps = experiment.process.chainSteps }
    if places["sampling.denoise"] == nil { experiment.sampling.denoise = false }
  }

  /// Refuses what a process of discrete states cannot be trained or sampled with.
  func checkStates() throws(ToolError) {
    let (process, data) = (experiment.process, experiment.data)
    if let target = data.target {
      throw fault(
        "process.kind",
        "\(process.words) is for discrete states, but data.target \(target.rawValue) draws real numbers; give data.file and "
          + "data.levels, or a process of real numbers")
    }
    guard let levels = data.levels else {
      throw fault(
        "process.kind",
        "\(process.words) needs data.levels: the number K of states of each column, which holds whole numbers from 0 to K−1"
      )
    }
    if !data.columns.isEmpty {
      throw fault(
        "data.columns", "must be left out with process.kind \(process.words): every column has data.levels states")
    }
    if experiment.conditionCount > 0 {
      throw fault(
        "data.conditions", "must be left out with process.kind \(process.words), which learns all columns together")
    }
    let law = experiment.training.timeLaw.kind
    if law == .logNormal || law == .learnedSchedule {
      let allowed = TimeLaw.Kind.allCases.filter { $0 != .logNormal && $0 != .learnedSchedule }.map(\.rawValue)
      throw fault(
        "training.time_law",
        "must be one of \(allowed.joined(separator: ", ")) for process.kind \(process.words), whose steps have no noise "
          + "level, found \(law.rawValue)")
    }
    if process.chain == .gaussian {
      if process.betaMinimum > process.betaMaximum {
        throw fault(
          "process.beta_min",
          "must not exceed process.beta_max = \(decimal(process.betaMaximum)), found \(decimal(process.betaMinimum))")
      }
      let most = DiscreteProcess.mostElements / (levels * levels)
      if process.chainSteps > most {
        throw fault(
          "process.chain_steps",
          "must be at most \(most) for \(levels) levels of a discretised Gaussian, whose matrices are kept for every step, "
            + "found \(process.chainSteps)")
      }
    }
    if experiment.sampling.steps > process.chainSteps {
      throw fault(
        "sampling.steps",
        "must be at most process.chain_steps = \(process.chainSteps), found \(experiment.sampling.steps)")
    }
  }
}
