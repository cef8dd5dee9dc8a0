internal import Glibc
package import LinearAlgebra

/// Writes one float32 NPY file of known shape from several processes, each its own rows, to be whole or absent.
///
/// The root calls ``create(_:rows:columns:)``; then, after a barrier, every process opens the file, writes its rows and
/// calls ``finish()``; after another barrier the root calls ``publish(_:)``.
package struct ArrayFileWriter: ~Copyable {
  /// Rows of the whole file.
  package let rows: Int
  /// Numbers in a row.
  package let columns: Int
  private let file: Descriptor
  private let offset: Int

  /// Creates the file beside its place, with its header and at its full length.
  package static func create(_ path: String, rows: Int, columns: Int) throws(ExperimentError) {
    let (bytes, free) = (4 * Double(rows) * Double(columns), freeSpace(besides: path))
    guard bytes <= free else {
      let need = "\(gigabytes(bytes)) are needed, \(gigabytes(free)) free"
      throw .inputOutput(doing: "making room for \(rows) × \(columns) numbers (\(need))", file: path, ENOSPC)
    }
    let file = try AtomicFile.create(path)
    let header = ArrayHeader.bytes(rows: rows, columns: columns)
    try file.write(header, at: 0)
    try file.resize(to: header.count + rows * columns * 4)
    try file.synchronise()
  }

  /// Opens the file that the root has created.
  package init(_ path: String, rows: Int, columns: Int) throws(ExperimentError) {
    let file = try Descriptor.writing(AtomicFile.partialPath(of: path))
    let offset = ArrayHeader.bytes(rows: rows, columns: columns).count
    let expected = offset + rows * columns * 4
    let size = try file.size()
    guard size == expected else {
      throw .data(
        Place(path),
        "is \(size) bytes long, but \(rows) × \(columns) rows need \(expected); is another job writing here?")
    }
    self.rows = rows
    self.columns = columns
    self.offset = offset
    self.file = file
  }

  /// Writes the first `count` rows of `block` from row `firstRow` of the file on; all of them without a count.
  package func write(_ block: borrowing Matrix, count: Int? = nil, firstRow: Int) throws(ExperimentError) {
    let count = count ?? block.rows
    precondition(block.columns == columns, "\(block.columns) columns into \(columns)")
    precondition(
      count <= block.rows && firstRow >= 0 && firstRow + count <= rows,
      "rows \(firstRow)..<\(firstRow + count) of \(rows)")
    let start = offset + firstRow * columns * 4
    let bytes = block.span.extracting(first: count * columns)
    try unsafe bytes.withUnsafeBytes { (buffer) throws(ExperimentError) in try unsafe file.write(buffer, at: start) }
  }

  /// Waits until this process's rows are on the disk, and closes the file.
  package consuming func finish() throws(ExperimentError) { try file.synchronise() }

  /// Puts the finished file into its place.
  package static func publish(_ path: String) throws(ExperimentError) { try AtomicFile.publish(path) }

  /// Removes what was begun and not published, if anything was.
  package static func discard(_ path: String) { AtomicFile.discard(path) }

  /// Writes a whole file from one process.
  package static func write(_ matrix: borrowing Matrix, to path: String) throws(ExperimentError) {
    try create(path, rows: matrix.rows, columns: matrix.columns)
    let writer = try ArrayFileWriter(path, rows: matrix.rows, columns: matrix.columns)
    try writer.write(matrix, firstRow: 0)
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
