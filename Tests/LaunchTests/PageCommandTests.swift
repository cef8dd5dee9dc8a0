import Foundation
import Testing

extension LaunchTests {
  /// README's commands do what README says, and the pages name options that there are.
  @Suite struct PageCommandTests {
    /// The fenced blocks of a page, with their language.
    private static func blocks(of text: String) -> [(language: String, text: String)] {
      let parts = text.components(separatedBy: "\n```")
      // Every second part is a block; its first line is the language.
      return stride(from: 1, to: parts.count, by: 2).map { number in
        let lines = parts[number].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(lines[0]), lines.count > 1 ? String(lines[1]) : "")
      }
    }

    /// Runs commands in a folder that has the project's `launch`, and gives what they print.
    private func shell(_ commands: String, in workshop: Workshop) throws -> String {
      let environment = ["PATH": try programFolder() + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")]
      let script = """
        [[ -e launch ]] || ln -s '\(repository)/launch' launch
        source launch/environment.sh
        set -euo pipefail
        exec 2>&1
        \(commands)
        """
      let outcome = try Job("/bin/bash", ["-c", script], ranks: 0, environment: environment, in: workshop).outcome()
      try #require(outcome.status == 0, "\(commands): \(outcome.output)")
      return outcome.output
    }

    @Test("each command of README runs, in order, and the first prints what README shows")
    func readme() throws {
      let text = try String(contentsOfFile: repository + "/README.md", encoding: .utf8)
      let blocks = Self.blocks(of: text)
      let workshop = try Workshop()
      var run = 0
      for (number, block) in blocks.enumerated() where block.language == "sh" && block.text.contains("sgm-") {
        let output = try shell(block.text, in: workshop)
        run += 1
        if number + 1 < blocks.count, blocks[number + 1].language.isEmpty {
          // The second command of the block prints the same but for the number of ranks and the folder.
          let shown = masked(blocks[number + 1].text)
          #expect(Array(masked(output).prefix(shown.count)) == shown)
        }
        if block.text.contains("sha256sum") {
          let hashes = output.matches(of: /\b[0-9a-f]{64}\b/).map { $0.0 }
          #expect(hashes.count == 2)
          #expect(Set(hashes).count == 1, "\(output)")
        }
        if block.text.contains("langevin.npy") {
          let row = try #require(output.split(separator: "\n").last { $0.hasPrefix("sliced W2") })
          let numbers = row.matches(of: /[0-9.]+/).compactMap { Double($0.0) }.filter { $0 != 2 }
          // Value ± deviation, floor ± deviation, baseline: the claim is that the samples are at the floor.
          try #require(numbers.count >= 5)
          #expect(numbers[0] < numbers[2] + 3 * numbers[3], "\(row)")
          #expect(numbers[0] < 0.5 * numbers[4], "\(row)")
        }
      }
      #expect(run >= 5)
    }

    /// Options of other people's programs that pages name.
    private static let foreign: Set = [
      "--git", "--logdir", "--rm", "--shm-size", "--jobs", "--oversubscribe", "--allow-run-as-root", "--host", "--mca",
      "--prtemca", "--mpi", "--signal", "--array", "--requeue", "--cpus-per-task", "--filter", "--skip-build",
      "--disable-xctest",
      "--package-path", "--scratch-path", "--bind", "--strict", "--version",
    ]

    /// Options that a page names.
    private static func options(in text: String) -> Set<String> {
      Set(text.matches(of: /(?:^|[\s`(])(--[a-z][a-z-]*[a-z])/).map { String($0.1) })
    }

    @Test("each option that a page names, in a command or a sentence, is one of a program or script of ours, or known")
    func options() throws {
      let workshop = try Workshop()
      var known = Self.foreign
      for program in ["sgm-train", "sgm-sample", "sgm-evaluate", "sgm-theory", "sgm-report", "sgm-bench"] {
        known.formUnion(Self.options(in: try workshop.run(program, ["--help"]).output))
      }
      for folder in ["launch", "launch/benchmarks"] {
        for script in try FileManager.default.contentsOfDirectory(atPath: "\(repository)/\(folder)")
        where script.hasSuffix(".sh") {
          let text = try String(contentsOfFile: "\(repository)/\(folder)/\(script)", encoding: .utf8)
          known.formUnion(Self.options(in: text))
        }
      }
      let docs = try FileManager.default.contentsOfDirectory(atPath: repository + "/docs").filter {
        $0.hasSuffix(".md") && $0 != "CHANGELOG.md"
      }
      var seen = 0
      for page in ["README.md"] + docs.map({ "docs/" + $0 }) {
        let named = Self.options(in: try String(contentsOfFile: repository + "/" + page, encoding: .utf8))
        #expect(named.subtracting(known).isEmpty, "\(page): no program has \(named.subtracting(known).sorted())")
        seen += named.count
      }
      #expect(seen > 60)
      #expect(Self.options(in: "take `--observed FILE`, or (--fix) it") == ["--observed", "--fix"])
      #expect(!known.contains("--observed"))
    }
  }
}
