/// A matrix that tuples, optionals and several owners can hold.
public final class MatrixBox: Sendable {
  /// The matrix.
  public let value: Matrix

  /// Takes a matrix.
  public init(_ value: consuming Matrix) { self.value = value }
}
