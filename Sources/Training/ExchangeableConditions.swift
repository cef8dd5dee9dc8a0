public import LinearAlgebra
public import Randomness

/// Conditions that are n parts whose order means nothing, such as n independent observations of the same parameters.
///
/// ```
/// p(x | c_1, …, c_n) = p(x | c_π(1), …, c_π(n))   for every order π
/// ```
/// A network does not know that. In training every row therefore shows its parts in a new, uniformly random order in each
/// step: the expected loss is that of the law, whose rows have every order equally often, and a network finds n! rows for
/// each one that is there. Columns are scaled one by one, so a number that moves to another part takes that part's scaling.
public struct ExchangeableConditions: Sendable, Equatable {
  /// n.
  public let parts: Int
  private let width, first: Int
  private let mean, scale: [Double]

  /// Conditions after the data's columns.
  ///
  /// - Parameters:
  ///   - parts: n, which divides the number of conditions: part i is columns d + i·w ..< d + (i + 1)·w.
  ///   - dimension: d, the columns before the conditions.
  ///   - mean: what was taken from each column, the data's included.
  ///   - scale: what it was divided by then.
  public init(parts: Int, dimension: Int, mean: [Double], scale: [Double]) {
    let conditions = mean.count - dimension
    precondition(
      parts > 0 && conditions > 0 && conditions % parts == 0, "\(parts) parts of equal size of \(conditions) columns")
    precondition(scale.count == mean.count, "\(scale.count) scales of \(mean.count) columns")
    (self.parts, self.mean, self.scale) = (parts, mean, scale)
    (width, first) = (conditions / parts, dimension)
  }

  /// Brings the parts of each row into an order of its own.
  ///
  /// - Parameters:
  ///   - rows: `[rows, d + conditions]` in trained coordinates; the data's columns stay.
  ///   - firstIndex: the global index of row 0, by which its order is drawn.
  ///   - stream: of the orders.
  public func shuffle(_ rows: inout Matrix, firstIndex: UInt64, _ stream: RandomStream) {
    for r in 0..<rows.rows {
      var sequence = stream.row(firstIndex + UInt64(r))
      // Fisher–Yates.
      for i in (1..<parts).reversed() {
        let j = sequence.nextBelow(i + 1)
        if i != j { exchange(first + i * width, first + j * width, &rows, r) }
      }
    }
  }

  private func exchange(_ a: Int, _ b: Int, _ rows: inout Matrix, _ r: Int) {
    for k in 0..<width {
      let (x, y) = (Double(rows[r, a + k]), Double(rows[r, b + k]))
      rows[r, a + k] = moved(y, from: b + k, to: a + k)
      rows[r, b + k] = moved(x, from: a + k, to: b + k)
    }
  }

  private func moved(_ x: Double, from: Int, to: Int) -> Float {
    Float((mean[from] - mean[to]).addingProduct(x, scale[from]) / scale[to])
  }
}
