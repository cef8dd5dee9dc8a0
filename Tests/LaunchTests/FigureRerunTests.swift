import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// The programs give the same bits on every CPU: what a page says they print is what they print.
  @Suite struct FigureRerunTests {
    /// The figures whose commands run here, a minute of one core in all.
    private static let blocks: [FigureBlock] = {
      let docs = (try? FileManager.default.contentsOfDirectory(atPath: repository + "/docs")) ?? []
      let pages = ["README.md"] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }
      return pages.flatMap { page -> [FigureBlock] in
        let text = (try? String(contentsOfFile: "\(repository)/\(page)", encoding: .utf8)) ?? ""
        return (try? FigureBlock.all(of: page, text: text)) ?? []
      }.filter { $0.ties.contains { $0.kind == .rerun } }
    }()

    /// What a command of a page prints in a folder that has the project's `launch`.
    private func output(of command: String, in workshop: Workshop) throws -> String {
      let folder = try programFolder()
      let environment = [
        "SGM_BIN": folder, "PATH": folder + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? ""),
      ]
      let script = """
        [[ -e launch ]] || ln -s '\(repository)/launch' launch
        source launch/environment.sh
        set -euo pipefail
        \(command)
        """
      let outcome = try Job("/bin/bash", ["-c", script], ranks: 0, environment: environment, in: workshop).outcome()
      try #require(outcome.status == 0, "\(command): \(outcome.errors)")
      return outcome.output
    }

    @Test("what a page says that a command prints is what it prints", arguments: blocks)
    func figures(block: FigureBlock) throws {
      let workshop = try Workshop()
      var output = ""
      for tie in block.ties where tie.kind == .rerun { output += try self.output(of: tie.command, in: workshop) }
      if block.isTable {
        let unknown = block.unknownRows(of: output)
        #expect(unknown.isEmpty, "\(block) does not have \(unknown.joined(separator: "\n"))")
      }
      let missing = block.missing(from: output)
      // The other rows of a table that has a record as well are compared with that, by `FigureTests`.
      let isWhole = block.ties.allSatisfy { $0.kind == .rerun }
      #expect(isWhole ? missing.isEmpty : missing.count < block.lines.count, "\(block): not printed: \(missing)")
    }

    @Test("there are such figures") func some() { #expect(Self.blocks.count > 5) }
  }
}
