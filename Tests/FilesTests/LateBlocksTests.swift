import LinearAlgebra
import TestSupport
import Testing

@testable import Files

/// Files are read in pieces: what lies beyond the first one, or across an edge.
@Suite struct LateBlocksTests {
  @Test("a number that is not finite is named by its row in the file, whatever block it is in") func notFinite() throws
  {
    // Blocks have 65,536 numbers.
    let rows = 2 * 32_768 + 3
    var block = RowBlock(rows: rows, columns: 2)
    block[rows - 2, 1] = -.infinity
    try withFile([], "late.npy") { path in
      try ArrayFileWriter.write(block, to: path)
      let text = errorText { _ = try collect(ArrayFile(path)) }
      #expect(text.contains("row \(rows - 2), column 1"), "\(text)")
    }
  }

  @Test("an end of a line in two bytes is one end, wherever the pieces of the file meet", arguments: -3...3)
  func lineEnd(shift: Int) throws {
    // Pieces have 2¹⁸ bytes: the carriage return is the last of the first, the first of the second, or near.
    let length = 1 << 18
    let first = "a,b\r\n"
    let row = "1," + String(repeating: "0", count: length - first.utf8.count - 3 + shift) + "\r\n"
    try withFile(Array((first + row + "2,3\r\n").utf8), "ends.csv") { path in
      let rows = try collect(TableFile(path)).rows
      #expect(rows == [[1, 0], [2, 3]])
    }
  }

  @Test("a number beyond double precision is no number of a table") func tooLarge() throws {
    try withFile(Array("a,b\n1,2\n3,-1e999\n".utf8), "large.csv") { path in
      let text = errorText { _ = try collect(TableFile(path)) }
      #expect(text.contains("beyond the largest number of double precision"), "\(text)")
    }
  }

  @Test("a first row some widths from the others is a row; one far from all is names") func firstRow() throws {
    let rows = (0..<8).map { "\(Double($0) / 8),\(1 - Double($0) / 8)\n" }.joined()
    for (first, count) in [("5.5,6.5\n", 9), ("500.5,600.5\n", 8)] {
      try withFile(Array((first + rows).utf8), "first.csv") { path in
        let table = try TableFile(path)
        #expect(table.rows == count && (table.columnNames == nil) == (count == 9), "\(first)")
      }
    }
  }

  @Test("a tensor that changes after the file was opened is not read") func changed() throws {
    try withFile([], "changed.safetensors") { path in
      try TensorFile.write([Tensor("x", shape: [2], .float32([1, 2]))], to: path)
      let reader = try TensorFileReader(path, checks: .required)
      let file = try Descriptor.writing(path)
      try file.write([9], at: file.size() - 1)
      let text = errorText { _ = try reader.tensor("x") }
      #expect(text.contains("is damaged: the tensor \"x\" has CRC32C"), "\(text)")
    }
  }

  @Test("an underscore stands between two digits") func underscores() {
    #expect(integer(from: "1_000") == 1000 && real(from: "2_5.5") == 25.5)
    for text in ["_1", "1_", "1__0", "-_1", "_"] { #expect(integer(from: text) == nil, "\(text)") }
  }
}
