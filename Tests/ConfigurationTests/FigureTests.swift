import Foundation
import TestSupport
import Testing

/// Each measured figure of the pages is tied to the command that made it, and those with a record are the record's.
///
/// `LaunchTests` runs the commands of the kind `rerun`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SGM_MUTATION"] == nil)) struct FigureTests {
  private static let records = repository + "/docs/figures/records"

  /// The blocks of README and docs; the change log tells what was once measured, and the page of keys measures nothing.
  private static func blocks() throws -> [FigureBlock] {
    try Page.all().filter { $0.path != "docs/CHANGELOG.md" && $0.path != "docs/experiment-file.md" }
      .flatMap { try FigureBlock.all(of: $0.path, text: $0.text) }
  }

  /// What is wrong with a block's ties, a line each; `record` reads a record.
  private static func complaints(about block: FigureBlock, record: (String) throws -> String) -> [String] {
    if block.ties.isEmpty {
      return block.isMeasured ? ["\(block): measured figures without <!-- figures KIND: COMMAND --> above them"] : []
    }
    var (complaints, recorded): ([String], String?) = ([], nil)
    for tie in block.ties where tie.kind != .elsewhere {
      complaints += tie.command.components(separatedBy: " && ").compactMap { complaint(about: $0, of: block) }
      guard case .record(let name) = tie.kind else { continue }
      guard let text = try? record(name) else {
        complaints.append("\(block): there is no record \(name); launch/record.sh \(name) makes it")
        continue
      }
      let parts = text.split(separator: "\n", maxSplits: 1).map(String.init)
      if parts[0] != tie.command { complaints.append("\(block): the record \(name) is of \(parts[0])") }
      recorded = (recorded ?? "") + (parts.count > 1 ? parts[1] : "")
    }
    if let recorded {
      complaints += block.missing(from: recorded).map { "\(block): the record does not have \($0)" }
    }
    return complaints
  }

  /// What is wrong with a command, whose paths, keys and options the pages' other tests read.
  private static func complaint(about command: String, of block: FigureBlock) -> String? {
    let words = command.replacing(/^(?:[A-Z_]+=(?:'[^']*'|\S+) +)*/, with: "").split(separator: " ")
    guard let program = words.first.map(String.init) else { return "\(block): no command" }
    let isOurs = program.contains(/^(?:sgm-[a-z]+|launch\/[A-Za-z\/-]+\.sh)$/)
    let path = repository + "/" + (program.hasPrefix("sgm-") ? "Sources/" + program : program)
    return isOurs && FileManager.default.fileExists(atPath: path) ? nil : "\(block): there is no \(program)"
  }

  private static func record(_ name: String) throws -> String {
    try String(contentsOfFile: "\(records)/\(name).txt", encoding: .utf8)
  }

  @Test("each measured figure has its command, and each record has the figures of its page") func ties() throws {
    let blocks = try Self.blocks()
    for block in blocks {
      let complaints = Self.complaints(about: block, record: Self.record)
      #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
    }
    // The search finds something, of each kind.
    let kinds = blocks.flatMap(\.ties).map(\.kind)
    #expect(blocks.filter(\.isMeasured).count > 20)
    for kind in [FigureTie.Kind.rerun, .once, .machine, .elsewhere] { #expect(kinds.contains(kind), "\(kind)") }
  }

  @Test("each record is of a page, and each page has its records") func records() throws {
    let names = try Self.blocks().flatMap(\.ties).compactMap { tie in
      if case .record(let name) = tie.kind { name } else { nil }
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.records).map { String($0.dropLast(4)) }
    #expect(files.count > 3)
    #expect(Set(files) == Set(names))
  }

  /// A table of one row under ties.
  private static func table(_ ties: String, row: String = "| a | 0.123 ± 0.004 | 51 |") -> String {
    "\(ties)\n| x | W2 | n |\n|---|---|---|\n\(row)\n"
  }

  @Test(
    "a figure without its command, with a wrong one, or other than its record is found out",
    arguments: [
      (table("One measured:"), "without <!-- figures"), ("It is 0.13 ± 0.02 here.", "without <!-- figures"),
      (table("", row: "| a | 0.5 | 1.25 |"), "without <!-- figures"), (table("", row: "| a | 4 s | 5 s |"), "without"),
      (table("<!-- figures once: sgm-nothing x -->"), "there is no sgm-nothing"),
      (table("<!-- figures once: launch/none.sh -->"), "there is no launch/none.sh"),
      (table("<!-- figures once: sgm-train a.yaml && python x -->"), "there is no python"),
      (table("<!-- figures record other: sgm-bench -->"), "there is no record other"),
      (table("<!-- figures record here: sgm-bench --peak -->"), "the record here is of sgm-bench"),
      (
        table("<!-- figures record here: sgm-bench -->", row: "| a | 0.124 ± 0.004 | 51 |"), "does not have | a | 0.124"
      ),
      ("<!-- figures record here: sgm-bench -->\nIt is 0.15 at a = 0.7.", "does not have 0.15"),
    ])
  func planted(text: String, complaint: String) throws {
    let found = try FigureBlock.all(of: "page", text: text).flatMap { block in
      Self.complaints(about: block) { name in
        guard name == "here" else { throw FigureError("none") }
        return "sgm-bench\n| a | 0.123 ± 0.004 | 51 |\n"
      }
    }
    #expect(found.contains { $0.contains(complaint) }, "\(found)")
  }

  @Test("figures that are the record's pass, as a row or rounded") func right() throws {
    let output = "| a | 0.123 ± 0.004 | 51 |\n{\"KL\":0.28461,\"W2\":-1.5e-05}\n"
    for text in [
      Self.table(""), Self.table("", row: "| b | 0.285 | −0.00 |"), "It is 0.28 and 0.12 ± 0.004 at ε = 0.25, not 0.3.",
    ] {
      let blocks = try FigureBlock.all(of: "page", text: text)
      #expect(blocks.map { $0.missing(from: output) } == [[]])
    }
    // Two numbers of different lines are no row.
    let mixed = try FigureBlock.all(of: "page", text: Self.table("", row: "| b | 0.285 | 0.123 |"))
    #expect(mixed[0].missing(from: output).count == 1)
    #expect(mixed[0].unknownRows(of: output) == ["| a | 0.123 ± 0.004 | 51 |"])
  }

  @Test("a tie of no kind, or without a figure, is an error")
  func errors() {
    for line in [
      "<!-- figures sometimes: sgm-bench -->", "<!-- figures record: sgm-bench -->", "<!-- figures once -->",
    ] {
      #expect(throws: FigureError.self) { try FigureBlock.all(of: "page", text: line + "\nText.") }
    }
    #expect(throws: FigureError.self) { try FigureBlock.all(of: "page", text: "<!-- figures once: sgm-bench -->\n") }
  }
}
