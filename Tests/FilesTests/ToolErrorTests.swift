import Foundation
import TestSupport
import Testing

@testable import Files

// Messages stand on one line each, as they are printed.
// swift-format-ignore
private let errors: [(ToolError, String, Status)] = [
  (.usage("give a file"), "give a file", .usage),
  (.configuration(Place("a.yaml", line: 3, column: 5), "is odd"), "a.yaml:3:5: is odd", .config),
  (.data(Place("a.csv", line: 3), "is odd"), "a.csv:3: is odd", .dataErr),
  (.unreadable(file: "a", 13), "a: cannot be read: permission denied; check the path and its permissions", .noInput),
  (
    .uncreatable(file: "a", 30),
    "a: cannot be created: read-only file system; choose an output folder you may write to", .cantCreate
  ),
  (
    .exists(file: "runs/a", remedy: "use --resume or --overwrite"),
    "runs/a: exists already; use --resume or --overwrite", .cantCreate
  ),
  (.inputOutput(doing: "writing", file: "a", 5), "a: writing failed: input/output error", .ioErr),
  (.system(doing: "starting gnuplot", 12), "starting gnuplot failed: cannot allocate memory", .osErr),
  (.unavailable("gnuplot is missing"), "gnuplot is missing", .unavailable),
  (.stopped("stopped at step 3"), "stopped at step 3", .tempFail),
  (.corruption("rank 1 has other bits"), "rank 1 has other bits", .osErr),
  (.fault("step 3 of 2"), "step 3 of 2; this is a fault of the program, please report it", .software),
  (.data(Place("a\u{1b}[2J\n"), "\u{9b}\u{2028}\u{200b}é"), "a\\u{1b}[2J\\u{a}: \\u{9b}\\u{2028}\\u{200b}é", .dataErr),
]

@Suite struct ToolErrorTests {
  @Test("a shell reads a word back as it was", arguments: ["runs/a-1_b.c", "", "two words", "it's $HOME", "*", "é"])
  func words(word: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "printf %s \(shellWord(word))"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(String(decoding: output, as: UTF8.self) == word)
    #expect((shellWord(word) == word) == (word == "runs/a-1_b.c"))
  }

  @Test("every error has its text and status", arguments: errors)
  func texts(error: ToolError, text: String, status: Status) {
    #expect(error.description == text)
    #expect(error.exitStatus == status)
  }
}
