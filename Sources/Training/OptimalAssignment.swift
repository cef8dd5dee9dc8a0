internal import LinearAlgebra

/// Pairs the rows of two sets of n so that Σ‖x_i − e_π(i)‖² is least: exact optimal transport between equal weights.
///
/// Shortest augmenting paths with dual prices (Jonker and Volgenant 1987, Computing 38): O(n³), in Double, ties broken by
/// the lower index, so that the pairing is a function of the rows alone.
@safe final class OptimalAssignment {
  private let count: Int
  /// −⟨x_i, e_j⟩: less than the squared distance by terms that every pairing shares.
  private var costs: [Double]
  // Index 0 is a column outside; rows and columns count from 1.
  private var rowPrices, columnPrices, distances: [Double]
  private var rowOf, cameFrom: [Int]
  private var isDone: [Bool]
  /// π: the column of each row, from 0.
  private(set) var columns: [Int]

  init(count: Int) {
    self.count = count
    costs = [Double](repeating: 0, count: count * count)
    rowPrices = [Double](repeating: 0, count: count + 1)
    (columnPrices, distances) = (rowPrices, rowPrices)
    rowOf = [Int](repeating: 0, count: count + 1)
    cameFrom = rowOf
    isDone = [Bool](repeating: false, count: count + 1)
    columns = Array(0..<count)
  }

  /// Bytes of all buffers.
  var bytes: Int { 8 * (costs.count + 6 * count) }

  /// Pairs row i of `x` with row `columns[i]` of `e`, both by their first `dimension` columns.
  func solve(_ x: borrowing Matrix, _ e: borrowing Matrix, dimension: Int) {
    for i in 0..<count {
      let row = unsafe x.pointer + i * x.columns
      for j in 0..<count {
        let other = unsafe e.pointer + j * e.columns
        var sum = 0.0
        for k in 0..<dimension { unsafe sum -= Double(row[k]) * Double(other[k]) }
        costs[i * count + j] = sum
      }
    }
    for j in 0...count { (rowPrices[j], columnPrices[j], rowOf[j]) = (0, 0, 0) }
    for row in 1...count {
      rowOf[0] = row
      let free = growTree()
      turnPath(to: free)
    }
    for j in 1...count { columns[rowOf[j] - 1] = j - 1 }
  }

  /// Dijkstra over reduced costs from the row in column 0; returns the first free column.
  private func growTree() -> Int {
    for j in 0...count { (distances[j], isDone[j]) = (.infinity, false) }
    var column = 0
    repeat {
      isDone[column] = true
      let row = rowOf[column]
      var (nearest, step) = (0, Double.infinity)
      for j in 1...count where !isDone[j] {
        let reduced = costs[(row - 1) * count + j - 1] - rowPrices[row] - columnPrices[j]
        if reduced < distances[j] { (distances[j], cameFrom[j]) = (reduced, column) }
        if distances[j] < step { (step, nearest) = (distances[j], j) }
      }
      for j in 0...count {
        if isDone[j] {
          rowPrices[rowOf[j]] += step
          columnPrices[j] -= step
        } else {
          distances[j] -= step
        }
      }
      column = nearest
    } while rowOf[column] != 0
    return column
  }

  /// Gives each column on the path the row of the one before.
  private func turnPath(to end: Int) {
    var column = end
    while column != 0 {
      let before = cameFrom[column]
      rowOf[column] = rowOf[before]
      column = before
    }
  }
}
