import Foundation
import Testing

@testable import Configuration
@testable import Files
@testable import Runs

/// Inputs a format: a short run in every test, the long one by `launch/fuzz.sh`.
private let inputs = ProcessInfo.processInfo.environment["SGM_FUZZ_COUNT"].flatMap { Int($0) } ?? 1_000

/// An empty folder, left behind when a test fails: the input lies in it.
private func emptyFolder(_ name: String) throws -> String {
  let path = NSTemporaryDirectory() + "/sgm-fuzz-\(name)-\(getpid())"
  try? FileManager.default.removeItem(atPath: path)
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  return path
}

/// Says on standard error what came of it; a violation goes into the folder, and ends the process.
private func report(in folder: String, _ body: () throws -> Fuzzing.Extremes) {
  do {
    let extremes = try body()
    FileHandle.standardError.write(Data("\(extremes)\n".utf8))
  } catch {
    try? Data("\(error)\n".utf8).write(to: URL(fileURLWithPath: folder + "/violation.txt"))
    exit(1)
  }
}

@Suite(.serialized) struct FuzzTests {
  @Test(
    "mutated inputs end in an error that names the file, or are what they say: no crash, hang or growth",
    arguments: Format.allCases)
  func survives(format: Format) async throws {
    let folder = try emptyFolder(format.rawValue)
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      [format = format as Format, folder = folder as String, count = inputs as Int] in
      report(in: folder) { try Fuzzing(format: format, folder: folder, read: format.read).run(count: count) }
    }
    let text = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) }
    if let text, text.contains(" inputs, ") {
      print("fuzzing \(format.rawValue): \(text)", terminator: "")
      try FileManager.default.removeItem(atPath: folder)
    } else {
      Issue.record("the input is in \(folder): keep it in Tests/FuzzTests/Seeds/\(format.rawValue). \(text ?? "")")
    }
  }

  @Test("an input is a function of its number, and numbers give different inputs")
  func reproducible() throws {
    for format in Format.allCases {
      let seeds = try format.seeds()
      let fuzzing = Fuzzing(format: format, folder: "", read: { _ in })
      let first = (seeds.count..<seeds.count + 50).map { fuzzing.input($0, seeds, seed: 1) }
      let second = (seeds.count..<seeds.count + 50).map { fuzzing.input($0, seeds, seed: 1) }
      #expect(first == second)
      #expect(Set(first).count > 45)
    }
  }

  @Test("a crash, a hang, growth, another error and a message without the file are each found")
  func harness() async throws {
    let folder = try emptyFolder("harness")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    await #expect(processExitsWith: .failure) { [folder = folder as String] in
      report(in: folder) {
        try Fuzzing(format: .csv, folder: folder, read: { _ in preconditionFailure() }).run(count: 1)
      }
    }
    await #expect(processExitsWith: .signal(SIGPROF)) { [folder = folder as String] in
      report(in: folder) {
        try Fuzzing(format: .csv, folder: folder, read: { _ in while getpid() > 0 {} }, limit: 0.2).run(count: 1)
      }
    }
    await #expect(processExitsWith: .exitCode(1)) { [folder = folder as String] in
      report(in: folder) {
        try Fuzzing(
          format: .csv, folder: folder, read: { _ in if [UInt8](repeating: 1, count: 300 << 20).isEmpty { exit(0) } }
        ).run(count: 1)
      }
    }
    await #expect(processExitsWith: .exitCode(1)) { [folder = folder as String] in
      report(in: folder) {
        try Fuzzing(format: .csv, folder: folder, read: { _ in throw CancellationError() }).run(count: 1)
      }
    }
    await #expect(processExitsWith: .exitCode(1)) { [folder = folder as String] in
      report(in: folder) {
        try Fuzzing(format: .csv, folder: folder, read: { _ in throw Nameless.error }).run(count: 1)
      }
    }
  }
}
