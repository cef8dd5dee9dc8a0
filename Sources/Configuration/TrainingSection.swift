package import Diffusion
package import Sampling
package import Training

extension Experiment {
  /// Objective, optimiser, length, and what a run does on its way.
  @dynamicMemberLookup
  package struct TrainingSection: Sendable, Equatable {
    /// Batch, times and optimiser.
    package var options = TrainingOptions()
    /// The score-matching objective.
    package var objective = ObjectiveKind.hybrid
    /// The weight of the loss over time; nil for the usual one of objective and output.
    package var weight: LossWeight?
    /// How the rows of a shard are paired with noise.
    package var coupling = NoiseCoupling.independent
    /// The smallest noise σ = snr^{−½} drawn in place of times, in deviations of the data; nil draws times.
    package var minimumNoise: Double?
    /// The largest.
    package var maximumNoise: Double?
    /// Which times are drawn.
    package var timeGrid = TimeStates.continuous
    /// Random directions in which sliced score matching takes the trace, for each row.
    package var probes = 1
    /// The run whose sampler a one-step student learns; nil for a network that learns a score or a law of states.
    package var teacher: String?
    /// Pairs of noise and sample that a student learns from.
    package var pairs = 50_000
    /// How the teacher makes a sample of noise.
    package var teacherSampler = FlowSampler.usual
    /// Steps of that sampler.
    package var teacherSteps = 50
    /// Transitions that carry a row forward, for objectives that need no kernel; 0 uses the kernel.
    package var simulationSteps = 0
    /// Shards: the most ranks that can ever run this experiment.
    package var shards = 16
    /// Steps between held-out losses.
    package var heldOutEvery = 500
    /// Checkpoints in a row whose held-out loss is no new best, after which training ends; 0 for never.
    package var stopAfter = 0
    /// Steps between lines of the log.
    package var logEvery = 50
    /// Steps between audits; 0 for none.
    package var auditEvery = 500
    /// What follows a step that is not finite, or diverges.
    package var onFault = FaultPolicy.stop
    /// The most steps skipped in a row, or rollbacks to one checkpoint.
    package var faultLimit = 10
    /// Factor by which a rollback multiplies the learning rate.
    package var rollbackFactor = 0.5

    /// The defaults.
    package init() {}

    /// A number of the options.
    package subscript<Value>(dynamicMember path: WritableKeyPath<TrainingOptions, Value>) -> Value {
      get { options[keyPath: path] }
      set { options[keyPath: path] = newValue }
    }

    /// Optimiser steps.
    package var steps: Int { options.optimiser.steps }
  }
}
