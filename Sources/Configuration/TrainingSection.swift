extension Experiment {
  /// Objective, optimiser and length of training.
  package struct TrainingSection: Sendable, Equatable {
    /// The score-matching objective.
    package var objective = Objective.hybrid
    /// The weight of the loss over time.
    package var weight = Weight.automatic
    /// How the rows of a shard are paired with noise.
    package var coupling = Coupling.independent
    /// Random directions in which sliced score matching takes the trace, for each row.
    package var probes = 1
    /// Transitions that carry a row forward, for objectives that need no kernel; 0 uses the kernel.
    package var simulationSteps = 0
    /// Optimiser steps.
    package var steps = 20_000
    /// Rows per step, over all shards.
    package var batch = 512
    /// Shards: the most ranks that can ever run this experiment.
    package var shards = 16
    /// Peak learning rate.
    package var learningRate = 1e-3
    /// Steps over which the learning rate rises from 0.
    package var warmupSteps = 200
    /// The learning rate after warm-up.
    package var learningRateSchedule = LearningRateSchedule.cosine
    /// The learning rate at the last step of a cosine decay.
    package var finalLearningRate = 0.0
    /// AdamW's decoupled weight decay.
    package var weightDecay = 0.0
    /// AdamW's decay of the first moment.
    package var beta1 = 0.9
    /// AdamW's decay of the second moment.
    package var beta2 = 0.999
    /// Largest global gradient norm; 0 turns clipping off.
    package var clipNorm = 1.0
    /// Decay of the parameters' moving average.
    package var emaDecay = 0.999
    /// The law of diffusion times.
    package var timeLaw = TimeLaw.logUniform
    /// Mean of the log-normal law: the logarithm of the noise's size beside the data's.
    package var noiseLevelMean = -0.5
    /// Standard deviation of the log-normal law.
    package var noiseLevelDeviation = 1.2
    /// The smallest diffusion time, in the horizon's unit.
    package var minimumTime = 1e-3
    /// Steps between held-out losses.
    package var heldOutEvery = 500
    /// Steps between lines of the log.
    package var logEvery = 50
    /// Steps between audits; 0 for none.
    package var auditEvery = 500
    /// What follows a step that is not finite, or diverges.
    package var onFault = FaultPolicy.stop
    /// How many times its highest moving average a loss may be before it diverges; 0 for any loss.
    package var divergence = 1_000.0
    /// The most steps skipped in a row, or rollbacks to one checkpoint.
    package var faultLimit = 10
    /// What a rollback multiplies the learning rate by.
    package var rollbackFactor = 0.5

    /// The defaults.
    package init() {}
  }
}
