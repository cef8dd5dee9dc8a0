internal import Communication
internal import LinearAlgebra

/// A fault of the machine or of training, made on purpose to see it found.
public enum InjectedFault: Sendable, Equatable {
  /// From this step on, a bit of the rank's copy of the parameters is flipped after each update: a bad memory cell.
  case parameters(rank: Int, step: Int)
  /// From this step on, a bit of the rank's gradients is flipped wherever it computes one: a bad arithmetic unit.
  case gradient(rank: Int, step: Int)
  /// At this step, the shard's loss is no number, as long as the learning rate has not been lowered by a rollback.
  case notFinite(shard: Int, step: Int)
}

// The middle of the significand: a change in the fourth digit that nobody would notice.
private let bit: UInt32 = 1 << 10

extension Trainer {
  /// Flips the bit of a number that another rank owns, where there is another.
  func corruptParameters() {
    guard case .parameters(let rank, let start)? = injected, rank == communicator.rank, step >= start else { return }
    guard let first = exchange.slices[(rank + 1) % communicator.size].ranges.first?.lowerBound else { return }
    let value = parameters[0, first]
    parameters[0, first] = Float(bitPattern: value.bitPattern ^ bit)
  }

  /// Flips the bit of a gradient's first number.
  func corrupt(_ gradient: UnsafeMutablePointer<Float>) {
    guard case .gradient(let rank, let first)? = injected, rank == communicator.rank, step + 1 >= first else { return }
    unsafe gradient[0] = Float(bitPattern: gradient[0].bitPattern ^ bit)
  }

  /// The loss of one of this rank's shards as it is to be taken.
  func faulted(_ loss: Double, set: Int) -> Double {
    guard case .notFinite(let shard, let wanted)? = injected, wanted == step + 1,
      shard == exchange.shards.lowerBound + set, guarding.learningRateScale == 1
    else { return loss }
    return .nan
  }
}
