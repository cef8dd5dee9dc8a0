import Foundation
import Testing

/// `docs/tutorial.md`: blocks of commands, each followed by the block of what they print.
private struct Tutorial {
  static let file = repository + "/docs/tutorial.md"
  var lines: [String]

  init() throws { lines = try String(contentsOfFile: Self.file, encoding: .utf8).components(separatedBy: "\n") }

  /// The lines between a fence and the next.
  struct Block {
    var range: Range<Int>
    let language: String
  }

  var blocks: [Block] {
    var blocks: [Block] = []
    var begin: (line: Int, language: String)?
    for (number, line) in lines.enumerated() where line.hasPrefix("```") {
      if let open = begin {
        blocks.append(Block(range: open.line + 1..<number, language: open.language))
        begin = nil
      } else {
        begin = (number, String(line.dropFirst(3)))
      }
    }
    return blocks
  }

  func text(_ block: Block) -> String { lines[block.range].joined(separator: "\n") }
}

/// Text without what depends on the machine: times, rates, a network's memory, and the last column of a table of distances.
///
/// A slow machine shows more lines of progress, so only those of the last step and of held-out losses count. A checkpoint
/// holds every key, so its hash is another for each version of the program: `sameHashes` compares hashes.
func masked(_ text: String) -> [String] {
  var isTimed = false
  return text.split(separator: "\n").map(String.init).filter { line in
    !line.contains(#/^step \d+/\d+ /#) || line.contains("held-out")
  }.map { line in
    var line = line.replacing(/[0-9.e+-]+ (ms|s|steps\/s|samples\/s|GFLOP\/s)\b/) { "# \($0.1)" }
    // What is left, before the last step, and what it took, after it.
    line = line.replacing(/# s left|in # s/, with: "#")
    line = line.replacing(/\b[0-9a-f]{64}\b/, with: "#")
    line = line.replacing(/[0-9.]+ MB (a rank to train|to judge)/) { "# \($0.1)" }
    if line.hasPrefix("distance ") { isTimed = line.hasSuffix("seconds") }
    if isTimed { line = line.replacing(/\s+[0-9.e-]+$/, with: "") }
    return line.trimmingCharacters(in: .whitespaces)
  }
}

/// Which hashes of a text are the same: for each, the first that it equals.
private func sameHashes(_ text: String) -> [Int?] {
  let all = text.matches(of: /\b[0-9a-f]{64}\b/).map { String($0.0) }
  return all.map { all.firstIndex(of: $0) }
}

extension LaunchTests {
  @Suite struct TutorialTests {
    private func shell(_ commands: String, in workshop: Workshop) throws -> Outcome {
      let environment = [
        "SGM": repository, "PATH": try programFolder() + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? ""),
      ]
      let script = "source $SGM/launch/environment.sh\nset -euo pipefail\nexec 2>&1\n" + commands
      return try Job("/bin/bash", ["-c", script], ranks: 0, environment: environment, in: workshop).outcome()
    }

    /// To renew the page: `SGM_WRITE_DOCUMENTATION=1 swift test --filter TutorialTests`.
    @Test("each command of the tutorial prints what the page says, but for times")
    func commands() throws {
      let workshop = try Workshop()
      var tutorial = try Tutorial()
      let writes = ProcessInfo.processInfo.environment["SGM_WRITE_DOCUMENTATION"] != nil
      let count = tutorial.blocks.count
      var run = 0
      var said = (program: "", page: "")
      for number in 0..<count where tutorial.blocks[number].language == "sh" {
        let next = tutorial.blocks[number + 1]
        try #require(next.language == "text", "commands without an output")
        let outcome = try shell(tutorial.text(tutorial.blocks[number]), in: workshop)
        try #require(outcome.status == 0, "\(tutorial.text(tutorial.blocks[number])): \(outcome.output)")
        if writes {
          let printed = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
          tutorial.lines.replaceSubrange(next.range, with: printed.last == "" ? printed.dropLast() : printed[...])
        } else {
          #expect(masked(outcome.output) == masked(tutorial.text(next)))
        }
        said = (said.program + outcome.output, said.page + tutorial.text(next) + "\n")
        run += 1
      }
      #expect(run >= 9)
      #expect(writes || sameHashes(said.program) == sameHashes(said.page))
      #expect(sameHashes(said.program) == [0, 0, 0])
      if writes {
        try tutorial.lines.joined(separator: "\n").write(toFile: Tutorial.file, atomically: true, encoding: .utf8)
      }
    }

    @Test("a number that differs is seen, a time that differs is not")
    func masks() {
      let page = """
        step 500/1000  loss 0.8842  held-out 0.8777  1286 steps/s  19.71 GFLOP/s  0 s left
        distance   value            seconds
        sliced W2  0.2682 ± 0.1025  0.2507
        """
      let slower = page.replacingOccurrences(of: "1286", with: "3.5e2").replacingOccurrences(of: "0.2507", with: "11")
      #expect(masked(slower) == masked(page))
      #expect(masked("step 3/9  loss 1\n" + page) == masked(page))
      for (old, new) in [("0.8842", "0.8843"), ("0.2682", "0.2683"), ("500/", "501/")] {
        #expect(masked(page.replacingOccurrences(of: old, with: new)) != masked(page))
      }
      let (first, second) = (String(repeating: "a", count: 64), String(repeating: "b", count: 64))
      #expect(masked(first + "  x") == masked(second + "  x"))
      #expect(sameHashes("\(first) \(first)") == sameHashes("\(second) \(second)"))
      #expect(sameHashes("\(first) \(second)") != sameHashes("\(first) \(first)"))
    }

    @Test("each option of a command in README and docs is one that the program has")
    func options() throws {
      let workshop = try Workshop()
      let docs = try FileManager.default.contentsOfDirectory(atPath: repository + "/docs").filter {
        $0.hasSuffix(".md")
      }
      var help: [String: String] = [:]
      var seen = 0
      for page in ["README.md"] + docs.map({ "docs/" + $0 }) where page != "docs/CHANGELOG.md" {
        let text = try String(contentsOfFile: repository + "/" + page, encoding: .utf8)
          .replacingOccurrences(of: "\\\n", with: " ")
        for command in text.matches(of: /\b(sgm-(?:train|sample|evaluate|report|theory)) ([^`\n|#&]*)/) {
          let program = String(command.1)
          let known = try help[program] ?? workshop.run(program, ["--help"]).output
          help[program] = known
          for option in command.2.matches(of: /(?:^|\s)(--[a-z-]+)/) {
            #expect(known.contains("\(option.1)"), "\(page): \(program) has no \(option.1)")
            seen += 1
          }
        }
      }
      #expect(seen > 30)
    }
  }
}
