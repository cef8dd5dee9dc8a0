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
  numbers.flatMap { number in (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
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
  (
    arrayBytes(usualHeader.replacing("<f4", with: "<i8"), six),
    "holds numbers of type \"<i8\"; save a.astype('float32') or float64"
  ),
  (
    arrayBytes(usualHeader.replacing("<f4", with: "\u{1b}[2J"), six),
    "holds numbers of type \"\\u{1b}[2J\"; save a.astype('float32') or float64"
  ),
  (arrayBytes(usualHeader.replacing("<f4", with: ">f4"), six), "is big-endian; save a.astype('<f4')"),
  (
    arrayBytes(usualHeader.replacing("'<f4'", with: "[('x', '<f4')]"), six),
    "holds records; save one array of float32 or float64"
  ),
  (
    arrayBytes(usualHeader.replacing("False", with: "True"), six),
    "is in Fortran order; save numpy.ascontiguousarray(a)"
  ),
  (arrayBytes(usualHeader.replacing("(3, 2)", with: "(0, 2)"), []), "has shape 0 × 2: there is nothing to learn from; save at least one row"),
  (arrayBytes(usualHeader.replacing("(3, 2)", with: "(2, 0)"), []), "has shape 2 × 0: there is nothing to learn from; save at least one row"),
  (
    arrayBytes(usualHeader.replacing("(3, 2)", with: "(3, 2, 1)"), six),
    "has 3 axes; rows and columns are expected: save a.reshape(len(a), -1)"
  ),
  (
    arrayBytes(usualHeader.replacing("(3, 2)", with: "()"), six),
    "has 0 axes; rows and columns are expected: save a.reshape(len(a), -1)"
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
  ([], "is not an NPY file; save it with numpy.save"),
  (arrayBytes(usualHeader, six, version: 4), "has NPY version 4.0, not 1.0, 2.0 or 3.0; save it with numpy.save"),
  ([0x93] + Array("NUMPY".utf8) + [2, 0, 255, 255, 255, 255], "has a header of 4294967295 bytes, more than 65536; save one plain array with numpy.save"),
]

@Suite struct ArrayFileTests {
  @Test("float32 and float64, one or two axes and every header version are read", arguments: [1, 2, 3] as [UInt8])
  func reads(version: UInt8) throws {
    let expected: [[Float]] = [[1, 2], [3, 4], [5, 6]]
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

  @Test("blocks cover all rows once and in order") func blocks() throws {
    let rows = 70_001
    let data = bytes((0..<rows).map { Float($0).bitPattern })
    try withFile(arrayBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), 1)}", data), "a.npy") { path in
      let (values, firsts) = try collect(ArrayFile(path))
      #expect(values.map { $0[0] } == (0..<rows).map(Float.init))
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

  @Test(
    "a number that is not finite in single precision is named by row and column",
    arguments: [Double.nan, .infinity, 1e39])
  func notFinite(number: Double) throws {
    let data = bytes([1, 2, 3, 4, 5, number].map(\.bitPattern))
    try withFile(arrayBytes(usualHeader.replacing("<f4", with: "<f8"), data), "a.npy") { path in
      let file = try ArrayFile(path)
      let shown = number.isNaN ? "nan" : "inf"
      #expect(
        errorText { try file.forEachBlock { _, _ in } }
          == "\(path): row 2, column 1 (both from 0, as in NumPy) holds \(shown), "
          + "not a finite single-precision number; remove the row"
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
    #expect(try collect(ArrayFile(path)).rows.flatMap { $0 } == (0..<15).map(Float.init))
  }

  @Test("the header is NumPy's, byte for byte") func headerBytes() {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (50000, 100), }"
    let expected = arrayBytes(text + String(repeating: " ", count: 117 - text.utf8.count) + "\n", [])
    #expect(ArrayHeader.bytes(rows: 50_000, columns: 100) == expected)
    #expect(ArrayHeader.bytes(rows: 1, columns: 1).count % 64 == 0)
  }

  @Test("an output that cannot be created is named, with status 73") func unwritable() {
    let body = { try ArrayFileWriter.create("/nowhere/s.npy", rows: 1, columns: 1) }
    #expect(
      errorText(body)
        == "/nowhere/s.npy: cannot be created: no such file or directory; choose an output folder you may write to")
    #expect(errorStatus(body) == .cantCreate)
  }
}
