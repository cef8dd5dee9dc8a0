internal import Diffusion
internal import Files
internal import Networks
internal import RealFunctions
internal import Targets
internal import Training

extension ExperimentReader {
  /// Refuses what an objective cannot do, and says what it can.
  func checkObjective() throws(ToolError) {
    let (training, network) = (experiment.training, experiment.network)
    let objective = training.objective
    try checkCoupling()
    if training.timeLaw.kind == .learnedSchedule, objective.comparesScores {
      throw fault(
        "training.time_law",
        "learned-schedule needs training.objective hsm or dsm, found \(objective.rawValue); take importance")
    }
    guard objective.comparesScores else { return }
    if training.weight == .uniformNoise {
      throw fault(
        "training.weight",
        "must be automatic, unit-variance or likelihood for training.objective \(objective.rawValue), found uniform-noise"
      )
    }
    if objective.needsCurvature, !network.activation.isSmooth {
      let smooth = Activation.allCases.filter(\.isSmooth).map(\.rawValue)
      throw fault(
        "network.activation",
        "must be \(oneOf(smooth)) for training.objective \(objective.rawValue), which needs second derivatives, found \(network.activation.rawValue)"
      )
    }
    if objective == .implicit, let dimension = experiment.data.dimension, dimension > TrainingObjective.largestTrace {
      throw fault(
        "training.objective",
        "implicit takes the exact trace, of at most \(TrainingObjective.largestTrace) coordinates, but data.dimension is "
          + "\(dimension); take sliced, hsm or dsm")
    }
    if objective == .explicit { try checkExactScore() }
    if objective == .explicit, !experiment.data.columns.isEmpty {
      throw fault(
        "data.columns", "must be left out with training.objective explicit: exact scores are of plain numbers")
    }
  }

  private func checkCoupling() throws(ToolError) {
    let training = experiment.training
    guard training.coupling == .optimalTransport else { return }
    if training.objective.comparesScores {
      throw fault(
        "training.objective",
        "must be hsm or dsm for training.coupling optimal-transport, found \(training.objective.rawValue)")
    }
    if experiment.conditionCount > 0 {
      throw fault("training.coupling", "must be independent with conditions: pairing would tie the noise to them")
    }
    let (rows, most) = (training.batch / training.shards, TrainingObjective.mostTransported)
    if rows > most {
      throw fault(
        "training.coupling",
        "optimal-transport pairs at most \(most) rows a shard, but training.batch / training.shards is \(rows); take more "
          + "shards or a smaller batch")
    }
  }

  private func checkExactScore() throws(ToolError) {
    let known = TargetKind.allCases.filter(\.hasExactScore).map(\.rawValue)
    guard let target = experiment.data.target else {
      throw fault(
        "training.objective", "explicit needs a data.target whose score is known: \(oneOf(known)); take hsm for a file")
    }
    guard target.hasExactScore else {
      throw fault(
        "training.objective",
        "explicit needs a target whose score is known: \(oneOf(known)), but data.target is \(target.rawValue); take hsm"
      )
    }
  }

  /// Refuses to stop by a held-out loss that there is not.
  func checkStopping() throws(ToolError) {
    guard experiment.training.stopAfter > 0, experiment.data.heldOut == .fraction(0) else { return }
    throw fault("training.stop_after", "needs held-out rows: set data.held_out, or take 0")
  }

  /// Refuses conditions that make no equal parts, and conditions without held-out rows: those are the conditions that a run's own
  /// samples are drawn under.
  func checkConditionColumns() throws(ToolError) {
    let (conditions, parts) = (experiment.conditionCount, experiment.data.exchangeable)
    guard conditions > 0 else { return }
    guard conditions % parts == 0 else {
      throw fault(
        "data.exchangeable",
        "is \(parts), but \(counted(conditions, "condition")) cannot be cut into \(parts) parts of equal size")
    }
    guard experiment.data.heldOut == .fraction(0) else { return }
    throw fault(
      "data.held_out",
      "must be greater than 0 with conditions: the run's samples are drawn given those of held-out rows, found 0")
  }

  /// Refuses a log-normal law that the range of times cannot hold.
  func checkNoiseLevels() throws(ToolError) {
    let training = experiment.training
    guard training.timeLaw.kind == .logNormal else { return }
    let range = experiment.trainedNoise
    let (lowest, highest) = (log(range.lowerBound), min(log(range.upperBound), 10))
    let mean = training.timeLaw.mean
    guard mean < lowest || mean > highest else { return }
    throw fault(
      "training.noise_level_mean",
      "must lie between the noise levels of training.minimum_time and process.horizon, \(roundedDecimal(lowest)) and "
        + "\(roundedDecimal(highest)), found \(decimal(mean))")
  }

  private func oneOf(_ names: [String]) -> String {
    names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
  }
}
