package import LinearAlgebra

/// A matrix that tuples and optionals can hold.
package final class MatrixBox {
  package let value: Matrix
  package init(_ value: consuming Matrix) { self.value = value }
}
