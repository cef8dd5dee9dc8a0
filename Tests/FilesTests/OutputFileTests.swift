import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Files

@Suite struct OutputFileTests {
  private func refusal(_ path: String, overwrite: Bool = false, isOwn: Bool = false) -> String {
    errorText { try OutputFile.check(path, overwrite: overwrite) { _ in isOwn } }
  }

  @Test("a file is replaced if it is one of ours or --overwrite says so, and never if it may not be written")
  func replacing() throws {
    try withFile([1], "taken.npy") { path in
      #expect(refusal(path).contains("name another file, or let --overwrite replace it"))
      #expect(refusal(path, overwrite: true) == "no error was thrown")
      #expect(refusal(path, isOwn: true) == "no error was thrown")
      try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
      #expect(refusal(path, isOwn: true).contains("name another file"))
    }
    #expect(refusal(temporaryPath("free.npy")) == "no error was thrown")
  }

  @Test("folders, links and names without a folder are no files to write") func others() throws {
    let folder = try TemporaryFolder()
    #expect(refusal(folder.path, overwrite: true).contains("it is a folder"))
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "/tmp/elsewhere")
    #expect(refusal(folder.path + "/link", overwrite: true).contains("it is a link"))
    #expect(refusal("x/", overwrite: true).contains("name a file, not a folder"))
    #expect(refusal(folder.path + "/none/x.npy") != "no error was thrown")
  }

  @Test("an array that numpy wrote is nobody's to replace, one of ours is") func arrays() throws {
    try withFile([], "own.npy") { path in
      try ArrayFileWriter.write(normals(3, 2, seed: 1), to: path)
      #expect(ArrayHeader.isOwn(path))
      // The same array with NumPy's order of keys, padded to the same length.
      var bytes = try Descriptor.reading(path).read(4096, at: 0)
      let text = "{'shape': (3, 2), 'fortran_order': False, 'descr': '<f4', }"
      let end = 10 + Int(bytes[8])
      bytes.replaceSubrange(
        10..<end - 1, with: Array(text.utf8) + [UInt8](repeating: 0x20, count: end - 11 - text.utf8.count))
      try AtomicFile.write(bytes, to: path)
      #expect(try ArrayFile(path).rows == 3 && !ArrayHeader.isOwn(path))
    }
  }

  @Test("condition columns come last, in the order in which they are named") func orderedColumns() throws {
    try withFile(Array("a,b,c,d\n1,2,3,4\n5,6,7,8\n".utf8), "columns.csv") { path in
      let rows = try OrderedRows(TableFile(path), last: ["d", "b"], key: "data.conditions")
      #expect(rows.columnNames == ["a", "c", "d", "b"])
      #expect(try collect(rows).rows == [[1, 3, 4, 2], [5, 7, 8, 6]])
    }
  }

  @Test("a result that is printed ends with one line's end") func results() async throws {
    let result = try await #require(processExitsWith: .success, observing: [\.standardOutputContent]) {
      try printResult("one")
      try printResult("two\n")
      exit(0)
    }
    let text = String(decoding: result.standardOutputContent, as: UTF8.self)
    #expect(text.hasSuffix("one\ntwo\n"), "\(text)")
  }
}
