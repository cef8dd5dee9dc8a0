import Foundation
import Testing

extension LaunchTests {
  /// Pairs that a user's program makes while the run begins.
  @Suite struct SimulatorTests {
    /// The blocks of the page's section, by language, in their order.
    private static func blocks() throws -> [String: [String]] {
      let page = try String(contentsOfFile: repository + "/docs/choosing.md", encoding: .utf8)
      let section = try #require(page.components(separatedBy: "\n## ").first { $0.hasPrefix("Simulators\n") })
      var blocks: [String: [String]] = [:]
      let parts = section.components(separatedBy: "\n```")
      for number in stride(from: 1, to: parts.count, by: 2) {
        let lines = parts[number].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        blocks[String(lines[0]), default: []].append(String(lines[1]) + "\n")
      }
      return blocks
    }

    private static let small = [
      "data.count=600", "training.steps=30", "training.batch=256", "network.widths=[16]", "sampling.count=300",
      "evaluation.metrics=[marginals]", "checkpoints.every=30", "data.simulator_rows=50",
    ].flatMap { ["--set", $0] }

    @Test("the page's example trains and predicts, the same bytes on 1, 2 and 3 ranks")
    func ranks() throws {
      let workshop = try Workshop()
      let blocks = try Self.blocks()
      try workshop.write(try #require(blocks["python"]?.first), to: "simulate.py")
      try workshop.write(try #require(blocks["yaml"]?.first), to: "bent.yaml")
      let command = try #require(blocks["sh"]?.first).split(separator: "\n").last { $0.contains("--simulator") }
      #expect(
        command
          == "sgm-sample runs/bent --condition 0.5,0.2 --count 1000 --output draws.csv --simulator \"python3 simulate.py\""
      )
      var first: [Data] = []
      for ranks in 1...3 {
        let run = "run-\(ranks)"
        try workshop.succeed("sgm-train", ["bent.yaml", "--output", run] + Self.small, ranks: ranks)
        let drawn = try workshop.succeed(
          "sgm-sample",
          [
            run, "--condition", "0.5,0.2", "--count", "300", "--output", "draws-\(ranks).csv", "--simulator",
            "python3 simulate.py",
          ],
          ranks: ranks)
        #expect(drawn.output.contains("300 simulations by python3 simulate.py in "), "\(drawn.output)")
        let files = [
          "\(run)/simulations/pairs.csv", "\(run)/checkpoints/step-000000030.safetensors",
          "\(run)/samples/step-000000030.npy", "draws-\(ranks).csv", "draws-\(ranks)-simulated.csv",
        ]
        let found = try files.map(workshop.bytes)
        for (file, (one, other)) in zip(files, zip(found, first)) { #expect(one == other, "\(file)") }
        first = found
        #expect(try workshop.names(in: ".").allSatisfy { !$0.hasSuffix(".parts") })
      }
      let pairs = String(decoding: first[0], as: UTF8.self).split(separator: "\n").map { $0.split(separator: ",") }
      #expect(pairs[0] == ["a", "b", "x", "y"] && pairs.count == 601)
      // x = a + 0.2 Z: the mean of 600 differences is within five of its standard errors, 0.2/√600, of 0.
      let differences = pairs.dropFirst().compactMap { row in
        Double(row[0]).flatMap { a in Double(row[2]).map { $0 - a } }
      }
      #expect(differences.count == 600 && abs(differences.reduce(0, +) / 600) < 5 * 0.2 / 600.0.squareRoot())
      let drawn = String(decoding: first[3], as: UTF8.self).split(separator: "\n")
      let predicted = String(decoding: first[4], as: UTF8.self).split(separator: "\n")
      #expect(predicted.count == 301 && predicted[0] == "a,b,x,y")
      for (row, draw) in zip(predicted, drawn) { #expect(row.hasPrefix(draw + ",")) }
      // The page's own commands, but shorter, and what reads a run afterwards.
      for words in [["run-2"], ["run-2", "--metrics", "coverage", "--set", "evaluation.calibration_pairs=20"]] {
        try workshop.succeed(words.count == 1 ? "sgm-report" : "sgm-evaluate", words)
      }
      let check = try workshop.succeed("sgm-train", ["bent.yaml", "--check"] + Self.small, ranks: 2)
      #expect(check.output.contains("memory") && !FileManager.default.fileExists(atPath: workshop.path + "/runs"))
    }

    @Test(
      "a run whose program failed goes on by --resume, without what is there, to the bytes of an undisturbed one",
      arguments: [0, 2])
    func resume(ranks: Int) throws {
      let workshop = try Workshop()
      let blocks = try Self.blocks()
      let program = try #require(blocks["python"]?.first)
      try workshop.write(try #require(blocks["yaml"]?.first), to: "bent.yaml")
      try workshop.write(program, to: "simulate.py")
      try workshop.succeed("sgm-train", ["bent.yaml", "--output", "whole"] + Self.small)
      // Fails at a parameter of one block in the middle.
      let rows = String(decoding: try workshop.bytes("whole/simulations/pairs.csv"), as: UTF8.self).split(
        separator: "\n")
      let fatal = rows[320].split(separator: ",")[0]
      try workshop.write(
        program.replacingOccurrences(
          of: "    a, b =", with: "    if row[\"a\"] == \"\(fatal)\": sys.exit(\"no such a\")\n    a, b ="),
        to: "simulate.py")
      let failed = try workshop.run("sgm-train", ["bent.yaml", "--output", "run"] + Self.small, ranks: ranks)
      #expect(failed.status == 69 && failed.messages.count == 1, "\(failed.errors)")
      #expect(
        failed.errors.contains(
          "data.simulator: the program ended with status 1: \"no such a\"; it was given rows 300 to 349"),
        "\(failed.errors)")
      #expect(try workshop.names(in: "run/simulations").contains("000000300.err.txt"))
      try workshop.write(program, to: "simulate.py")
      try workshop.succeed("sgm-train", ["--resume", "run"], ranks: ranks)
      for file in ["simulations/pairs.csv", "checkpoints/step-000000030.safetensors", "samples/step-000000030.npy"] {
        #expect(try workshop.bytes("run/\(file)") == workshop.bytes("whole/\(file)"), "\(file)")
      }
      // From a checkpoint nothing is simulated again: the program may be gone.
      try FileManager.default.removeItem(atPath: workshop.path + "/simulate.py")
      try workshop.succeed("sgm-train", ["--resume", "run", "--set", "training.steps=40"], ranks: ranks)
    }

    @Test(
      "a signal ends a long simulation in good order, with the status that asks for --resume, and no process is left")
    func signal() throws {
      let workshop = try Workshop()
      let yaml = try #require(Self.blocks()["yaml"]?.first)
      try workshop.write(
        yaml.replacingOccurrences(of: "python3 simulate.py", with: "echo $$ > simulator.pid; sleep 300"),
        to: "slow.yaml")
      let job = try Job("sgm-train", ["slow.yaml", "--output", "run"], ranks: 2, in: workshop)
      let file = workshop.path + "/simulator.pid"
      for _ in 0..<3_000 where !FileManager.default.fileExists(atPath: file) { usleep(10_000) }
      usleep(100_000)
      job.send(SIGUSR1)
      let outcome = try job.outcome(within: 60)
      #expect(outcome.status == 75 && outcome.messages.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("stopped by SIGUSR1 while data.simulator was at work"), "\(outcome.errors)")
      let process = try #require(
        Int32(String(decoding: try workshop.bytes("simulator.pid"), as: UTF8.self).trimmingCharacters(in: .newlines)))
      #expect(!isAlive(process))
    }

    private static func mistake(_ name: String, _ data: String, status: Int32, _ says: [String]) -> Mistake {
      Mistake(
        name: name, words: ["small.yaml", "--output", "run", "--overwrite"],
        experiment: replacing(
          "{target: funnel, dimension: 5, count: 3000}", by: "{simulator_rows: 100, \(data)}"),
        status: status, says: says)
    }

    private static let prior = "count: 600, prior: {a: \"uniform [0, 1]\"}"

    static let mistakes: [Mistake] = [
      mistake(
        "no such program", "\(prior), simulator: no-such-program, conditions: [x]", status: 69,
        ["data.simulator: the program ended with status 127", "no-such-program: not found"]),
      mistake(
        "a late program", "\(prior), simulator: sleep 300, simulator_timeout: 0.5, conditions: [x]", status: 69,
        ["did not end within 0.500 s (data.simulator_timeout)"]),
      mistake(
        "NaN", "\(prior), simulator: \"sed '1s/a/x/; 2,$s/.*/nan/'\", conditions: [x]", status: 65,
        ["wrote \"nan\" in line 2, column 1 (x)", "run/simulations/000000000.in.csv"]),
      mistake(
        "too few rows", "\(prior), simulator: \"head -n 90 | sed 1s/a/x/\", conditions: [x]", status: 65,
        ["wrote 89 rows, not one for each of the 100 rows"]),
      mistake(
        "a condition that is not written", "\(prior), simulator: sed 1s/a/x/, conditions: [y]", status: 78,
        ["data.conditions", "\"y\" is no column of the data file; its columns are a, x"]),
      mistake(
        "no file of parameters", "file: none.csv, simulator: sed 1s/a/x/, conditions: [x]", status: 66,
        ["none.csv", "no such file"]),
      mistake(
        "a file of words", "file: words.csv, simulator: sed 1s/a/x/, conditions: [x]", status: 65,
        ["words.csv:3: column 1 (a) holds \"two\""]),
    ]

    @Test("a mistake ends all ranks with one message and its own status", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
      let workshop = try Workshop()
      try workshop.write(mistake.experiment, to: "small.yaml")
      try workshop.write("a\n1\ntwo\n" + String(repeating: "3\n", count: 598), to: "words.csv")
      for ranks in [0, 1, 3] {
        let outcome = try workshop.run(mistake.program, mistake.words, ranks: ranks)
        #expect(outcome.status == mistake.status, "\(ranks) ranks: \(outcome.errors)")
        #expect(outcome.messages.count == 1, "\(ranks) ranks: \(outcome.errors)")
        for part in mistake.says { #expect(outcome.errors.contains(part), "\(ranks) ranks: \(outcome.errors)") }
      }
    }

    @Test("parameters from a file, --overwrite and other uses")
    func file() throws {
      let workshop = try Workshop()
      try workshop.write("a,b\n" + (0..<300).map { "\($0 % 17),\(Double($0 % 13) / 8)\n" }.joined(), to: "theta.csv")
      let data = "{file: theta.csv, simulator: \"sed '1s/.*/x,y/'\", simulator_rows: 64, conditions: [x, y]}"
      try workshop.write(replacing("{target: funnel, dimension: 5, count: 3000}", by: data), to: "small.yaml")
      try workshop.succeed("sgm-train", ["small.yaml", "--output", "run"], ranks: 2)
      let pairs = String(decoding: try workshop.bytes("run/simulations/pairs.csv"), as: UTF8.self).split(
        separator: "\n")
      #expect(pairs.count == 301 && pairs[0] == "a,b,x,y" && pairs[19] == "1.0,0.625,1.0,0.625", "\(pairs[19])")
      try workshop.succeed(
        "sgm-train", ["small.yaml", "--output", "run", "--overwrite", "--set", "data.simulator_rows=100"])
      let sweep = replacing("{target: funnel, dimension: 5, count: 3000}", by: data) + "sweep: {seed: [1, 2]}\n"
      try workshop.write(sweep, to: "sweep.yaml")
      let refused = try workshop.run("sgm-train", ["sweep.yaml", "--output", "sweep"])
      #expect(
        refused.status == 78 && refused.errors.contains("data.simulator: is for single runs of sgm-train"),
        "\(refused.errors)")
      for (words, says) in [
        (["--simulator", "cat"], "needs --output NAME.csv"),
        (["--simulator", "cat", "--output", "d.npy"], "needs --output NAME.csv"),
        (["--simulator-timeout", "5", "--output", "d.csv"], "is for --simulator"),
      ] {
        let outcome = try workshop.run("sgm-sample", ["run", "--condition", "1,1"] + words)
        #expect(outcome.status == 64 && outcome.errors.contains(says), "\(outcome.errors)")
      }
      let failed = try workshop.run(
        "sgm-sample", ["run", "--condition", "1,1", "--count", "20", "--output", "d.csv", "--simulator", "false"],
        ranks: 2)
      #expect(
        failed.status == 69 && failed.messages.count == 1
          && failed.errors.contains("--simulator: the program ended with status 1 and said nothing"), "\(failed.errors)"
      )
      let again = [
        "run", "--condition", "1,1", "--count", "20", "--output", "d.csv", "--overwrite", "--simulator",
        "sed '1s/.*/x,y/'",
      ]
      try workshop.succeed("sgm-sample", again, ranks: 2)
      #expect(try workshop.names(in: ".").filter { $0.hasPrefix("d") } == ["d-simulated.csv", "d.csv"])
    }
  }
}
