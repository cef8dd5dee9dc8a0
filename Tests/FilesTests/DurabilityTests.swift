import CWrites
import Glibc
import LinearAlgebra
import TestSupport
import Testing

@testable import Files

/// A name may only stand for bytes that are on the disk: file first, then the name, then the folder that holds it.
@Suite struct DurabilityTests {
  private func order(_ body: (String) throws -> Void) throws -> String {
    try withFile([], "durable.bin") { path in
      sgm_record_writes()
      defer { unsafe _ = sgm_recorded_writes() }
      try body(path)
      return unsafe String(cString: sgm_recorded_writes())
    }
  }

  @Test("a file is on the disk before its name, and its name before the next step") func atomicFile() throws {
    #expect(try order { try AtomicFile.write("text", to: $0) } == "frd")
  }

  @Test("so are tensors and arrays, of which the room is on the disk before ranks write into it") func arrays() throws {
    let rows = normals(3, 2, seed: 1)
    #expect(try order { try TensorFile.write([Tensor("x", shape: [1], .float32([1]))], to: $0) } == "frd")
    #expect(try order { try ArrayFileWriter.write(rows, to: $0) } == "ffrd")
  }

  @Test("a write that fails leaves neither the name nor its half") func failure() throws {
    try withFile([1, 2, 3], "kept.bin") { path in
      let text = errorText {
        try AtomicFile.replace(path) { (file) throws(ToolError) in
          try file.write([9], at: 0)
          throw .fault("full")
        }
      }
      let size = try Descriptor.reading(path).size()
      #expect(text.contains("full") && size == 3)
      #expect(throws: ToolError.self) { _ = try Descriptor.reading(AtomicFile.partialPath(of: path)) }
    }
  }

  @Test("a line that found the disk full is written with the next one, before it") func appended() async {
    await #expect(processExitsWith: .exitCode(17)) {
      let path = temporaryPath("lines.txt")
      try AtomicFile.write("", to: path)
      var file = try AppendedFile(path)
      try file.append(Array("one\n".utf8))
      // The file may have six bytes: as on a full disk, half of the second line is written.
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 6, rlim_max: rlim_t.max)
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      guard (try? file.append(Array("two\n".utf8))) == nil else { exit(1) }
      limit.rlim_cur = rlim_t.max
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      try file.append(Array("three\n".utf8))
      let text = try Descriptor.reading(path).read(64, at: 0)
      exit(text == Array("one\ntwo\nthree\n".utf8) ? 17 : 2)
    }
  }
}
