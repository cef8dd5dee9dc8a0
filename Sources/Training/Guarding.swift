/// What is wrong with a step: it was not taken.
public enum StepFault: String, Sendable, Equatable {
  /// Loss or gradient is not a number, or infinite.
  case notFinite = "not finite"
  /// The loss is finite, but out of all proportion.
  case diverging
}

/// What a trainer remembers of losses and faults: part of a checkpoint, so that restarts change nothing.
public struct Guarding: Sendable, Equatable {
  /// The moving average of the loss, over about 100 steps.
  public var averageLoss: Double?
  /// The highest that the average has been.
  public var peakLoss = 0.0
  /// Steps skipped in all.
  public var skipped = 0
  /// Steps skipped in a row, or rollbacks to one checkpoint.
  public var inARow = 0
  /// Rollbacks in all.
  public var rollbacks = 0
  /// What rollbacks have made of the learning rate, as a factor.
  public var learningRateScale = 1.0
  /// The step of the checkpoint to roll back to.
  public var origin: Int?

  /// A trainer that has not begun.
  public init() {}

  /// What is wrong with a step of this loss.
  ///
  /// - Parameters:
  ///   - loss: the mean loss over the batch.
  ///   - squares: the sum of squares of its gradient.
  ///   - divergence: how many times the highest average a loss may be; 0 for any loss.
  /// - Returns: nil where the step may be taken.
  func fault(loss: Double, squares: Double, divergence: Double) -> StepFault? {
    guard loss.isFinite, squares.isFinite else { return .notFinite }
    return divergence > 0 && peakLoss > 0 && loss > divergence * peakLoss ? .diverging : nil
  }

  /// Takes in the loss of a step that was taken.
  mutating func note(loss: Double) {
    let average = averageLoss.map { $0 + 0.01 * (loss - $0) } ?? loss
    averageLoss = average
    peakLoss = max(peakLoss, average)
  }
}

extension Trainer {
  /// Leaves the coming step out: parameters, moments and averages stay as they are.
  public func skipStep() {
    guarding.skipped += 1
    guarding.inARow += 1
    restore(step: step + 1)
  }

  /// Goes back to an earlier state with the learning rate lowered by `factor`.
  ///
  /// - Parameters:
  ///   - state: that of step `guarding.origin`, on every rank.
  ///   - factor: what the learning rate is multiplied by from now on.
  public func rollBack(to state: borrowing TrainerState, factor: Double) {
    var next = guarding
    next.averageLoss = state.guarding.averageLoss
    next.peakLoss = state.guarding.peakLoss
    next.rollbacks += 1
    next.inARow += 1
    next.learningRateScale *= factor
    restore(state)
    guarding = next
  }
}
