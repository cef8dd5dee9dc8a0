import Communication
import Foundation
import Randomness
import Targets
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Runs

/// x = a + b of each row; the seed of each start stands beside it.
private let sum = "awk -F, 'NR == 1 { print \"x,seed\"; next } { print $1 + $2 \",\" ENVIRON[\"SGM_SEED\"] }'"

/// The same without the seed.
private let plain = "awk -F, 'NR == 1 { print \"x\"; next } { print $1 + $2 }'"

@Suite struct SimulationsTests {
  /// 70 rows of two parameters in blocks of 16, of which the last has 6.
  private static func simulations(_ command: String, _ folder: String, patience: Double = 60) -> Simulations {
    let laws = [
      ParameterPriors.Entry("a", .uniform(low: -1, high: 1)),
      ParameterPriors.Entry("b, mm", .normal(mean: 100, deviation: 10)),
    ]
    let files = SimulationFiles(path: folder + "/simulations")
    return Simulations(
      command: command, folder: folder, parameters: PriorRows(laws: laws, rows: 70, seed: 3), rowsPerStart: 16,
      patience: patience, seeds: RandomStream(seed: 3, purpose: .simulator), origin: "laws", files: files,
      result: files.pairs, key: (command: "data.simulator", timeout: "data.simulator_timeout"))
  }

  private static func text(_ folder: TemporaryFolder) throws -> String {
    String(decoding: try folder.bytes("simulations/pairs.csv"), as: UTF8.self)
  }

  @Test("rows that are under way are counted, the last start's with what is left for it") func made() throws {
    let folder = try TemporaryFolder()
    let files = SimulationFiles(path: folder.path)
    #expect(files.rowsMade(of: 70, perStart: 16) == nil)
    func create(_ name: String) throws { try Data().write(to: URL(fileURLWithPath: "\(folder.path)/\(name)")) }
    for name in ["000000000.csv", "000000032.csv", "000000064.csv", "000000016.in.csv"] { try create(name) }
    #expect(files.rowsMade(of: 70, perStart: 16) == 38)
    try create("pairs.csv")
    #expect(files.rowsMade(of: 70, perStart: 16) == nil)
  }

