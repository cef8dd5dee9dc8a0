import Foundation
import TestSupport
import Testing

@testable import Configuration
@testable import Files

/// What the pages name exists.
///
/// The faults of `launch/mutation.sh` change the text that pages quote; the suite has nothing to say about them.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SGM_MUTATION"] == nil)) struct PagesTests {
  private static func anchors(of file: String) -> Set<String>? {
    if file.hasSuffix(".md") { return (try? Page(file))?.anchors }
    return nil
  }

  @Test("each link, path, script and experiment key of README and docs exists")
  func complaints() throws {
    let pages = try Page.all()
    #expect(pages.count > 10)
    for page in pages {
      let complaints = page.complaints(anchorsOf: Self.anchors)
      #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
    }
    // The search finds something to check.
    #expect(pages.flatMap(\.links).count > 50)
    #expect(pages.flatMap(\.paths).count > 50)
    #expect(pages.flatMap(\.keys).count > 50)
  }

  @Test(
    "a page that names what is not there is found out",
    arguments: [
      ("See [there](docs/nowhere.md).", "leads nowhere"), ("See [there](README.md#no-such-heading).", "no heading"),
      ("![a picture](docs/figures/none.png)", "leads nowhere"), ("Run `launch/none.sh`.", "there is no launch/none.sh"),
      ("```sh\nlaunch/none.sh\n```", "there is no launch/none.sh"), ("`sampling.sampelr` decides", "no key"),
      ("```sh\nsgm-train a.yaml --set training.stesp=3\n```", "no key"),
      ("in `Sources/Nothing/None.swift`", "there is no"),
      ("Run `launch/mutations/Files.txt.sh`.", "there is no"),
    ])
  func planted(text: String, complaint: String) {
    let page = Page(path: "README.md", text: text)
    let complaints = page.complaints(anchorsOf: Self.anchors)
    #expect(complaints.contains { $0.contains(complaint) }, "\(complaints)")
  }

  @Test("each figure is shown by a page, and each is small")
  func figures() throws {
    let folder = repository + "/docs/figures"
    let shown = Set(try Page.all().flatMap(\.links).map { ($0 as NSString).lastPathComponent })
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name != "records" {
      #expect(shown.contains(name), "no page shows \(name)")
      let size = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)[.size] as? Int
      #expect(try #require(size) < 300_000, "\(name)")
    }
  }

  @Test("each experiment in README and docs is one that the program takes")
  func experiments() throws {
    var count = 0
    for page in try Page.all() {
      for block in page.blocks(of: "yaml") where block.contains("data:") {
        #expect(throws: Never.self, "\(page.path)") { try Experiment(yaml: block, file: page.path) }
        count += 1
      }
    }
    #expect(count > 0)
  }

  @Test("README's experiment is the shipped one without its comments")
  func shipped() throws {
    let file = "launch/experiments/penguin-measures.yaml"
    let text = try String(contentsOfFile: repository + "/" + file, encoding: .utf8)
    let block = try #require(Page("README.md").blocks(of: "yaml").first)
    #expect(try Experiment(yaml: block, file: file) == Experiment(yaml: text, file: file))
    #expect(block.split(separator: "\n").count <= 10)
  }

  @Test("the programs still say each message that troubleshooting quotes, and each exit status stands there")
  func troubleshooting() throws {
    let page = try Page("docs/troubleshooting.md")
    let sources = try Page.sources()
    let quoted = page.prose.compactMap { $0.firstMatch(of: /^\| `([^`]+)` \|/).map { String($0.1) } }
    #expect(quoted.count > 20)
    for message in quoted { #expect(sources.contains(message), "no program says: \(message)") }
    for status in ExitStatus.allCases {
      #expect(page.prose.contains { $0.hasPrefix("| \(status.rawValue) |") }, "\(status)")
    }
  }

  @Test("each addition that docs/extending.md shows applies to this tree", arguments: 0..<4)
  func extensions(number: Int) throws {
    let blocks = try Page("docs/extending.md").blocks(of: "diff")
    try #require(blocks.count == 4)
    let folder = try TemporaryFolder()
    let file = folder.path + "/addition.diff"
    func status(of diff: String) throws -> Int32 {
      try (diff + "\n").write(toFile: file, atomically: true, encoding: .utf8)
      let git = Process()
      git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      git.arguments = ["git", "apply", "--check", file]
      git.currentDirectoryURL = URL(fileURLWithPath: repository)
      git.standardError = FileHandle.nullDevice
      try git.run()
      git.waitUntilExit()
      return git.terminationStatus
    }
    #expect(try status(of: blocks[number]) == 0, "renew the diff: its place has changed")
    // A diff whose place is not there does not apply.
    let line = try #require(blocks[number].split(separator: "\n").first { $0.hasPrefix("   ") })
    let other = blocks[number].replacingOccurrences(of: line, with: line + " elsewhere")
    #expect(try status(of: other) != 0)
  }

  @Test("the library's page shows the example package and its output as they are")
  func library() throws {
    let page = try Page("docs/library.md")
    let shown = page.blocks(of: "swift") + page.blocks(of: "text")
    let files = ["Package.swift", "Sources/example/main.swift", "output.txt"]
    #expect(shown.count == files.count)
    for (block, file) in zip(shown, files) {
      #expect(
        try block + "\n" == String(contentsOfFile: repository + "/docs/example/" + file, encoding: .utf8), "\(file)")
    }
  }

  @Test("each term of the glossary is defined once")
  func glossary() throws {
    let bold = try Page("docs/glossary.md").prose.filter { $0.hasPrefix("**") }.flatMap { line in
      line.matches(of: /\*\*([^*]+)\.\*\*/).flatMap { $0.1.components(separatedBy: ", ") }
    }
    #expect(bold.count > 30)
    #expect(Set(bold).count == bold.count)
  }
}
