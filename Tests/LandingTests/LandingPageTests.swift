import Foundation
import Testing

/// The landing pages of the library's modules.
@Suite struct LandingPageTests {
  @Test("each page's example is one of these, and each module of the library has a page")
  func pages() throws {
    // The formatter breaks lines where a page need not.
    func bare(_ text: String) -> String { text.filter { !$0.isWhitespace } }
    let here = URL(fileURLWithPath: #filePath)
    let examples = bare(
      try String(
        contentsOf: here.deletingLastPathComponent().appendingPathComponent(
          "LandingPageExamples.swift"), encoding: .utf8))
    let repository = here.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let manifest = try String(
      contentsOf: repository.appendingPathComponent("Package.swift"), encoding: .utf8)
    let list = try #require(manifest.firstMatch(of: /let library = \[([^\]]*)\]/)).1
    let modules = list.split(whereSeparator: { !$0.isLetter }).map(String.init)
    #expect(modules.count == 11)
    for module in modules {
      let page = try String(
        contentsOf: repository.appendingPathComponent(
          "Sources/\(module)/\(module).docc/\(module).md"), encoding: .utf8)
      let example = try #require(page.components(separatedBy: "```swift\n").dropFirst().first)
      let isThere = examples.contains(bare(example.components(separatedBy: "\n```")[0]))
      #expect(isThere, "the example of \(module) is not one that is compiled")
      #expect(page.components(separatedBy: "\n- ``").count == 4, "\(module) has three main types")
    }
  }
}
