import Foundation
import Testing

/// Tests of the programs as users start them: alone and under mpirun, in folders of their own.
@Suite(.turns) struct LaunchTests {}

/// mpirun waits 2 s before it looks after ranks that ended by an error; tests of an outcome have none left to wait for.
private let quickEnd = ["OMPI_MCA_odls_base_sigkill_timeout": "0"]

/// What a finished program leaves.
struct Outcome {
  let status: Int32
  let output: String
  let errors: String

  /// The lines of standard error that a program of ours wrote.
  var messages: [String] {
    errors.split(separator: "\n").map(String.init).filter { $0.hasPrefix("sgm-") || $0.hasPrefix("Error: ") }
  }
}

/// A folder that goes away with its owner, in which programs run.
final class Workshop {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/sgm-launch-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
  }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)) }

  func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).sorted()
  }

  /// Runs a program of ours to its end: alone where `ranks` is 0, else under mpirun.
  func run(
    _ program: String, _ words: [String], ranks: Int = 0, environment: [String: String] = [:], pictures: Bool = false
  ) throws -> Outcome {
    let environment = quickEnd.merging(environment) { $1 }
    return try Job(program, words, ranks: ranks, environment: environment, pictures: pictures, in: self).outcome()
  }

  /// Runs a program of ours, as ``run(_:_:ranks:environment:pictures:)``, which has to end with status 0.
  @discardableResult
  func succeed(
    _ program: String, _ words: [String], ranks: Int = 0, environment: [String: String] = [:]
  ) throws -> Outcome {
    let outcome = try run(program, words, ranks: ranks, environment: environment)
    try #require(outcome.status == 0, "\(outcome.errors)")
    return outcome
  }

  /// The words that a key of the experiment file may have, or the words of its list, from the table that the program prints.
  func values(of key: String) throws -> [String] {
    let words = key.split(separator: ".")
    let sections = try run("sgm-train", ["--print-keys"]).output.components(separatedBy: "\n## ")
    guard let section = sections.first(where: { $0.hasPrefix("`\(words[0])`") }),
      let row = section.split(separator: "\n").first(where: { $0.hasPrefix("| `\(words[1])` |") })
    else { throw Failure("no row of \(key)") }
    return row.split(separator: "|")[1].replacingOccurrences(of: "list of ", with: "").split(separator: ",")
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }
}

/// A program that is running.
final class Job {
  let process = Process()
  private let files: (output: String, errors: String)
  private let ended = DispatchSemaphore(value: 0)

