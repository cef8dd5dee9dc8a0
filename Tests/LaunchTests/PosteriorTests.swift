import Foundation
import Testing

extension LaunchTests {
  @Suite struct PosteriorTests {
    /// θ in [0, 1] and a scale above 0, seen by two numbers.
    private func table(_ workshop: Workshop, rows: Int = 600) throws {
      var table = "theta,seen,scale,other\n"
      for i in 0..<rows {
        let (theta, scale) = (0.5 + 0.5 * sin(Double(i)), exp(cos(2.5 * Double(i))))
        table += "\(theta),\(theta + 0.1 * sin(9.1 * Double(i))),\(scale),\(scale * cos(Double(i)))\n"
      }
      try workshop.write(table, to: "table.csv")
      try workshop.write(
        smallExperiment.replacingOccurrences(
          of: "{target: funnel, dimension: 5, count: 3000}",
          with: "{file: table.csv, conditions: [seen, other], columns: {theta: \"bounded [0, 1]\", scale: positive}}"),
        to: "posterior.yaml")
    }

    private func train(_ workshop: Workshop, _ run: String = "run", ranks: Int = 2) throws {
      try table(workshop)
      let outcome = try workshop.run("sgm-train", ["posterior.yaml", "--output", run], ranks: ranks)
      try #require(outcome.status == 0, "\(outcome.errors)")
    }

    private static let few = ["evaluation.calibration_pairs=50", "evaluation.calibration_draws=20"].flatMap {
      ["--set", $0]
    }

