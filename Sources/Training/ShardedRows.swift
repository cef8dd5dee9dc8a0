public import LinearAlgebra
internal import Randomness

/// Which row of the training data belongs to which shard: a seeded permutation cut into S consecutive parts.
///
/// Nothing here depends on the number of ranks.
public struct ShardAssignment: Sendable {
  /// The number of rows n.
  public let rows: Int
  /// The number of shards S.
  public let shards: Int
  /// The rows in the order of their positions: shard s holds positions s·n/S ..< (s+1)·n/S.
  public let order: [UInt32]

  /// Assigns `rows` rows to `shards` shards.
  public init(rows: Int, shards: Int, seed: UInt64) {
    precondition(rows >= shards, "\(rows) rows in \(shards) shards")
    self.rows = rows
    self.shards = shards
    order = RandomStream(seed: seed, purpose: .rowToShard).permutation(of: rows)
  }

  /// The positions of shard `shard`.
  public func positions(of shard: Int) -> Range<Int> { shard * rows / shards..<(shard + 1) * rows / shards }

  /// The positions of consecutive shards.
  public func positions(of shards: Range<Int>) -> Range<Int> {
    positions(of: shards.lowerBound).lowerBound..<positions(of: shards.upperBound - 1).upperBound
  }
}

/// The rows of one rank's shards, and the endless stream in which each shard reads its own.
///
/// Position q of shard s's stream is row π_{s,e}(q mod n_s) in epoch e = q / n_s, for a seeded permutation π of each
/// epoch: no tails, and no state but the step.
@safe public final class ShardedRows {
  /// The assignment of rows to shards.
  public let assignment: ShardAssignment
  /// This rank's shards.
  public let shards: Range<Int>
  /// The rows at this rank's positions, `[positions, dimension]`, in trained coordinates.
  public var rows: Matrix
  /// The noise that the rows get in every step, where they hold levels.
  public let dequantisation: Dequantisation?
  /// The conditions that come in a new order in every step, where their order means nothing.
  public let exchangeable: ExchangeableConditions?

  private let seed: UInt64
  private let positions: Range<Int>
  private let orders: [EpochOrder]

  /// Room for the rows of `shards`; the caller fills `rows` by position.
  public convenience init(assignment: ShardAssignment, shards: Range<Int>, dimension: Int, seed: UInt64) {
    let positions = assignment.positions(of: shards)
    self.init(
      assignment: assignment, shards: shards, rows: Matrix(rows: positions.count, columns: dimension), seed: seed)
  }

  /// The rows of `shards`, `[positions, dimension]`, by position.
  public init(
    assignment: ShardAssignment, shards: Range<Int>, rows: consuming Matrix, dequantisation: Dequantisation? = nil,
    exchangeable: ExchangeableConditions? = nil, seed: UInt64
  ) {
    (self.dequantisation, self.exchangeable) = (dequantisation, exchangeable)
    self.assignment = assignment
    self.shards = shards
    self.seed = seed
    positions = assignment.positions(of: shards)
    precondition(rows.rows == positions.count, "\(rows.rows) rows at \(positions.count) positions")
    self.rows = rows
    orders = shards.map { EpochOrder(count: assignment.positions(of: $0).count) }
  }

  /// The row of `rows` at place `q` of shard `shard`'s stream; several threads may ask, each for shards of its own.
  public func row(shard: Int, at q: Int) -> Int {
    let order = orders[shard - shards.lowerBound]
    let own = assignment.positions(of: shard)
    let epoch = q / own.count
    if order.epoch != epoch {
      RandomStream(seed: seed, purpose: .epochOrder, step: UInt64(epoch))
        .permute(into: &order.places, sequence: UInt32(shard))
      order.epoch = epoch
    }
    return own.lowerBound - positions.lowerBound + Int(order.places[q % own.count])
  }
}

/// A shard's order of rows in the epoch at hand: an object of its own, so that threads share no array that changes.
private final class EpochOrder {
  var epoch = -1
  var places: [UInt32]

  init(count: Int) { places = [UInt32](repeating: 0, count: count) }
}
