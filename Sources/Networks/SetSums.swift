internal import LinearAlgebra

/// The order in which the sets' gradients are added: a stack of slots.
///
/// A tile of the gradient is computed set after set and added at once, so that gradients of single sets never leave the
/// first cache. Every element is added in the same order as if whole gradients were.
@safe public final class SetSums {
  /// What to do with one set's gradient: put it in `slot`, then carry out the additions.
  public struct Step: Sendable {
    /// Where the gradient goes: the slot after those in use.
    public let slot: Int
    /// Slots whose sum goes into the first of them; the second, the last in use, is free then.
    public let additions: [(into: Int, from: Int)]

    /// A step.
    public init(slot: Int, additions: [(into: Int, from: Int)]) {
      (self.slot, self.additions) = (slot, additions)
    }

    /// Slots in use after the step.
    var height: Int { slot + 1 - additions.count }
  }

  /// What to do with each set's gradient, in order.
  public let steps: [Step]
  // A tile for each slot.
  private let tiles: Matrix

  /// Sums along these steps, one for each set.
  public init(_ steps: [Step]) {
    self.steps = steps
    var height = 0
    for (set, step) in steps.enumerated() {
      precondition(step.slot == height, "set \(set) in slot \(step.slot) after \(height) in use")
      height = step.height
    }
    let size = MatrixProduct.largestTile
    tiles = Matrix(rows: (steps.map(\.slot).max() ?? 0) + 1, columns: size.rows * size.columns)
  }

  func tile(_ slot: Int) -> Buffer {
    unsafe Buffer(base: tiles.pointer + slot * tiles.columns, stride: MatrixProduct.largestTile.columns)
  }
}
