import Foundation
import TestSupport
import Testing

@testable import Files

private func parse(_ text: String) -> String {
  do { return try JSONValue(parsing: Array(text.utf8)).description } catch { return error.text }
}

private enum JSONFault: Error { case noList }

@Suite struct JSONTests {
  @Test("members keep their order, numbers read back exactly, and what is not finite has a name") func writes() throws {
    let value = JSONValue.object([
      .init("step", .integer(3)), .init("loss", .real(0.1)), .init("a", .real(.nan)),
      .init("b", .array([.real(-.infinity), .real(.infinity), .null])),
      .init("small", .real(1e-7)), .init("text\n\"\u{1b}é😀", .boolean(true)),
    ])
    let text =
      "{\"step\":3,\"loss\":0.1,\"a\":\"nan\",\"b\":[\"-inf\",\"inf\",null],"
      + "\"small\":1e-07,\"text\\n\\\"\\u001b\\u00e9\\ud83d\\ude00\":true}"
    #expect(value.description == text)
    #expect((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil)
    #expect(JSONValue(line: text)?.description == text)
    #expect(JSONValue(line: text)?["loss"] == .real(0.1))
    #expect(JSONValue(line: text)?["a"]?.number?.isNaN == true)
    guard case .array(let list)? = JSONValue(line: text)?["b"] else { throw JSONFault.noList }
    #expect(list.map(\.number) == [-.infinity, .infinity, nil])
    #expect(JSONValue(line: "{\"step\":3") == nil)
  }

  @Test("doubles of every size read back exactly") func doubles() throws {
    var bits: UInt64 = 1
    for _ in 0..<2_000 {
      bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let number = Double(bitPattern: bits)
      if !number.isFinite { continue }
      #expect(try JSONValue(parsing: Array(JSONValue.real(number).description.utf8)) == .real(number))
    }
  }

  @Test(
    "each fault has its own message",
    arguments: [
      ("", "bad JSON: an early end at byte 0"), ("[1,]", "bad JSON: no value at byte 3"),
      ("01", "bad JSON: no value at byte 0"),
      ("1.", "bad JSON: no value at byte 0"), ("+1", "bad JSON: no value at byte 0"),
      ("NaN", "bad JSON: no value at byte 0"),
      ("1e999", "bad JSON: a number too large at byte 5"), ("tru", "bad JSON: an unknown word at byte 0"),
      ("{\"a\":1,\"a\":2}", "bad JSON: the repeated name \"a\" at byte 10"),
      ("{\"a\" 1}", "bad JSON: a missing ':' at byte 5"),
      ("{\"a\":1", "bad JSON: a missing '}' at byte 6"), ("[1", "bad JSON: a missing ']' at byte 2"),
      ("\"\\x\"", "bad JSON: an unknown escape at byte 3"),
      ("\"\\ud800\"", "bad JSON: half a surrogate pair at byte 7"),
      ("\"\\u+123\"", "bad JSON: an unknown escape at byte 3"), ("\"\n\"", "bad JSON: a control character at byte 2"),
      (String(repeating: "[", count: 100_000), "bad JSON: too deep nesting at byte 64"),
    ])
  func refuses(text: String, message: String) { #expect(parse(text) == message) }
}

@Suite struct AtomicFileTests {
  @Test("a failed write leaves the old file and nothing beside it") func failure() throws {
    let path = temporaryPath("a.txt")
    defer { _ = unlinkFile(path) }
    try AtomicFile.write("old", to: path)
    let text = errorText {
      try AtomicFile.replace(path) { (file) throws(ToolError) in
        try file.write([1, 2, 3], at: 0)
        throw ToolError.inputOutput(doing: "writing", file: path, 28)
      }
    }
    #expect(text == "\(path): writing failed: no space left on device")
    #expect(try readFile(path, atMost: 9) { _ in .usage("") } == Array("old".utf8))
    #expect(errorStatus { _ = try Descriptor.reading(AtomicFile.partialPath(of: path)) } == .noInput)
  }

  @Test("what a dead write left is replaced, and a planted link is not followed") func leftovers() throws {
    let folder = temporaryPath("folder")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/a.txt"
    try AtomicFile.write("victim", to: "\(folder)/victim")
    try FileManager.default.createSymbolicLink(
      atPath: AtomicFile.partialPath(of: path), withDestinationPath: "\(folder)/victim")
    try AtomicFile.write("new", to: path)
    #expect(try readFile("\(folder)/victim", atMost: 9) { _ in .usage("") } == Array("victim".utf8))
    #expect(try readFile(path, atMost: 9) { _ in .usage("") } == Array("new".utf8))
    try AtomicFile.write("", to: AtomicFile.partialPath(of: "\(folder)/dead"))
    try AtomicFile.removeLeftovers(in: folder)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.txt", "victim"])
  }

  @Test("a folder in the place of the file is an error") func folder() {
    let text = errorText { try AtomicFile.write("x", to: "/tmp/.") }
    #expect(text.contains("renaming the finished file into place failed"))
  }
}
