internal import Glibc
package import LinearAlgebra

/// Writes one NPY file of float32, or float64, of known shape from several processes, each its own rows, to be whole or absent.
///
/// The root calls ``create(_:rows:columns:isDouble:)``; then, after a barrier, every process opens the file, writes its rows and
/// calls ``finish()``; after another barrier the root calls ``publish(_:)``.
package struct ArrayFileWriter: ~Copyable {
  /// Rows of the whole file.
  package let rows: Int
  /// Numbers in a row.
  package let columns: Int
  private let width: Int
  private let file: Descriptor
  private let offset: Int

  /// Creates the file beside its place, with its header and at its full length.
  package static func create(
    _ path: String, rows: Int, columns: Int, isDouble: Bool = false
  ) throws(ToolError) {
    let width = isDouble ? 8 : 4
    let (bytes, free) = (Double(width) * Double(rows) * Double(columns), freeSpace(besides: path))
    guard bytes <= free else {
      let need = "\(gigabytes(bytes)) are needed, \(gigabytes(free)) free"
      throw .inputOutput(doing: "making room for \(rows) × \(columns) numbers (\(need))", file: path, ENOSPC)
    }
    let file = try AtomicFile.create(path)
    let header = ArrayHeader.bytes(rows: rows, columns: columns, isDouble: isDouble)
    try file.write(header, at: 0)
    try file.resize(to: header.count + rows * columns * width)
    try file.synchronise()
  }

  /// Opens the file that the root has created.
  package init(_ path: String, rows: Int, columns: Int, isDouble: Bool = false) throws(ToolError) {
    let file = try Descriptor.writing(AtomicFile.partialPath(of: path))
    let offset = ArrayHeader.bytes(rows: rows, columns: columns, isDouble: isDouble).count
    let width = isDouble ? 8 : 4
    let expected = offset + rows * columns * width
    let size = try file.size()
    guard size == expected else {
      throw .data(
        Place(path),
        "is \(size) bytes long, but \(rows) × \(columns) rows need \(expected); is another job writing here?")
    }
    self.rows = rows
    self.columns = columns
    self.width = width
    self.offset = offset
    self.file = file
  }

  /// Writes the first `count` rows of `block` from row `firstRow` of the file on; all of them without a count.
  package func write(_ block: borrowing Matrix, count: Int? = nil, firstRow: Int) throws(ToolError) {
    let count = count ?? block.rows
    let start = start(of: count, firstRow, holding: 4, among: block.rows, block.columns)
    let bytes = block.span.extracting(first: count * columns)
    try unsafe bytes.withUnsafeBytes { (buffer) throws(ToolError) in try unsafe file.write(buffer, at: start) }
  }

  /// Writes the rows of `block` from row `firstRow` of a file of float64 on.
  package func write(_ block: borrowing RowBlock, firstRow: Int) throws(ToolError) {
    let start = start(of: block.rows, firstRow, holding: 8, among: block.rows, block.columns)
    try unsafe block.numbers.span.withUnsafeBytes { (buffer) throws(ToolError) in
      try unsafe file.write(buffer, at: start)
    }
  }

  /// The place of the first byte of `count` rows from `firstRow` on.
  private func start(of count: Int, _ firstRow: Int, holding bytes: Int, among rows: Int, _ columns: Int) -> Int {
    precondition(columns == self.columns && bytes == width, "\(columns) columns into \(self.columns)")
    precondition(
      count <= rows && firstRow >= 0 && firstRow + count <= self.rows,
      "rows \(firstRow)..<\(firstRow + count) of \(self.rows)")
    return offset + firstRow * columns * width
  }

  /// Waits until this process's rows are on the disk, and closes the file.
  package consuming func finish() throws(ToolError) { try file.synchronise() }

  /// Puts the finished file into its place.
  package static func publish(_ path: String) throws(ToolError) { try AtomicFile.publish(path) }

  /// Removes what was begun and not published, if anything was.
  package static func discard(_ path: String) { AtomicFile.discard(path) }

  /// Writes a whole file from one process.
  package static func write(_ matrix: borrowing Matrix, to path: String) throws(ToolError) {
    try create(path, rows: matrix.rows, columns: matrix.columns)
    let writer = try ArrayFileWriter(path, rows: matrix.rows, columns: matrix.columns)
    try writer.write(matrix, firstRow: 0)
    try writer.finish()
    try publish(path)
  }

  /// Writes a whole file of float64 from one process.
  package static func write(_ block: borrowing RowBlock, to path: String) throws(ToolError) {
    try create(path, rows: block.rows, columns: block.columns, isDouble: true)
    let writer = try ArrayFileWriter(path, rows: block.rows, columns: block.columns, isDouble: true)
    try writer.write(block, firstRow: 0)
    try writer.finish()
    try publish(path)
  }
}

/// Bytes that may still be written to the disk of a file; infinite where the disk does not say.
private func freeSpace(besides path: String) -> Double {
  var disk = statvfs()
  let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  guard unsafe statvfs(folder.isEmpty ? "/" : folder, &disk) == 0, disk.f_blocks > 0 else { return .infinity }
  return Double(disk.f_bavail) * Double(disk.f_frsize)
}
