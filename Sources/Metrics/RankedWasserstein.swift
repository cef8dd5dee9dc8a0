public import LinearAlgebra

/// The sliced Wasserstein distances of ranks: bounded, whatever the tails.
///
/// ```
/// x_j → (#{i: r_ij < x_j} + ½ #{i: r_ij = x_j}) / n,   r the reference, column by column
/// ```
/// Each column goes through the reference's own distribution function, so that a row far out counts for no more than its
/// rank. With tails so heavy that the variance is infinite, the sliced W2 of the values has no floor that it would stay
/// above: this one has. How far out rows lie beyond all others goes unseen; `hill` measures that.
public struct RankedWasserstein: SampleDistance, ~Copyable {
  /// The names of the two values.
  public var names: [String] { base.names.map { "\($0) of ranks" } }
  /// Every rank of the ranks that compute projects on directions of its own.
  public var sharesComparisons: Bool { base.sharesComparisons }
  private var base: SlicedWasserstein
  private var sorted: [[Float]] = []

  /// The distances of ranks by a sliced distance.
  public init(_ base: consuming SlicedWasserstein) { self.base = base }

  /// Shares of the reference's rows.
  public func units(coordinates: String) -> [String] { names.map { _ in "share of rows" } }

  /// Sorts the reference's columns.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    try checkSamples(reference)
    sorted = []
    for j in 0..<reference.columns { sorted.append((0..<reference.rows).map { reference[$0, j] }.sorted()) }
    try base.setReference(ranks(reference))
  }

  /// The distances of `samples` from the reference.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, dimension: sorted.count)
    return try base.values(to: ranks(samples))
  }

  private func ranks(_ rows: borrowing Matrix) -> Matrix {
    var ranks = Matrix(rows: rows.rows, columns: rows.columns)
    for (j, column) in sorted.enumerated() {
      for i in 0..<rows.rows {
        let below = place(rows[i, j], in: column) { $0 < $1 }
        let upTo = place(rows[i, j], in: column) { $0 <= $1 }
        ranks[i, j] = Float(0.5 * Double(below + upTo) / Double(column.count))
      }
    }
    return ranks
  }

  /// How many leading values of a sorted column come before x.
  private func place(_ x: Float, in column: [Float], _ comesBefore: (Float, Float) -> Bool) -> Int {
    var (low, high) = (0, column.count)
    while low < high {
      let middle = (low + high) / 2
      if comesBefore(column[middle], x) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
