/// An NPY file of rows: real numbers of half, single or double precision, integers or truth values, in either order of
/// axes and of bytes.
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
  /// Whether single precision may not hold every number.
  package var isDouble: Bool { type.isDouble }
  /// Where the data start.
  private let offset: Int
  private let type: ArrayNumber
  /// A number that was rounded when it was read, if there is any.
  private var rounded: Double?
  /// Whether columns are contiguous, as those of a pandas frame are.
  private let isFortranOrder: Bool

  /// Reads and checks the header; the shape is compared with the file's size before anything is allocated for it.
  package init(_ path: String) throws(ToolError) {
    let file = try Descriptor.reading(path)
    let size = try file.size()
    let place = Place(path)
    let start = try file.read(min(size, 12), at: 0)
    guard size > 0 else { throw .data(place, "is empty; save an array with numpy.save") }
    guard start.starts(with: arrayMark) else {
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
    do throws(Complaint) {
      header = try ArrayHeader(parsing: bytes[...])
      type = try ArrayNumber(code: header.code)
    } catch {
      throw .data(place, error.text)
    }
    offset = headerStart + length
    self.path = path
    isFortranOrder = header.isFortranOrder && header.shape.count > 1
    (rows, dimension) = try ArrayFile.shape(header.shape, place)
    let (count, overflow) = rows.multipliedReportingOverflow(by: dimension)
    let (byteCount, overflow2) = count.multipliedReportingOverflow(by: type.width)
    guard !overflow, !overflow2, byteCount <= size - offset else {
      throw .data(
        place, "is too short for its shape \(rows) × \(dimension): it was cut, or its header is wrong; copy it again")
    }
    guard byteCount == size - offset else {
      throw .data(
        place, "has \(size - offset - byteCount) bytes after its \(rows) × \(dimension) array; save one array alone")
    }
    if type.mayBeRounded { rounded = try firstBeyondDouble() }
  }

  /// Rows and columns, where there are both.
  static func shape(_ axes: [Int], _ place: Place) throws(ToolError) -> (Int, Int) {
    if axes.isEmpty { throw .data(place, "holds one number without axes; save an array of rows and columns") }
    guard axes.allSatisfy({ $0 > 0 }) else {
      let shape = axes.map(String.init).joined(separator: " × ") + (axes.count == 1 ? " × 1" : "")
      throw .data(place, "has shape \(shape): there is nothing to learn from; save at least one row of one number")
    }
    guard axes.count <= 2 else {
      throw .data(place, "has \(axes.count) axes; rows and columns are expected: save a.reshape(len(a), -1)")
    }
    return (axes[0], axes.count == 2 ? axes[1] : 1)
  }

  /// What is converted.
  package var remarks: [String] {
    let order = isFortranOrder ? "its columns are contiguous (Fortran order): rows are gathered from them" : nil
    return type.remarks(of: path, rounded: rounded, beside: order)
  }

  /// Reads the file once, block by block; see ``RowSource/forEachBlock(_:)``.
  package func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws {
    let file = try Descriptor.reading(path)
    var first = 0
    // Long runs of each column, where columns are contiguous.
    let size = isFortranOrder ? max(1, min(rows, 4_194_304 / dimension)) : rowsPerBlock
    var block = RowBlock(rows: size, columns: dimension)
    var bytes = [UInt8](repeating: 0, count: (isFortranOrder ? size : size * dimension) * type.width)
    while first < rows {
      let count = min(size, rows - first)
      if count < block.rows { block = RowBlock(rows: count, columns: dimension) }
      if isFortranOrder {
        for column in 0..<dimension {
          try read(count, at: column * rows + first, of: file, &bytes) { block.numbers[$0 * dimension + column] = $1 }
        }
      } else {
        try read(count * dimension, at: first * dimension, of: file, &bytes) { block.numbers[$0] = $1 }
      }
      try block.refuseNotFinite(first, path)
      try body(first, block)
      first += count
    }
  }

  /// Reads `count` numbers from the number `start` of the array on.
  @inline(__always)
  private func read(
    _ count: Int, at start: Int, of file: borrowing Descriptor, _ bytes: inout [UInt8], _ take: (Int, Double) -> Void
  ) throws(ToolError) {
    var buffer = bytes.mutableSpan
    let done = try unsafe buffer.withUnsafeMutableBytes { (buffer) throws(ToolError) in
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * type.width)])
      return try unsafe file.read(into: part, at: offset + start * type.width)
    }
    guard done == count * type.width else {
      throw .data(Place(path), "became shorter while it was read; let its writer finish, and start again")
    }
    type.forEach(count, in: unsafe buffer.bytes, take)
  }
}
