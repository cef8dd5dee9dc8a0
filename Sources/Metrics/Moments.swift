public import LinearAlgebra

/// Sums of columns in Double, in the order of the rows.
struct ColumnSums {
  private(set) var count = 0
  private var sums: [Double]

  init(columns: Int) { sums = Array(repeating: 0, count: columns) }

  /// The mean of each column.
  var means: [Double] { sums.map { $0 / Double(max(count, 1)) } }

  /// Adds a block of rows.
  mutating func add(_ rows: borrowing Matrix) {
    let elements = rows.span
    for r in 0..<rows.rows {
      for j in 0..<rows.columns { sums[j] += Double(elements[r * rows.columns + j]) }
    }
    count += rows.rows
  }
}

/// The standard deviation of each column, with divisor n − 1.
///
/// - Parameters:
///   - columns: the number of columns.
///   - forEachBlock: calls its argument with blocks `[rows, columns]` in order, the same each time; called twice.
/// - Returns: one number a column.
/// - Throws: ``MetricsError`` for fewer than 2 rows; what `forEachBlock` throws.
public func columnDeviations(
  columns: Int, forEachBlock: ((borrowing Matrix) throws -> Void) throws -> Void
) throws -> [Double] {
  var sums = ColumnSums(columns: columns)
  try forEachBlock { sums.add($0) }
  guard sums.count >= 2 else { throw MetricsError.tooFewRows(rows: sums.count, needed: 2) }
  let mean = sums.means
  var squares = [Double](repeating: 0, count: columns)
  try forEachBlock { rows in
    let elements = rows.span
    for r in 0..<rows.rows {
      for j in 0..<columns {
        let centred = Double(elements[r * columns + j]) - mean[j]
        squares[j].addProduct(centred, centred)
      }
    }
  }
  return squares.map { ($0 / Double(sums.count - 1)).squareRoot() }
}

/// The mean of each column.
func columnMeans(_ rows: borrowing Matrix) -> [Double] {
  var sums = ColumnSums(columns: rows.columns)
  sums.add(rows)
  return sums.means
}

/// Σ (x_i − m_i)(x_j − m_j) for i in `own` and j ≥ i, four rows at a time, each summed in the order of the rows.
///
/// Fours go on over the ends of blocks: the sums do not depend on how the rows are cut into blocks.
struct CentredProducts {
  private let mean: [Double]
  private let own: Range<Int>
  private var sums: [Double]
  private var centred: [SIMD4<Double>]
  private var held = 0

  init(mean: [Double], own: Range<Int>) {
    self.mean = mean
    self.own = own
    sums = Array(repeating: 0, count: own.reduce(0) { $0 + mean.count - $1 })
    centred = Array(repeating: .zero, count: mean.count)
  }

  /// Adds a block of rows.
  mutating func add(_ rows: borrowing Matrix) {
    let d = mean.count
    let elements = rows.span
    for r in 0..<rows.rows {
      for j in 0..<d { centred[j][held] = Double(elements[r * d + j]) - mean[j] }
      held += 1
      if held == 4 { addFour() }
    }
  }

  /// The sums, row after row of the upper triangle.
  consuming func finished() -> [Double] {
    guard held > 0 else { return sums }
    for j in centred.indices { for lane in held..<4 { centred[j][lane] = 0 } }
    addFour()
    return sums
  }

  private mutating func addFour() {
    let d = mean.count
    var next = 0
    for i in own {
      let x = centred[i]
      for j in i..<d {
        sums[next] += (x * centred[j]).sum()
        next += 1
      }
    }
    held = 0
  }
}
