import LinearAlgebra
import TestSupport
import Testing

@testable import Files

/// An NPY file of version `version` with this header text and these data.
func arrayBytes(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
  let count = header.utf8.count
  let length = version == 1 ? [UInt8(count & 255), UInt8(count >> 8)] : [UInt8(count & 255), UInt8(count >> 8), 0, 0]
  return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8) + data
}

/// The little-endian bytes of numbers.
func bytes<T: FixedWidthInteger>(_ numbers: [T]) -> [UInt8] {
  // One copy, where a loop over bytes without the optimiser takes seconds.
  unsafe numbers.map(\.littleEndian).withUnsafeBytes { unsafe [UInt8]($0) }
}

private let six = bytes([1, 2, 3, 4, 5, 6].map { Float($0).bitPattern })
private let usualHeader = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n"

// Messages stand on one line each, as they are printed.
// swift-format-ignore
private let faultyArrays: [([UInt8], String)] = [
  (
    arrayBytes(usualHeader, Array(six.dropLast())),
    "is too short for its shape 3 × 2: it was cut, or its header is wrong; copy it again"
  ),
  (arrayBytes(usualHeader, six + [0]), "has 1 bytes after its 3 × 2 array; save one array alone"),
  (arrayBytes(usualHeader.replacing("<f4", with: "<f16"), six), "holds numbers of type \"<f16\"; save a.astype('float64')"),
  (arrayBytes(usualHeader.replacing("<f4", with: "<c8"), six), "holds complex numbers; save numpy.hstack([a.real, a.imag])"),
  (arrayBytes(usualHeader.replacing("<f4", with: "<U5"), six), "holds text; save a.astype('float64')"),
  (arrayBytes(usualHeader.replacing("<f4", with: "|O"), six), "holds Python objects; save a.astype('float64')"),
  (arrayBytes(usualHeader.replacing("<f4", with: "<M8[ns]"), six), "holds dates; save a.astype('datetime64[s]').astype('float64')"),
  (
    arrayBytes(usualHeader.replacing("<f4", with: "<m8[D]"), six),
    "holds spans of time; save a.astype('timedelta64[s]').astype('float64')"
  ),
  (
    arrayBytes(usualHeader.replacing("<f4", with: "\u{1b}[2J"), six),
    "holds elements of type \"\\u{1b}[2J\"; save a.astype('float64')"
  ),
  (
    arrayBytes(usualHeader.replacing("'<f4'", with: "[('x', '<f4')]"), six),
    "holds records; save numpy.lib.recfunctions.structured_to_unstructured(a)"
  ),
  (arrayBytes(usualHeader.replacing("(3, 2)", with: "(0, 2)"), []), "has shape 0 × 2: there is nothing to learn from; save at least one row of one number"),
  (arrayBytes(usualHeader.replacing("(3, 2)", with: "(2, 0)"), []), "has shape 2 × 0: there is nothing to learn from; save at least one row of one number"),
  (
    arrayBytes(usualHeader.replacing("(3, 2)", with: "(3, 2, 1)"), six),
    "has 3 axes; rows and columns are expected: save a.reshape(len(a), -1)"
  ),
  (
    arrayBytes(usualHeader.replacing("(3, 2)", with: "()"), six),
    "holds one number without axes; save an array of rows and columns"
  ),
  (
    arrayBytes(usualHeader.replacing("(3, 2)", with: "(0,)"), []),
    "has shape 0 × 1: there is nothing to learn from; save at least one row of one number"
  ),
  (
    arrayBytes(usualHeader.replacing("(3, 2)", with: "(0, 3, 2)"), []),
    "has shape 0 × 3 × 2: there is nothing to learn from; save at least one row of one number"
  ),
  (
    arrayBytes(usualHeader.replacing("(3, 2)", with: "(4611686018427387904, 4)"), six),
    "is too short for its shape 4611686018427387904 × 4: it was cut, or its header is wrong; copy it again"
  ),
  (
    arrayBytes(usualHeader.replacing("(3, 2)", with: "(99999999999999999999, 4)"), six),
    "the shape in its header is too large for any file; copy it again"
  ),
  (arrayBytes(usualHeader.replacing("(3, 2)", with: "(-3, 2)"), six), "its header is malformed; save it with numpy.save"),
  (arrayBytes(usualHeader.replacing("descr", with: "dtype"), six), "its header has the key \"dtype\", unknown or repeated; save it with numpy.save"),
  (arrayBytes("{'descr': '<f4', 'shape': (3, 2)}", six), "its header is malformed; save it with numpy.save"),
  (arrayBytes("{'descr': '<f4'", six), "its header is malformed; save it with numpy.save"),
  (Array(arrayBytes(usualHeader, six).prefix(40)), "is cut short within its header; copy it again"),
  (Array(arrayBytes(usualHeader, six).prefix(11)), "is cut short within its header; copy it again"),
  (Array("PK archive of arrays".utf8), "is not an NPY file; save it with numpy.save"),
  ([], "is empty; save an array with numpy.save"),
  (arrayBytes(usualHeader, six, version: 4), "has NPY version 4.0, not 1.0, 2.0 or 3.0; save it with numpy.save"),
  ([0x93] + Array("NUMPY".utf8) + [2, 0, 255, 255, 255, 255], "has a header of 4294967295 bytes, more than 65536; save one plain array with numpy.save"),
]