    @Test("calibration and the nll given conditions are the same bytes on 1, 2 and 3 ranks, and the report shows them")
    func ranks() throws {
      let workshop = try Workshop()
      try train(workshop)
      var first: [Data] = []
      for ranks in 1...3 {
        let words =
          ["run", "--metrics", "coverage,sbc,tarp,nll", "--json", "--set", "evaluation.likelihood_steps=8"] + Self.few
        let outcome = try workshop.run("sgm-evaluate", words, ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let found = [
          Data(outcome.output.utf8), try workshop.bytes("run/calibration.npy"),
          try workshop.bytes("run/likelihood.npy"),
        ]
        if first.isEmpty { first = found }
        #expect(found == first, "\(ranks) ranks")
      }
      let text = String(decoding: first[0], as: UTF8.self)
      for name in [
        "coverage of 50 % regions", "coverage of 90 % regions", "coverage p-value", "SBC theta", "SBC scale",
        "SBC p-value",
        "TARP coverage of 50 % balls", "TARP coverage p-value", "NLL, upper bound",
      ] { #expect(text.contains("{\"metric\":\"\(name)\""), "\(name) in \(text)") }
      // 192 bytes of header; 50 pairs of two parameters' ranks and two more, in single precision.
      #expect(first[1].count == 192 + 50 * 4 * 4, "\(first[1].count)")
      let report = String(decoding: try workshop.bytes("run/report.html"), as: UTF8.self)
      #expect(report.contains("Calibration of the posterior"))
      let again = try workshop.run("sgm-report", ["run"])
      #expect(again.status == 0, "\(again.errors)")
      #expect(
        String(decoding: try workshop.bytes("run/report.html"), as: UTF8.self).contains("Calibration of the posterior"))
    }

    @Test("samples of bounded and positive columns never leave them, on any number of ranks")
    func box() throws {
      let workshop = try Workshop()
      try train(workshop)
      func sample(_ file: String, ranks: Int) throws -> Data {
        let outcome = try workshop.run(
          "sgm-sample", ["run", "--condition", "0.99,-0.4", "--count", "2000", "--output", file], ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try workshop.bytes(file)
      }
      let alone = try sample("one.csv", ranks: 1)
      #expect(try sample("three.csv", ranks: 3) == alone)
      let lines = String(decoding: alone, as: UTF8.self).split(separator: "\n")
      #expect(lines.first == "theta,scale" && lines.count == 2001)
      for line in lines.dropFirst() {
        let numbers = line.split(separator: ",").compactMap { Double($0) }
        #expect(numbers.count == 2 && (0...1).contains(numbers[0]) && numbers[1] > 0, "\(line)")
      }
    }

    @Test("the nll of given rows goes to a file, in their order, and is that of the same held-out rows")
    func rows() throws {
      let workshop = try Workshop()
      try train(workshop)
      try workshop.write("theta,seen,scale,other\n0.2,0.25,1,0.5\n0.9,0.95,2,1\n0.2,0.25,1,0.5\n", to: "rows.csv")
      var first: Data?
      for ranks in 1...3 {
        let words = [
          "run", "--rows", "rows.csv", "--output", "nll.csv", "--overwrite", "--set", "evaluation.likelihood_steps=50",
        ]
        let outcome = try workshop.run("sgm-evaluate", words, ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("NLL") && outcome.output.contains("nats a row"))
        let bytes = try workshop.bytes("nll.csv")
        #expect(first == nil || first == bytes)
        first = bytes
      }
      let lines = String(decoding: first ?? Data(), as: UTF8.self).split(separator: "\n")
      #expect(lines.count == 4 && lines[0] == "nll,standard_error")
      let values = lines.dropFirst().map { $0.split(separator: ",").compactMap { Double($0) } }
      // Rows 0 and 2 are equal, and have velocities of their own: six standard errors of either.
      #expect(abs(values[0][0] - values[2][0]) < 6 * (values[0][1] + values[2][1]))
      // Row 1 is elsewhere.
      #expect(values.allSatisfy { $0.count == 2 && $0[0].isFinite && $0[1] > 0 } && values[0] != values[1])
    }

    @Test("what is outside of its box, or asks a run for what it lacks, is refused in one line on any number of ranks")
    func refusals() throws {
      let workshop = try Workshop()
      try train(workshop)
      try workshop.write("theta,seen,scale,other\n1.2,0.25,1,0.5\n", to: "out.csv")
      try workshop.write("theta,seen\n0.2,0.25\n", to: "short.csv")
      for ranks in [1, 3] {
        for (program, words, text) in [
          (
            "sgm-evaluate", ["run", "--rows", "out.csv"],
            "row 0 (from 0) holds 1.2 in column theta, where a number from 0.0 to 1.0"
          ),
          (
            "sgm-evaluate", ["run", "--rows", "short.csv"], "is no column of the data file; its columns are theta, seen"
          ),
          ("sgm-evaluate", ["run", "--rows", "out.csv", "--metrics", "c2st"], "--metrics c2st does not go with it"),
          ("sgm-evaluate", ["table.csv", "--against", "table.csv", "--metrics", "sbc"], "the metric sbc needs a run"),
          ("sgm-sample", ["run", "--condition", "0,0", "--output", "a.nc"], "az.from_json"),
          (
            "sgm-train", ["posterior.yaml", "--output", "other", "--set", "data.columns=theta: bounded [0, 0.5]"],
            "in column theta, which data.columns calls bounded [0.0, 0.5]"
          ),
        ] {
          let outcome = try workshop.run(program, words, ranks: ranks)
          #expect(outcome.status != 0 && outcome.errors.contains(text), "\(words): \(outcome.errors)")
        }
      }
    }

    @Test("several observations of one θ are given to each sample, with the same bytes on 1, 2 and 3 ranks")
    func together() throws {
      let workshop = try Workshop()
      try train(workshop)
      try workshop.write("0.4,0.2\n0.5,0.1\n0.45,0.15\n", to: "seen.csv")
      var first: Data?
      for ranks in 1...3 {
        let words = [
          "run", "--condition", "seen.csv", "--together", "--count", "600", "--overwrite", "--output", "one.csv",
        ]
        let outcome = try workshop.run("sgm-sample", words, ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("each is given all 3 observations of seen.csv"))
        let bytes = try workshop.bytes("one.csv")
        #expect(first == nil || first == bytes, "\(ranks) ranks")
        first = bytes
      }
      #expect(String(decoding: first ?? Data(), as: UTF8.self).split(separator: "\n").count == 601)
      for (words, text) in [
        (["run", "--together", "--output", "a.csv"], "give the observations by --condition"),
        (
          ["run", "--together", "--condition", "seen.csv", "--fix", "fixed.csv", "--output", "a.csv"],
          "exclude each other"
        ),
      ] {
        try workshop.write("0,0.5\n", to: "fixed.csv")
        let outcome = try workshop.run("sgm-sample", words, ranks: 2)
        #expect(outcome.status != 0 && outcome.errors.contains(text), "\(words): \(outcome.errors)")
      }
    }

    @Test("draws in JSON hold the samples of the same command in CSV, draw by draw and observation by observation")
    func draws() throws {
      let workshop = try Workshop()
      try train(workshop)
      try workshop.write("0.1,0.2\n0.9,0.1\n0.5,0.5\n", to: "seen.csv")
      for file in ["draws.json", "draws.csv"] {
        let words = ["run", "--condition", "seen.csv", "--count", "100", "--output", file]
        let outcome = try workshop.run("sgm-sample", words, ranks: 2)
        try #require(outcome.status == 0, "\(outcome.errors)")
      }
      let parsed = try JSONSerialization.jsonObject(with: workshop.bytes("draws.json"))
      let posterior = try #require((parsed as? [String: Any])?["posterior"] as? [String: [[[Double]]]])
      let lines = String(decoding: try workshop.bytes("draws.csv"), as: UTF8.self).split(separator: "\n").dropFirst()
      #expect(posterior["theta"]?.count == 1 && posterior["theta"]?[0].count == 100)
      for (i, line) in lines.enumerated() {
        let numbers = line.split(separator: ",").compactMap { Double($0) }
        for (name, number) in zip(["theta", "scale"], numbers) {
          // Foundation's reader of JSON is not exact to the last bit.
          let found = try #require(posterior[name])[0][i / 3][i % 3]
          #expect(abs(found - number) <= 1e-14 * abs(number), "\(found) for \(number)")
        }
      }
    }

    @Test("ArviZ opens the draws", .enabled(if: arviz != nil, "SGM_PYTHON has no arviz; launch/test.sh installs it"))
    func opens() throws {
      let workshop = try Workshop()
      try train(workshop)
      try workshop.write("0.1,0.2\n0.9,0.1\n", to: "seen.csv")
      for (condition, file) in [("seen.csv", "two.json"), ("0.5,0.5", "one.json")] {
        let words = ["run", "--condition", condition, "--count", "50", "--output", file]
        let outcome = try workshop.run("sgm-sample", words, ranks: 2)
        try #require(outcome.status == 0, "\(outcome.errors)")
      }
      try workshop.write(
        """
        import warnings; warnings.filterwarnings("ignore")
        import arviz as az
        two, one = az.from_json("two.json").posterior, az.from_json("one.json").posterior
        print(dict(two.sizes), dict(one.sizes), sorted(one.data_vars), float(one.theta.max()) <= 1)
        """, to: "read.py")
      let process = Process()
      process.executableURL = URL(fileURLWithPath: arviz ?? "")
      process.arguments = ["read.py"]
      process.currentDirectoryURL = URL(fileURLWithPath: workshop.path)
      let output = workshop.path + "/read.txt"
      _ = FileManager.default.createFile(atPath: output, contents: nil)
      process.standardOutput = FileHandle(forWritingAtPath: output)
      try process.run()
      process.waitUntilExit()
      let text = try String(contentsOfFile: output, encoding: .utf8)
      #expect(
        text == "{'chain': 1, 'draw': 50, 'observation': 2} {'chain': 1, 'draw': 50} ['scale', 'theta'] True\n",
        "\(text)")
    }
  }
}

/// The Python of the tests, where it has ArviZ.
private let arviz: String? = {
  guard let python = ProcessInfo.processInfo.environment["SGM_PYTHON"] else { return nil }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: python)
  process.arguments = ["-c", "import arviz"]
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return nil }
  process.waitUntilExit()
  return process.terminationStatus == 0 ? python : nil
}()
