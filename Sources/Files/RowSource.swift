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
  /// Whether single precision may not hold every number: then samples are written in double precision as well.
  var isDouble: Bool { get }
  /// What was converted or guessed while the file was opened: lines to be shown, each a note or a warning that names the
  /// file.
  var remarks: [String] { get }
  /// Reads the file once, from the first row to the last.
  ///
  /// - Parameter body: receives the index of the block's first row, from 0, and the block `[rows, dimension]`.
  /// - Throws: ``ToolError`` naming row and column of anything that is not a finite number; what `body` throws.
  func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws
}

extension RowSource {
  /// Nothing was converted.
  package var remarks: [String] { [] }
}

/// Rows that a file holds.
package protocol NamedRows { var path: String { get } }

extension ArrayFile: NamedRows {}
extension TableFile: NamedRows {}

extension RowSource {
  /// Rows of a block: about a quarter of a megabyte, so that it is still in cache when its rows are copied.
  package var rowsPerBlock: Int { max(1, min(rows, 65_536 / dimension)) }

  /// The first number that double precision may have rounded.
  func firstBeyondDouble() throws(ToolError) -> Double? {
    var found: Double?
    do {
      try forEachBlock { _, block in
        found = block.numbers.first { abs($0) >= 0x1p53 }
        if found != nil { throw FoundNumber() }
      }
    } catch let error as ToolError { throw error } catch {}
    return found
  }
}

/// Ends a pass that has found what it looked for.
private struct FoundNumber: Error {}

extension RowBlock {
  /// Refuses a number of an array that is not finite.
  func refuseNotFinite(_ firstRow: Int, _ path: String) throws(ToolError) {
    guard let bad = numbers.firstIndex(where: { !$0.isFinite }) else { return }
    let position = "row \(firstRow + bad / columns), column \(bad % columns) (both from 0, as in NumPy)"
    throw .data(Place(path), "\(position) holds \(numbers[bad]), not a finite number; remove the row")
  }
}

/// Whether the first line of a table holds names.
package enum TableHeader: String, Sendable, CaseIterable {
  /// It does unless it is a line of numbers like those below.
  case automatic = "auto"
  /// It does, whatever it holds.
  case present = "true"
  /// It holds numbers.
  case absent = "false"
}

/// How the names of tables end.
private let tableEndings = [".csv", ".tsv", ".txt", ".dat"]

/// Whether a name ends as those of data files do.
package func endsAsData(_ path: String) -> Bool {
  HDF5Name.isHDF5(path) || ([".npy"] + tableEndings).contains(where: path.lowercased().hasSuffix)
}

/// The rows of a `.npy` file, of a data set `.h5:/PATH`, or of a table: `.csv`, `.tsv`, `.txt` or `.dat`.
///
/// - Parameters:
///   - path: the file.
///   - header: whether a table's first line holds names.
/// - Returns: the rows, of which nothing but the shape has been read.
/// - Throws: ``ToolError`` if the file is missing, of another kind or malformed.
package func openRows(_ path: String, header: TableHeader = .automatic) throws(ToolError) -> any RowSource {
  if HDF5Name.isHDF5(path) { return try HDF5File(path) }
  let name = path.lowercased()
  let isArray = name.hasSuffix(".npy")
  let start = try? Descriptor.reading(path).read(16, at: 0)
  if let kind = foreignKind(start ?? [], isArray: isArray) { throw .data(Place(path), kind) }
  if isArray { return try ArrayFile(path) }
  if tableEndings.contains(where: name.hasSuffix) { return try TableFile(path, header: header) }
  throw .data(
    Place(path),
    "is of an unknown kind; data files end in .npy, .csv, .tsv, .txt or .dat, or are named as rows.h5:/PATH")
}