  @Test("each row has its own observation and its block's seed, the same bytes on 1, 2, 3 and 7 ranks")
  func ranks() throws {
    var first: String?
    for ranks in [1, 2, 3, 7] {
      let folder = try TemporaryFolder()
      let path = folder.path
      let made = try onRanks(ranks) { try Self.simulations(sum, path).make($0) }
      #expect(made == [Bool](repeating: true, count: ranks))
      let text = try Self.text(folder)
      #expect(text == first ?? text, "\(ranks) ranks")
      first = text
      // What was only needed on the way is gone.
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: path + "/simulations").sorted() == [
          "pairs.csv", "request.txt",
        ])
    }
    let lines = try #require(first).split(separator: "\n")
    let simulations = Self.simulations(sum, "")
    try #require(lines.count == 71 && lines[0] == "a,\"b, mm\",x,seed")
    for (row, line) in lines.dropFirst().enumerated() {
      let numbers = line.split(separator: ",").compactMap { Double($0) }
      try #require(numbers.count == 4)
      var variates = RandomStream(seed: 3, purpose: .prior).row(UInt64(row))
      #expect(numbers[0] == PriorLaw.uniform(low: -1, high: 1).draw(&variates))
      #expect(numbers[1] == PriorLaw.normal(mean: 100, deviation: 10).draw(&variates))
      // awk prints six digits.
      #expect(abs(numbers[2] - numbers[0] - numbers[1]) < 1e-3)
      #expect(numbers[3] == Double(simulations.seed(of: row / 16)))
    }
    #expect(Set((0..<5).map(simulations.seed)).count == 5)
    #expect((0..<5).map(simulations.seed).allSatisfy { (0..<1 << 31).contains($0) })
  }

  @Test(
    "after a failure only what is missing is made, and the result is that of an undisturbed run", arguments: [1, 3])
  func restart(ranks: Int) throws {
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    let path = folder.path
    // Row 40 is in block 2; it fails until the file is there.
    let command =
      "echo 1 >> starts; tee input.$$ | \(sum); [ -e mended ] || ! grep -q '^\(try Self.row(40))' input.$$"
    let text = errorText {
      do { _ = try onRanks(ranks) { try Self.simulations(command, path).make($0) } } catch let error as AgreedError {
        throw ToolError.unavailable(error.description)
      }
    }
    #expect(text.hasPrefix("data.simulator: the program ended with status 1"), "\(text)")
    #expect(text.contains("it was given rows 32 to 47 (from 0)"), "\(text)")
    #expect(FileManager.default.fileExists(atPath: path + "/simulations/000000032.in.csv"))
    #expect(FileManager.default.fileExists(atPath: path + "/simulations/000000000.csv"))
    let before = String(decoding: try folder.bytes("starts"), as: UTF8.self).count / 2
    try Data().write(to: URL(fileURLWithPath: path + "/mended"))
    _ = try onRanks(2) { try Self.simulations(command, path).make($0) }
    let starts = String(decoding: try folder.bytes("starts"), as: UTF8.self).count / 2
    // Five blocks, and one that failed once; each of the two other ranks may have given one up.
    #expect(ranks == 1 ? starts == 6 : (6...8).contains(starts), "\(before), then \(starts)")
    _ = try Self.simulations(sum, other.path).make(.single)
    #expect(try Self.text(folder) == Self.text(other))
    #expect(try !Self.simulations(command, path).make(.single))
  }

  /// A row of parameters as the program is given it.
  private static func row(_ number: Int) throws -> String {
    try OwnParameters(simulations("", "").parameters, number..<number + 1).line(number)
  }

  @Test("another command, or other parameters, begin again")
  func changed() throws {
    let folder = try TemporaryFolder()
    _ = try Self.simulations(sum, folder.path).make(.single)
    let first = try Self.text(folder)
    let doubled = sum.replacingOccurrences(of: "$1 + $2", with: "2 * ($1 + $2)")
    #expect(try Self.simulations(doubled, folder.path).make(.single))
    #expect(try Self.text(folder) != first)
    #expect(try Self.simulations(sum, folder.path).make(.single))
    #expect(try Self.text(folder) == first)
  }

  /// What programs do wrong with every start, and from the second on.
  static let mistakes: [(command: String, status: Status, words: String)] = [
    ("no-such-program", .unavailable, "ended with status 127: \"sh: 1: no-such-program: not found\""),
    ("echo much >&2; echo too much >&2; exit 3", .unavailable, "ended with status 3: \"too much\""),
    ("exit 4", .unavailable, "ended with status 4 and said nothing"),
    ("kill -9 $$", .unavailable, "was killed by signal 9"),
    ("sleep 60", .unavailable, "did not end within 2.00 s (data.simulator_timeout)"),
    ("true", .dataErr, "wrote nothing; a line of names and rows of numbers are expected"),
    (
      "sed '1s/.*/x/; 2,$s/.*/nan/'", .dataErr,
      "wrote \"nan\" in line 2, column 1 (x), where a finite number is expected"
    ),
    ("sed '1s/.*/x/; 2,$s/.*/1/; 3d'", .dataErr, "wrote 15 rows, not one for each of the 16 rows that it was given"),
    ("sed '1s/.*/x/; 2,$s/.*/1/; 3p'", .dataErr, "wrote 17 rows, not one for each of the 16 rows that it was given"),
    (
      "sed '1s/.*/a/; 2,$s/.*/1/'", .dataErr,
      "wrote a column named \"a\", as one of the parameters is; name it otherwise, or leave it out"
    ),
    ("sed 's/.*/1/'", .dataErr, "wrote no line of names first: its first line is \"1\""),
    ("cut -d, -f1 | sed '1s/.*/x,y/'", .dataErr, "wrote 1 number in line 2, but 2 names in its first line"),
  ]

  @Test(
    "a program that does wrong ends all ranks with one message and its status, at the first block or a later one",
    arguments: 0..<mistakes.count, [1, 3])
  func refused(number: Int, ranks: Int) throws {
    for isLater in [false, true] { try refuse(Self.mistakes[number], ranks: ranks, isLater: isLater) }
  }

  private func refuse(_ mistake: (command: String, status: Status, words: String), ranks: Int, isLater: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    // The first start makes the sign by which later ones know that they are later.
    let command =
      isLater ? "if mkdir begun 2> /dev/null; then \(plain); else \(mistake.command); fi" : mistake.command
    let start = Date()
    var (text, status): (String, Int32?) = ("nothing", nil)
    do { _ = try onRanks(ranks) { try Self.simulations(command, path, patience: 2).make($0) } } catch {
      (text, status) = ("\(error)", (error as? any StatusError)?.status)
    }
    #expect(status == mistake.status.rawValue, "\(text)")
    #expect(text.hasPrefix("data.simulator: the program \(mistake.words); it was given rows "), "\(text)")
    #expect(text.contains("SGM_SEED"))
    // Nobody waits for a minute; busy machines start programs slowly.
    #expect(Date().timeIntervalSince(start) < 30)
  }

  @Test("a start that names other columns than the first is refused")
  func columns() throws {
    let folder = try TemporaryFolder()
    let command = "mkdir begun 2> /dev/null && name=x || name=y; sed \"1s/.*/$name/; 2,\\$s/.*/1/\""
    let text = errorText { _ = try Self.simulations(command, folder.path).make(.single) }
    #expect(
      text.hasPrefix(
        "data.simulator: the program wrote the columns y, but others for the first rows; every start must write the same; it was "
          + "given rows 16 to 31"), "\(text)")
  }

  @Test("what a late program has started ends with it")
  func group() throws {
    let folder = try TemporaryFolder()
    let command = "sleep 300 & echo $! > child; wait"
    _ = errorText { _ = try Self.simulations(command, folder.path, patience: 0.3).make(.single) }
    let child = try #require(
      Int32(String(decoding: try folder.bytes("child"), as: UTF8.self).trimmingCharacters(in: .newlines)))
    // Killed, if not yet buried by init: what is left of it does not run.
    func isAlive() -> Bool {
      guard let line = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8) else { return false }
      return !line.contains(") Z")
    }
    // The kernel ends it a little after the call.
    for _ in 0..<1_000 where isAlive() { usleep(10_000) }
    #expect(!isAlive())
  }

  @Test("the program does not see what makes a process a rank, and runs in the experiment's folder")
  func environment() throws {
    unsafe _ = setenv("OMPI_SGM_TEST", "1", 1)
    defer { unsafe _ = unsetenv("OMPI_SGM_TEST") }
    let folder = try TemporaryFolder()
    _ = try Self.simulations("env > env; pwd > here; \(sum)", folder.path).make(.single)
    let lines = String(decoding: try folder.bytes("env"), as: UTF8.self).split(separator: "\n")
    #expect(!lines.contains { $0.hasPrefix("OMPI_") } && lines.contains { $0.hasPrefix("PATH=") })
    #expect(lines.count { $0.hasPrefix("SGM_SEED=") } == 1)
    #expect(String(decoding: try folder.bytes("here"), as: UTF8.self).contains(folder.path))
  }

  @Test("a reason to stop ends the work with its words, and what is done stays")
  func stop() throws {
    let folder = try TemporaryFolder()
    var simulations = Self.simulations("if mkdir begun; then \(sum); else sleep 60; fi", folder.path)
    let first = folder.path + "/simulations/000000000.csv"
    simulations.reasonToStop = { FileManager.default.fileExists(atPath: first) ? "SIGUSR1" : nil }
    let (stopped, start) = (simulations, Date())
    #expect(
      errorText { _ = try stopped.make(.single) }.hasPrefix("stopped by SIGUSR1 while data.simulator was at work"))
    #expect(errorStatus { _ = try stopped.make(.single) } == .tempFail)
    #expect(Date().timeIntervalSince(start) < 30)
    #expect(FileManager.default.fileExists(atPath: first))
  }

  @Test(
    "an experiment's data are its pairs: a uniform parameter is bounded, the conditions are what the program writes")
  func experiment() throws {
    let folder = try TemporaryFolder()
    let yaml = """
      data:
        prior: {a: "uniform [-1, 1]", b: "normal [100, 10]"}
        simulator: awk -F, 'NR == 1 { print "x"; next } { print $1 + $2 }'
        simulator_rows: 30
        count: 200
        conditions: [x]
      """
    let experiment = try Experiment(yaml: yaml, file: "f.yaml")
    #expect(try Experiment(yaml: experiment.yaml, file: "f.yaml") == experiment)
    let run = RunFolder(folder.path)
    try Simulations.make(experiment, base: "", in: run, until: { nil }, .single)
    let source = try DataSource.open(experiment, base: "", in: run, .single)
    #expect(source.dimension == 2 && source.source.rows == 200)
    #expect(source.kinds == [.bounded(low: -1, high: 1), .number, .number])
    #expect(
      errorText { _ = try DataSource(experiment, base: "") }.hasPrefix(
        "data.simulator: is for single runs of sgm-train"))
    // A check takes the first rows for all.
    let trial = try DataSource(experiment, base: "", simulated: Simulations.trial(experiment, base: ""))
    let (all, some) = (try RowBlock(source.source).numbers, try RowBlock(trial.source).numbers)
    #expect(some.count == all.count && some[..<90] == all[..<90] && some[90..<180] == some[..<90])
  }

  @Test("a condition that the program does not write is refused after its first start")
  func conditions() throws {
    let folder = try TemporaryFolder()
    let yaml = "data: {prior: {a: \"uniform [-1, 1]\"}, simulator: \"sed 1s/a/x/\", count: 600, conditions: [y]}"
    let experiment = try Experiment(yaml: yaml, file: "f.yaml")
    let text = errorText {
      try Simulations.make(experiment, base: "", in: RunFolder(folder.path), until: { nil }, .single)
    }
    #expect(text == "data.conditions: \"y\" is no column of the data file; its columns are a, x", "\(text)")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/simulations/000000256.csv"))
  }
}