/// The rows (1, 0), (1, 1), (0, 1) in every type, and what is said of it.
private let typedArrays: [(String, [UInt8], String?)] = {
  let whole = [1, 0, 1, 1, 0, 1]
  func integers<T: FixedWidthInteger>(_ type: T.Type, swapped: Bool = false) -> [UInt8] {
    bytes(whole.map { swapped ? T($0).byteSwapped : T($0) })
  }
  let half = whole.map { $0 == 1 ? UInt16(0x3c00) : 0 }
  let single = whole.map { Float($0).bitPattern }
  let double = whole.map { Double($0).bitPattern }
  func note(_ bits: Int, _ order: String = "") -> String {
    "\(order)integers of \(bits) bits are read as numbers, exactly"
  }
  return [
    ("<f2", bytes(half), "half-precision numbers are read in single precision, exactly"),
    (">f2", bytes(half.map(\.byteSwapped)), "big-endian half-precision numbers are read in single precision, exactly"),
    ("<f4", bytes(single), nil), (">f4", bytes(single.map(\.byteSwapped)), "big-endian numbers are read"),
    ("<f8", bytes(double), nil), (">f8", bytes(double.map(\.byteSwapped)), "big-endian numbers are read"),
    ("|b1", integers(UInt8.self), "truth values are read as 0 and 1"),
    ("|i1", integers(Int8.self), note(8)), ("|u1", integers(UInt8.self), note(8)),
    ("<i2", integers(Int16.self), note(16)), (">u2", integers(UInt16.self, swapped: true), note(16, "big-endian ")),
    ("<i4", integers(Int32.self), note(32)), (">i4", integers(Int32.self, swapped: true), note(32, "big-endian ")),
    ("<u4", integers(UInt32.self), note(32)), ("<i8", integers(Int64.self), note(64)),
    (">u8", integers(UInt64.self, swapped: true), note(64, "big-endian ")),
  ]
}()

@Suite struct ArrayFileTests {
  @Test("float32 and float64, one or two axes and every header version are read", arguments: [1, 2, 3] as [UInt8])
  func reads(version: UInt8) throws {
    let expected: [[Double]] = [[1, 2], [3, 4], [5, 6]]
    try withFile(arrayBytes(usualHeader, six, version: version), "a.npy") { path in
      let file = try ArrayFile(path)
      #expect(file.rows == 3 && file.dimension == 2 && file.columnNames == nil)
      #expect(try collect(file).rows == expected)
    }
    let doubles = bytes([1, 2, 3, 4, 5, 6].map { Double($0).bitPattern })
    let header = "{\"shape\":(3,2),'fortran_order':False,\"descr\":\"<f8\"}"
    try withFile(arrayBytes(header, doubles, version: version), "a.npy") { (path) throws in
      #expect(try collect(ArrayFile(path)).rows == expected)
    }
    let column = "{'descr': '<f4', 'fortran_order': True, 'shape': (6,), }"
    try withFile(arrayBytes(column, six, version: version), "a.npy") { (path) throws in
      #expect(try collect(ArrayFile(path)).rows == [[1], [2], [3], [4], [5], [6]])
    }
  }

