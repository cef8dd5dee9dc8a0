package import Files

/// All rows of a source, and the first rows of its blocks.
package func collect(_ source: some RowSource) throws -> (rows: [[Double]], firsts: [Int]) {
  var rows: [[Double]] = []
  var firsts: [Int] = []
  try source.forEachBlock { first, block in
    firsts.append(first)
    for row in 0..<block.rows { rows.append((0..<block.columns).map { block[row, $0] }) }
  }
  return (rows, firsts)
}
