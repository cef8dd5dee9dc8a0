import Foundation
import Testing

@Suite struct AllocationTests {
  @Test("a warm step allocates nothing")
  func warmStep() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sgm-allocations-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = try #require(
      Bundle.module.path(forResource: "count-allocations", ofType: "c", inDirectory: "Fixtures"))
    let library = folder.appending(path: "count-allocations.so").path
    _ = try output(of: "/usr/bin/env", ["cc", "-O2", "-shared", "-fPIC", "-o", library, source])
    let bench = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "sgm-bench").path
    let lines = try output(
      of: try #require(bench), ["--only", "allocations", "--json"], environment: ["LD_PRELOAD": library])
    let counts = lines.split(separator: "\n").filter { $0.contains("warm steps") }
    #expect(counts.count == 2)
    for count in counts { #expect(count.contains(#""value": 0, "#), "\(count)") }
  }

  private func output(of program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // A file, not a pipe: an exit test's signals, elsewhere in the process, interrupt reads of a pipe.
    let file = NSTemporaryDirectory() + "output-\(UUID().uuidString).txt"
    defer { try? FileManager.default.removeItem(atPath: file) }
    _ = FileManager.default.createFile(atPath: file, contents: nil)
    process.standardOutput = FileHandle(forWritingAtPath: file)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(program) \(arguments)")
    return try String(contentsOfFile: file, encoding: .utf8)
  }
}