  @Test(
    "every real, integer and truth type of either byte order is read, with a note where it is converted",
    arguments: typedArrays)
  func types(code: String, data: [UInt8], note: String?) throws {
    try withFile(arrayBytes(usualHeader.replacing("<f4", with: code), data), "a.npy") { path in
      let file = try ArrayFile(path)
      #expect(try collect(file).rows == [[1, 0], [1, 1], [0, 1]])
      #expect(file.remarks == (note.map { ["note: \(path): \($0)"] } ?? []))
      // Single precision holds every whole number of up to 16 bits.
      #expect(
        file.isDouble == (code.hasSuffix("f8") || code.hasSuffix("4") && !code.hasSuffix("f4") || code.hasSuffix("8")))
    }
  }

  @Test("extreme numbers of every type are exact") func extremes() throws {
    func read(_ code: String, _ data: [UInt8]) throws -> [Double] {
      var values: [Double] = []
      let header = "{'descr': '\(code)', 'fortran_order': False, 'shape': (1, 2)}"
      try withFile(arrayBytes(header, data), "a.npy") { values = try collect(ArrayFile($0)).rows[0] }
      return values
    }
    #expect(try read("|i1", bytes([Int8.min, .max])) == [-128, 127])
    #expect(try read("<i2", bytes([Int16.min, .max])) == [-32768, 32767])
    #expect(try read(">i4", bytes([Int32.min.byteSwapped, Int32.max.byteSwapped])) == [-2_147_483_648, 2_147_483_647])
    #expect(try read("<u8", bytes([UInt64(1) << 53, UInt64(1) << 63])) == [0x1p53, 0x1p63])
    #expect(try read("<i8", bytes([Int64.min, -(1 << 53)])) == [-0x1p63, -0x1p53])
    // The smallest and the largest number of half precision.
    #expect(try read("<f2", bytes([UInt16(0x8001), 0x7bff])) == [-0x1p-24, 65504])
    #expect(try read(">f8", bytes([Double.pi.bitPattern.byteSwapped, (-0.1).bitPattern.byteSwapped])) == [.pi, -0.1])
  }

  @Test(
    "integers that double precision rounds are a warning with one of them and the remedy", arguments: [false, true])
  func rounds(isFortran: Bool) throws {
    let header = "{'descr': '<i8', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': (2, 2)}"
    // A nanosecond of the year 2023.
    try withFile(arrayBytes(header, bytes([Int64(1), 2, 3, 1_700_000_000_000_000_001])), "a.npy") { path in
      let said = try ArrayFile(path).remarks.filter { $0.hasPrefix("warning") }
      #expect(
        said == [
          "warning: \(path): holds integers beyond 2^53, such as about 1.7e+18, which double precision rounds to a multiple "
            + "of 256; save a - a.min(axis=0) to keep their differences"
        ])
    }
    try withFile(arrayBytes(header, bytes([Int64(1), 2, 3, (1 << 53) - 1])), "a.npy") { path in
      let remarks = try ArrayFile(path).remarks
      #expect(!remarks.contains { $0.hasPrefix("warning") })
    }
  }

  @Test("an array in Fortran order gives the rows of the same array in C order, over several blocks")
  func fortran() throws {
    let (rows, columns) = (30_001, 150)
    let values = (0..<columns).flatMap { column in (0..<rows).map { Float($0 * columns + column).bitPattern } }
    let header = "{'descr': '<f4', 'fortran_order': True, 'shape': (\(rows), \(columns))}"
    try withFile(arrayBytes(header, bytes(values)), "a.npy") { path in
      let file = try ArrayFile(path)
      #expect(file.remarks.count == 1 && file.remarks[0].contains("Fortran order"))
      var (next, blocks, wrong) = (0, 0, 0)
      try file.forEachBlock { _, block in
        blocks += 1
        for number in block.numbers {
          // Whole numbers up to 4.5 million are exact in single precision.
          if number != Double(next) { wrong += 1 }
          next += 1
        }
      }
      #expect(next == rows * columns && blocks > 1 && wrong == 0)
    }
  }

  @Test("blocks cover all rows once and in order") func blocks() throws {
    let rows = 70_001
    let data = bytes((0..<rows).map { Float($0).bitPattern })
    try withFile(arrayBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), 1)}", data), "a.npy") { path in
      let (values, firsts) = try collect(ArrayFile(path))
      #expect(values.map { $0[0] } == (0..<rows).map(Double.init))
      #expect(firsts == [0, 65_536])
    }
  }

  @Test(
    "each fault has its own message and status 65",
    arguments: faultyArrays)
  func refuses(content: [UInt8], message: String) throws {
    try withFile(content, "bad.npy") { path in
      let body = { _ = try ArrayFile(path) }
      #expect(errorText(body) == "\(path): \(message)")
      #expect(errorStatus(body) == .dataErr)
    }
  }

  @Test("numbers beyond single precision are read as they are") func large() throws {
    let data = bytes([1, 2, 3, 4, 5, 1e39].map(\.bitPattern))
    try withFile(arrayBytes(usualHeader.replacing("<f4", with: "<f8"), data), "a.npy") { (path) throws in
      #expect(try collect(ArrayFile(path)).rows[2] == [5, 1e39])
    }
  }

  @Test("a number that is not finite is named by row and column", arguments: [Double.nan, .infinity, -.infinity])
  func notFinite(number: Double) throws {
    let data = bytes([1, 2, 3, 4, 5, number].map(\.bitPattern))
    try withFile(arrayBytes(usualHeader.replacing("<f4", with: "<f8"), data), "a.npy") { path in
      let file = try ArrayFile(path)
      let shown = number.isNaN ? "nan" : number > 0 ? "inf" : "-inf"
      #expect(
        errorText { try file.forEachBlock { _, _ in } }
          == "\(path): row 2, column 1 (both from 0, as in NumPy) holds \(shown), "
          + "not a finite number; remove the row"
      )
    }
  }

  @Test("a file that is cut after it was opened is an error, not a crash") func cut() throws {
    try withFile(arrayBytes(usualHeader, six), "a.npy") { path in
      let file = try ArrayFile(path)
      try Descriptor.writing(path).resize(to: 80)
      #expect(
        errorText { try file.forEachBlock { _, _ in } }
          == "\(path): became shorter while it was read; let its writer finish, and start again")
    }
  }

  @Test("rows written in parts and out of order make the file that one write makes") func parts() throws {
    let path = temporaryPath("parts.npy")
    defer { _ = unlinkFile(path) }
    var block = Matrix(rows: 4, columns: 3)
    try ArrayFileWriter.create(path, rows: 5, columns: 3)
    for (first, count) in [(3, 2), (0, 3)] {
      for index in 0..<3 * count { block[index / 3, index % 3] = Float(3 * first + index) }
      let writer = try ArrayFileWriter(path, rows: 5, columns: 3)
      try writer.write(block, count: count, firstRow: first)
      try writer.finish()
    }
    #expect(errorText { _ = try ArrayFile(path) }.hasPrefix("\(path): cannot be read: no such file"))
    try ArrayFileWriter.publish(path)
    #expect(try collect(ArrayFile(path)).rows.flatMap { $0 } == (0..<15).map(Double.init))
  }

  @Test("the header is NumPy's with 64 blanks more, by which the program knows its own files") func headerBytes() throws
  {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (50000, 100), }"
    let expected = arrayBytes(text + String(repeating: " ", count: 117 + 64 - text.utf8.count) + "\n", [])
    #expect(ArrayHeader.bytes(rows: 50_000, columns: 100) == expected)
    #expect(ArrayHeader.bytes(rows: 1, columns: 1).count % 64 == 0)
    for isDouble in [false, true] {
      let own = ArrayHeader.bytes(rows: 1, columns: 1, isDouble: isDouble)
      try withFile(own + [UInt8](repeating: 0, count: isDouble ? 8 : 4), "own.npy") { #expect(ArrayHeader.isOwn($0)) }
    }
    let foreign = arrayBytes(text + String(repeating: " ", count: 117 - text.utf8.count) + "\n", [])
    try withFile(foreign, "foreign.npy") { #expect(!ArrayHeader.isOwn($0)) }
    try withFile(Array("text".utf8), "text.npy") { #expect(!ArrayHeader.isOwn($0)) }
  }

  @Test("an output that cannot be created is named, with status 73") func unwritable() {
    let body = { try ArrayFileWriter.create("/nowhere/s.npy", rows: 1, columns: 1) }
    #expect(
      errorText(body)
        == "/nowhere/s.npy: cannot be created: no such file or directory; choose an output folder you may write to")
    #expect(errorStatus(body) == .cantCreate)
  }
}
