extension Experiment {
  /// Objective, optimiser and length of training.
  public struct TrainingSection: Sendable, Equatable {
    /// The score-matching objective.
    public var objective = Objective.hybrid
    /// The weight of the loss over time.
    public var weight = Weight.automatic
    /// How the rows of a shard are paired with noise.
    public var coupling = Coupling.independent
    /// Random directions in which sliced score matching takes the trace, for each row.
    public var probes = 1
    /// Transitions that carry a row forward, for objectives that need no kernel; 0 uses the kernel.
    public var simulationSteps = 0
    /// Optimiser steps.
    public var steps = 20_000
    /// Rows per step, over all shards.
    public var batch = 512
    /// Shards: the most ranks that can ever run this experiment.
    public var shards = 16
    /// Peak learning rate.
    public var learningRate = 1e-3
    /// Steps over which the learning rate rises from 0.
    public var warmupSteps = 200
    /// The learning rate after warm-up.
    public var learningRateSchedule = LearningRateSchedule.cosine
    /// The learning rate at the last step of a cosine decay.
    public var finalLearningRate = 0.0
    /// AdamW's decoupled weight decay.
    public var weightDecay = 0.0
    /// AdamW's decay of the first moment.
    public var beta1 = 0.9
    /// AdamW's decay of the second moment.
    public var beta2 = 0.999
    /// Largest global gradient norm; 0 turns clipping off.
    public var clipNorm = 1.0
    /// Decay of the parameters' moving average.
    public var emaDecay = 0.999
    /// The law of diffusion times.
    public var timeLaw = TimeLaw.logUniform
    /// Mean of the log-normal law: the logarithm of the noise's size beside the data's.
    public var noiseLevelMean = -0.5
    /// Standard deviation of the log-normal law.
    public var noiseLevelDeviation = 1.2
    /// The smallest diffusion time, in the horizon's unit.
    public var minimumTime = 1e-3
    /// Steps between held-out losses.
    public var heldOutEvery = 500
    /// Steps between lines of the log.
    public var logEvery = 50
    /// Steps between audits; 0 for none.
    public var auditEvery = 500
    /// What follows a step that is not finite, or diverges.
    public var onFault = FaultPolicy.stop
    /// How many times its highest moving average a loss may be before it diverges; 0 for any loss.
    public var divergence = 1_000.0
    /// The most steps skipped in a row, or rollbacks to one checkpoint.
    public var faultLimit = 10
    /// What a rollback multiplies the learning rate by.
    public var rollbackFactor = 0.5

    /// The defaults.
    public init() {}
  }
}
