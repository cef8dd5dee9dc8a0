package import LinearAlgebra

/// A table of finite numbers on disk, read in order and in blocks.
///
/// The file is never mapped: truncating a mapped file
/// kills its readers.
package protocol RowSource: Sendable {
  /// Rows.
  var rows: Int { get }
  /// Numbers in a row.
  var dimension: Int { get }
  /// The columns' names where the file gives them, safe to print.
  var columnNames: [String]? { get }
  /// Reads the file once, from the first row to the last.
  ///
  /// - Parameter body: receives the index of the block's first row, from 0, and the block `[rows, dimension]`.
  /// - Throws: ``ExperimentError`` naming row and column of anything that is not a finite single-precision number; what
  ///   `body` throws.
  func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing Matrix) throws -> Void) throws
}

/// Rows that a file holds.
package protocol NamedRows { var path: String { get } }

extension ArrayFile: NamedRows {}
extension TableFile: NamedRows {}

extension RowSource {
  /// Rows of a block: about a quarter of a megabyte, so that it is still in cache when its rows are copied.
  var rowsPerBlock: Int { max(1, min(rows, 65_536 / dimension)) }
}

/// The rows of a `.npy`, `.csv` or `.tsv` file.
///
/// - Throws: ``ExperimentError`` if the file is missing, of another kind or malformed.
package func openRows(_ path: String) throws(ExperimentError) -> any RowSource {
  let name = path.lowercased()
  if name.hasSuffix(".npy") { return try ArrayFile(path) }
  if name.hasSuffix(".csv") || name.hasSuffix(".tsv") { return try TableFile(path) }
  throw .data(Place(path), "is of an unknown kind; data files end in .npy, .csv or .tsv")
}
