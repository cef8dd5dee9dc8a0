public import LinearAlgebra

/// What gives the law of each column's x_0 given a whole noisy row of discrete states.
///
/// Conformers may own buffers, hence `~Copyable` and `mutating`.
public protocol StateDenoiser: ~Copyable {
  /// The chain whose x_t is meant.
  var process: DiscreteProcess { get }

  /// The number d of columns.
  var dimension: Int { get }

  /// How the law of x_0 is used in reverse steps.
  var form: ReverseForm { get }

  /// Writes p̃(x_0 | x_t) for every row and column.
  ///
  /// - Parameters:
  ///   - states: x_t, shape `[rows, dimension]`: whole numbers from 0 to n − 1.
  ///   - t: the chain's step, from 1 to T.
  ///   - laws: shape `[rows, dimension × K]`, column after column: positive numbers, a column's sum being one.
  mutating func evaluate(_ states: borrowing Matrix, at t: Int, into laws: inout Matrix)
}
