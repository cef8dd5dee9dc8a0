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
    /// What some rank asked for after this step.
    public var wishes: Wishes
    /// What is wrong with the step; if anything is, no update was made.
    public var fault: StepFault?
  }

  /// What one rank may ask of all after a step: its clock or its signals are its own, yet all must do the same.
  public struct Wishes: OptionSet, Sendable {
    /// One bit for each wish.
    public let rawValue: Int

    /// Wishes from their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// To end after this step, with a checkpoint.
    public static let stop = Wishes(rawValue: 1)
    /// A checkpoint after this step.
    public static let checkpoint = Wishes(rawValue: 2)
  }
}
