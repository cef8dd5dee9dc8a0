import Foundation

@testable import Configuration

/// The checkout that the pages belong to.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path

/// A page of documentation, and what it names.
struct Page {
  /// The path from the top of the repository.
  let path: String
  let text: String

  init(path: String, text: String) {
    self.path = path
    self.text = text
  }

  init(_ path: String) throws {
    self.init(path: path, text: try String(contentsOfFile: repository + "/" + path, encoding: .utf8))
  }

  /// README, everything in docs, and the pages beside scripts and data.
  static func all() throws -> [Page] {
    let docs = try FileManager.default.contentsOfDirectory(atPath: repository + "/docs").filter { $0.hasSuffix(".md") }
    let launch = FileManager.default.enumerator(atPath: repository + "/launch")?.compactMap { $0 as? String } ?? []
    let beside = launch.filter { $0.hasSuffix(".md") && !$0.hasSuffix("LICENCE.md") }
    let paths = ["README.md"] + docs.sorted().map { "docs/" + $0 } + beside.sorted().map { "launch/" + $0 }
    return try paths.map { try Page($0) }
  }

  /// All Swift and C of the programs.
  static func sources() throws -> String {
    let folder = repository + "/Sources"
    let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return try files.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".c") }.map {
      try String(contentsOfFile: folder + "/" + $0, encoding: .utf8)
    }.joined()
  }

  /// The lines outside of fenced blocks.
  var prose: [Substring] {
    var isCode = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      if line.hasPrefix("```") {
        isCode.toggle()
        return false
      }
      return !isCode
    }
  }

  /// The fenced blocks of a language, in order.
  func blocks(of language: String) -> [String] {
    text.components(separatedBy: "```\(language)\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
  }

  /// The names by which a heading is linked to: lower case, blanks as hyphens, marks left out.
  var anchors: Set<String> {
    Set(
      prose.filter { $0.hasPrefix("#") }.map { heading in
        let title = heading.drop { $0 == "#" }.dropFirst().lowercased().replacingOccurrences(of: " ", with: "-")
        return String(title.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
      })
  }

  /// The targets of links and pictures, but for those on the web.
  var links: [String] {
    prose.flatMap { line in
      line.matches(of: /\]\(([^)]+)\)/).map { String($0.1) }.filter { !$0.contains("://") }
    }
  }

  /// Paths from the top of the repository that prose or commands name.
  var paths: [String] {
    text.matches(of: /(?:^|[\s`(='"])((?:launch|docs|Sources|Tests)\/[A-Za-z0-9_.\/+-]*[A-Za-z0-9_\/])(.?)/).compactMap
    {
      // A wildcard or a gap: a family of paths.
      ["*", "<", "…", "{"].contains(String($0.2)) ? nil : String($0.1)
    }
  }

  /// Names of the same form that stand in a checkpoint's metadata.
  private static let metadata: Set = [
    "data.rows", "data.fingerprint", "data.columns", "data.kinds", "data.precision", "data.table",
  ]

  /// Keys of experiment files that stand as `section.key`, also in settings.
  var keys: [String] {
    let sections = ExperimentKey.sections.filter { !$0.isEmpty }.joined(separator: "|")
    guard
      let pattern = try? Regex(
        "(?:`|--set '?|\\{)((?:\(sections))\\.[a-z_0-9]+)(?=[`=: ])", as: (Substring, Substring).self)
    else { return [] }
    return text.matches(of: pattern).map { String($0.output.1) }.filter { !Self.metadata.contains($0) }
  }

  /// What is wrong with the page, a line each.
  func complaints(anchorsOf: (String) -> Set<String>?) -> [String] {
    let files = FileManager.default
    let folder = (path as NSString).deletingLastPathComponent
    var complaints: [String] = []
    for link in links {
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let target = parts[0].isEmpty ? path : ((folder + "/" + parts[0]) as NSString).standardizingPath
      let file = target.hasPrefix("/") ? String(target.dropFirst()) : target
      guard files.fileExists(atPath: repository + "/" + file) else {
        complaints.append("\(path): the link \(link) leads nowhere")
        continue
      }
      if parts.count > 1, anchorsOf(file)?.contains(parts[1]) != true {
        complaints.append("\(path): \(file) has no heading \(parts[1])")
      }
    }
    for named in paths where !files.fileExists(atPath: repository + "/" + named) {
      complaints.append("\(path): there is no \(named)")
    }
    for named in paths where named.hasSuffix(".sh") && !files.isExecutableFile(atPath: repository + "/" + named) {
      complaints.append("\(path): \(named) cannot be executed")
    }
    let known = Set(ExperimentKey.all.map(\.path))
    for key in keys where !known.contains(key) { complaints.append("\(path): there is no key \(key)") }
    return complaints
  }
}
