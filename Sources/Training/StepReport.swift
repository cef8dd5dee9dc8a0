extension Trainer {
  /// What all ranks know after a step.
  public struct StepReport: Sendable, Equatable {
    /// The step just taken, from 1.
    public var step: Int
    /// The mean loss over the batch, before the update.
    public var loss: Double
    /// The norm of the whole gradient, before clipping.
    public var gradientNorm: Double
    /// η of this update.
    public var learningRate: Double
    /// Whether some rank asked to stop after this step.
    public var stopRequested: Bool
    /// What is wrong with the step; if anything is, no update was made.
    public var fault: StepFault?
  }
}
