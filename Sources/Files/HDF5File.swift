/// A data set of an HDF5 file, in the same types of numbers as an NPY file: `rows.h5:/path/of/set`.
///
/// It is read in place and in blocks, through the machine's libhdf5: packed chunks and files beyond the memory are no matter.
/// A data set of one axis is one column.
package struct HDF5File: RowSource, NamedRows {
  /// The file and the data set, as given.
  package let path: String
  /// Rows.
  package let rows: Int
  /// Numbers in a row.
  package let dimension: Int
  /// None: data sets have no names of columns.
  package var columnNames: [String]? { nil }
  /// Whether single precision may not hold every number.
  package var isDouble: Bool { type.isDouble }
  private let name: (file: String, set: String)
  private let type: ArrayNumber
  /// A number that was rounded when it was read, if there is any.
  private var rounded: Double?

  /// Opens the data set to learn its shape and type.
  ///
  /// - Throws: ``ToolError`` for a file that is missing, damaged or no HDF5 file, a data set that is not there, other elements
  ///   than numbers, or a machine without libhdf5.
  package init(_ path: String) throws(ToolError) {
    self.path = path
    guard let name = HDF5Name(path) else {
      let file = path.hasSuffix(":") ? String(path.dropLast()) : path
      let names = try OpenSet.names(in: file)
      throw .data(Place(path), "names no data set: write \(file):/PATH, where the file has \(names)")
    }
    self.name = (name.file, name.set)
    let opened = try OpenSet(self.name, path)
    let place = Place(path)
    do throws(Complaint) { type = try ArrayNumber(code: opened.code) } catch {
      throw .data(place, error.text.replacing("elements of type \"V\"", with: "elements that are no plain numbers"))
    }
    (rows, dimension) = try ArrayFile.shape(opened.axes, place)
    let (count, overflow) = rows.multipliedReportingOverflow(by: dimension)
    guard !overflow, count < Int.max / 8 else { throw .data(place, "has more numbers than any machine has room for") }
    if type.mayBeRounded { rounded = try firstBeyondDouble() }
  }

  /// What is converted.
  package var remarks: [String] { type.remarks(of: path, rounded: rounded, beside: nil) }

  /// Reads the data set once, block by block; see ``RowSource/forEachBlock(_:)``.
  package func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws {
    var set = try OpenSet(name, path)
    guard set.axes == [rows, dimension] || set.axes == [rows] && dimension == 1,
      (try? ArrayNumber(code: set.code)) == type
    else { throw ToolError.data(Place(path), "changed while it was read; let its writer finish, and start again") }
    var block = RowBlock(rows: rowsPerBlock, columns: dimension)
    var bytes = [UInt8](repeating: 0, count: rowsPerBlock * dimension * type.width)
    for first in stride(from: 0, to: rows, by: rowsPerBlock) {
      let count = min(rowsPerBlock, rows - first)
      if count < block.rows { block = RowBlock(rows: count, columns: dimension) }
      try set.read(count, from: first, into: &bytes)
      type.forEach(block.numbers.count, in: unsafe bytes.span.bytes) { block.numbers[$0] = $1 }
      try block.refuseNotFinite(first, path)
      try body(first, block)
    }
  }
}

/// An HDF5 file and a data set in it, as one names both: `rows.h5:/path/of/set`.
struct HDF5Name {
  let file: String
  let set: String

  /// The endings that tell a file of this kind.
  static let endings = [".h5", ".hdf5"]

  /// Cuts a name after the file's ending; nil where there is no data set in it.
  init?(_ path: String) {
    guard let match = path.firstMatch(of: /\.(?i:h5|hdf5):/), match.range.upperBound < path.endIndex else { return nil }
    file = String(path[..<path.index(before: match.range.upperBound)])
    set = String(path[match.range.upperBound...])
  }

  /// Whether a name is that of an HDF5 file, with a data set or without.
  static func isHDF5(_ path: String) -> Bool {
    Self(path) != nil || endings.contains { path.lowercased().hasSuffix($0) || path.lowercased().hasSuffix($0 + ":") }
  }
}

/// The file on disk that a name of data stands for: of `rows.h5:/set` the part before the colon.
package func fileOnDisk(_ path: String) -> String { HDF5Name(path)?.file ?? path }