  /// Starts a program; `pictures` are for those who look at them, as gnuplot takes ten times as long as a small run.
  init(
    _ program: String, _ words: [String], ranks: Int, launcher options: [String] = [],
    environment: [String: String] = [:], pictures: Bool = false, in workshop: Workshop
  ) throws {
    let launcher = ["mpirun", "-q", "--oversubscribe", "-np", "\(ranks)"] + options
    let folder = try programFolder()
    // Test threads block signals, and nohup or a script's & has some ignored: children would inherit that.
    let all =
      ["--default-signal"] + (ranks > 0 ? launcher : []) + [
        program.hasPrefix("/") ? program : "\(folder)/\(program)"
      ] + words
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = all
    process.currentDirectoryURL = URL(fileURLWithPath: workshop.path)
    // Containers are root and have few cores.
    process.environment = ProcessInfo.processInfo.environment
      .merging(["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]) { $1 }
      .merging(pictures ? [:] : ["PATH": Programs.folder]) { $1 }
      .merging(environment) { $1 }
    let name = "job-\(UInt64.random(in: 0...UInt64.max))"
    files = (workshop.path + "/\(name).out", workshop.path + "/\(name).err")
    process.standardInput = FileHandle.nullDevice
    let (output, errors) = (try Self.file(files.output), try Self.file(files.errors))
    // The program has its own copies. Foundation reads past its buffer, and ends the tests, where some 1,350 files are open.
    defer {
      try? output.close()
      try? errors.close()
    }
    (process.standardOutput, process.standardError) = (output, errors)
    process.terminationHandler = { [ended] _ in ended.signal() }
    try process.run()
  }

  /// A test that fails asks what it started to end.
  deinit { if process.isRunning { process.terminate() } }

  /// Sends a signal to the process, which is mpirun where there are ranks.
  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  var output: String { (try? String(contentsOfFile: files.output, encoding: .utf8)) ?? "" }
  var errors: String { (try? String(contentsOfFile: files.errors, encoding: .utf8)) ?? "" }

  /// Waits until the program has said something so often; one that ends without, or never says it, fails the test.
  func wait(toSay text: String, times: Int = 1, orAnyFile file: String? = nil) throws {
    let path = file.map { (process.currentDirectoryURL?.path ?? "") + "/" + $0 }
    func isSaid() -> Bool {
      (output + errors).components(separatedBy: text).count > times
        || path.map(FileManager.default.fileExists(atPath:)) ?? false
    }
    // A loaded machine takes its time: the limit only keeps a broken program from being waited for.
    let begin = Date()
    while !isSaid(), process.isRunning, Date().timeIntervalSince(begin) < 600 { usleep(10_000) }
    guard isSaid() else { throw Failure("never said \(text) \(times) times: \(output) \(errors)") }
  }

  /// Waits for the end; a program that hangs is killed and fails the test.
  func outcome(within seconds: Double = 600) throws -> Outcome {
    if ended.wait(timeout: .now() + seconds) == .timedOut {
      process.terminate()
      _ = ended.wait(timeout: .now() + 5)
      send(SIGKILL)
      throw Failure("no end after \(seconds) s: \(process.arguments ?? []) \(output)")
    }
    return Outcome(status: process.terminationStatus, output: output, errors: errors)
  }

  private static func file(_ path: String) throws -> FileHandle {
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    guard let handle = FileHandle(forWritingAtPath: path) else { throw Failure("cannot write \(path)") }
    return handle
  }
}

/// A machine without gnuplot: a folder of links to every other program of `PATH`, there until the tests end.
private enum Programs {
  static let folder: String = {
    let (folder, files) = (NSTemporaryDirectory() + "/sgm-launch-programs-\(getpid())", FileManager.default)
    try? files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for place in (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") {
      for name in (try? files.contentsOfDirectory(atPath: String(place))) ?? [] where name != "gnuplot" {
        // Of two programs of a name the first one counts.
        try? files.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: "\(place)/\(name)")
      }
    }
    atexit { try? FileManager.default.removeItem(atPath: Programs.folder) }
    return folder
  }()
}

/// The built programs lie beside the test runner; `SGM_PROGRAMS` names another folder.
func programFolder() throws -> String {
  if let folder = ProcessInfo.processInfo.environment["SGM_PROGRAMS"] { return folder }
  let runner = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  let candidates = [(runner as NSString).deletingLastPathComponent, repository + "/.build/release"]
  for folder in candidates where FileManager.default.isExecutableFile(atPath: folder + "/sgm-train") { return folder }
  throw Failure("sgm-train is in none of \(candidates): build it by launch/build.sh")
}

/// The checkout that these tests belong to.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path

struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A funnel by critically damped Langevin diffusion, trained in a moment.
let smallExperiment = """
  name: small
  data: {target: funnel, dimension: 5, count: 3000}
  process: {kind: critically-damped-langevin, epsilon: 0.25}
  network: {widths: [40, 40], embedding_features: 16}
  training: {steps: 60, batch: 256, shards: 16, warmup_steps: 5, log_every: 5, held_out_every: 10}
  sampling: {sampler: splitting, steps: 10, count: 700}
  checkpoints: {every: 20}
  evaluation: {directions: 40, repeats: 2, count: 500}

  """
