package import LinearAlgebra

/// An NPY file of float32 or float64 rows, C order, little-endian.
///
/// An array of one axis is one column.
package struct ArrayFile: RowSource {
  /// The path as given.
  package let path: String
  /// Rows.
  package let rows: Int
  /// Numbers in a row.
  package let dimension: Int
  /// None: NPY files have no names.
  package var columnNames: [String]? { nil }
  /// Where the data start.
  private let offset: Int
  private let isDouble: Bool

  /// Reads and checks the header; the shape is compared with the file's size before anything is allocated for it.
  package init(_ path: String) throws(ExperimentError) {
    let file = try Descriptor.reading(path)
    let size = try file.size()
    let place = Place(path)
    let start = try file.read(min(size, 12), at: 0)
    guard start.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw .data(place, "is not an NPY file; save it with numpy.save")
    }
    guard start.count == 12 else { throw .data(place, "is cut short within its header; copy it again") }
    guard (1...3).contains(start[6]), start[7] == 0 else {
      throw .data(place, "has NPY version \(start[6]).\(start[7]), not 1.0, 2.0 or 3.0; save it with numpy.save")
    }
    let isShort = start[6] == 1
    let high = isShort ? 0 : Int(start[10]) << 16 | Int(start[11]) << 24
    let length = Int(start[8]) | Int(start[9]) << 8 | high
    let headerStart = isShort ? 10 : 12
    guard length <= ArrayHeader.longest else {
      throw .data(
        place, "has a header of \(length) bytes, more than \(ArrayHeader.longest); save one plain array with numpy.save"
      )
    }
    guard headerStart + length <= size else { throw .data(place, "is cut short within its header; copy it again") }
    let header: ArrayHeader
    let bytes = try file.read(length, at: headerStart)
    do { header = try ArrayHeader(parsing: bytes[...]) } catch { throw .data(place, error.text) }
    offset = headerStart + length
    self.path = path
    isDouble = try ArrayFile.isDouble(header.code, place)
    if header.isFortranOrder, header.shape.count > 1 {
      throw .data(place, "is in Fortran order; save numpy.ascontiguousarray(a)")
    }
    guard header.shape.count == 1 || header.shape.count == 2 else {
      throw .data(place, "has \(header.shape.count) axes; rows and columns are expected: save a.reshape(len(a), -1)")
    }
    rows = header.shape[0]
    dimension = header.shape.count == 2 ? header.shape[1] : 1
    guard rows > 0, dimension > 0 else {
      throw .data(place, "has shape \(rows) × \(dimension): there is nothing to learn from; save at least one row")
    }
    let (count, overflow) = rows.multipliedReportingOverflow(by: dimension)
    let (byteCount, overflow2) = count.multipliedReportingOverflow(by: isDouble ? 8 : 4)
    guard !overflow, !overflow2, byteCount <= size - offset else {
      throw .data(
        place, "is too short for its shape \(rows) × \(dimension): it was cut, or its header is wrong; copy it again")
    }
    guard byteCount == size - offset else {
      throw .data(
        place, "has \(size - offset - byteCount) bytes after its \(rows) × \(dimension) array; save one array alone")
    }
  }

  private static func isDouble(_ code: String, _ place: Place) throws(ExperimentError) -> Bool {
    switch code {
    case "<f4": return false
    case "<f8": return true
    case ">f4", ">f8": throw .data(place, "is big-endian; save a.astype('<f4')")
    default: throw .data(place, "holds numbers of type \(quoted(code)); save a.astype('float32') or float64")
    }
  }

  /// Reads the file once, block by block; see ``RowSource/forEachBlock(_:)``.
  package func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing Matrix) throws -> Void) throws {
    let file = try Descriptor.reading(path)
    var first = 0
    var matrix = Matrix(rows: rowsPerBlock, columns: dimension)
    var bytes = [UInt8](repeating: 0, count: matrix.count * (isDouble ? 8 : 4))
    while first < rows {
      let count = min(rowsPerBlock, rows - first)
      if count < matrix.rows { matrix = Matrix(rows: count, columns: dimension) }
      try fill(&matrix, firstRow: first, from: file, &bytes)
      try body(first, matrix)
      first += count
    }
  }

  private func fill(
    _ matrix: inout Matrix, firstRow: Int, from file: borrowing Descriptor, _ bytes: inout [UInt8]
  ) throws(ExperimentError) {
    let width = isDouble ? 8 : 4
    let byteCount = matrix.count * width
    let start = offset + firstRow * dimension * width
    var buffer = bytes.mutableSpan
    let done = try unsafe buffer.withUnsafeMutableBytes { (buffer) throws(ExperimentError) in
      try unsafe file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount]), at: start)
    }
    guard done == byteCount else {
      throw .data(Place(path), "became shorter while it was read; let its writer finish, and start again")
    }
    let raw = unsafe buffer.bytes
    var bad = -1
    var numbers = matrix.mutableSpan
    for index in 0..<numbers.count {
      // Within the bytes just read; files are little-endian and so are the machines we run on.
      let number =
        isDouble
        ? Float(unsafe raw.unsafeLoadUnaligned(fromByteOffset: index * 8, as: Double.self))
        : unsafe raw.unsafeLoadUnaligned(fromByteOffset: index * 4, as: Float.self)
      if !number.isFinite, bad < 0 { bad = index }
      numbers[index] = number
    }
    if bad >= 0 {
      let position = "row \(firstRow + bad / dimension), column \(bad % dimension) (both from 0, as in NumPy)"
      throw .data(
        Place(path), "\(position) holds \(numbers[bad]), not a finite single-precision number; remove the row")
    }
  }
}
