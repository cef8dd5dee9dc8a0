import Foundation
import Testing

extension LaunchTests {
  @Suite struct ChangedDataTests {
    private func table(_ rows: Int, offset: Double = 0) -> String {
      "a,b\n" + (0..<rows).map { "\(offset + sin(Double($0))),\(cos(2.5 * Double($0)))\n" }.joined()
    }

    private func train(_ workshop: Workshop, _ words: [String] = []) throws {
      try workshop.write(onFile("table.csv"), to: "file.yaml")
      let short = ["--set", "training.steps=20", "--set", "evaluation.count=100", "--set", "data.held_out=0.3"]
      let outcome = try workshop.run("sgm-train", ["file.yaml", "--output", "run"] + short + words)
      try #require(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("sgm-evaluate, sgm-report and sgm-theory refuse data that changed since training, and take them if told to")
    func fingerprint() throws {
      let workshop = try Workshop()
      try workshop.write(table(400), to: "table.csv")
      try train(workshop)
      for (program, words) in [("sgm-evaluate", ["run"]), ("sgm-report", ["run"]), ("sgm-sample", ["run"])] {
        let outcome = try workshop.run(program, words + ["--output", "table.csv", "--overwrite"])
        #expect(outcome.status == 73, "\(program): \(outcome.status) \(outcome.errors)")
        #expect(
          outcome.errors.contains("table.csv: exists already; this command reads it; name another file"),
          "\(program): \(outcome.errors)")
      }
      // The same rows once more, as another file: the same fingerprint.
      try workshop.write(table(400), to: "table.csv")
      #expect(try workshop.run("sgm-evaluate", ["run"]).status == 0)
      try workshop.write(table(401), to: "table.csv")
      let theory = ["errors", "run", "--count", "256", "--repeats", "1", "--steps", "4"]
      for (program, words) in [("sgm-evaluate", ["run"]), ("sgm-report", ["run"]), ("sgm-theory", theory)] {
        for ranks in [0, 2] {
          let outcome = try workshop.run(program, words, ranks: ranks)
          #expect(
            outcome.status == 78 && outcome.messages.count == 1, "\(program): \(outcome.status) \(outcome.errors)")
          #expect(
            outcome.errors.contains("table.csv: is not the data that the run was trained on"), "\(outcome.errors)")
          #expect(outcome.output.isEmpty)
        }
        let allowed = try workshop.run(program, words + ["--allow-data-change"])
        #expect(allowed.status == 0, "\(program): \(allowed.errors)")
      }
    }

    @Test("columns that have changed their names are refused on resume: samples would have the wrong header")
    func names() throws {
      let workshop = try Workshop()
      try workshop.write(table(400), to: "table.csv")
      try train(workshop)
      try workshop.write(table(400).replacing("a,b\n", with: "b,a\n", maxReplacements: 1), to: "table.csv")
      for ranks in [0, 2] {
        let words = ["--resume", "run", "--set", "training.steps=21"]
        let outcome = try workshop.run("sgm-train", words, ranks: ranks)
        #expect(outcome.status == 78 && outcome.messages.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("other column names: column 0 (from 0) is b, not a;"), "\(outcome.errors)")
      }
    }

    @Test("an experiment.yaml that was edited in the run's folder is named, and the checkpoint's counts")
    func edited() throws {
      let workshop = try Workshop()
      try workshop.write(table(400), to: "table.csv")
      try train(workshop)
      let file = workshop.path + "/run/experiment.yaml"
      let text = try String(contentsOfFile: file, encoding: .utf8)
      try text.replacing("batch: 256", with: "batch: 512").write(toFile: file, atomically: true, encoding: .utf8)
      for (program, words) in [
        ("sgm-evaluate", ["run"]), ("sgm-sample", ["run", "--count", "5", "--output", "s.npy"]),
        ("sgm-train", ["--resume", "run", "--set", "training.steps=21"]),
      ] {
        let outcome = try workshop.run(program, words)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let said =
          "run/experiment.yaml differs from the newest checkpoint in training.batch, and the checkpoint's values"
        #expect((outcome.errors + outcome.output).contains(said), "\(program): \(outcome.output) \(outcome.errors)")
      }
    }

    @Test("an outlier that flattens a column, and single precision that cannot tell values apart, are warned of")
    func warnings() throws {
      let workshop = try Workshop()
      try workshop.write(table(400) + "1e8,1\n", to: "table.csv")
      try workshop.write(onFile("table.csv"), to: "file.yaml")
      for ranks in [0, 2] {
        let outcome = try workshop.run("sgm-train", ["file.yaml", "--check"], ranks: ranks)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("warning: column a: few values far away, up to"), "\(outcome.output)")
        #expect(!outcome.output.contains("warning: column b"), "\(outcome.output)")
      }
      try workshop.write(table(400, offset: 1e9), to: "table.csv")
      let words = ["file.yaml", "--check", "--set", "data.standardise=false"]
      let coarse = try workshop.run("sgm-train", words)
      #expect(coarse.output.contains("warning: column a lies so far from 0 that single precision"), "\(coarse.output)")
      let scaled = try workshop.run("sgm-train", ["file.yaml", "--check"])
      #expect(scaled.status == 0 && !scaled.output.contains("warning"), "\(scaled.output)")
    }

    @Test("rows that are held out in a file of their own and trained on as well are counted in a warning")
    func shared() throws {
      let workshop = try Workshop()
      try workshop.write(table(400), to: "table.csv")
      try workshop.write(onFile("table.csv, held_out: rest.csv"), to: "file.yaml")
      func shifted(_ rows: Range<Int>) -> String {
        "a,b\n" + rows.map { "\(sin(Double($0))),\(cos(2.5 * Double($0)))\n" }.joined()
      }
      for (rows, count) in [(350..<450, 50), (0..<400, 400), (400..<500, 0)] {
        try workshop.write(shifted(rows), to: "rest.csv")
        for ranks in [0, 3] {
          let outcome = try workshop.run("sgm-train", ["file.yaml", "--check"], ranks: ranks)
          let words = "warning: data.held_out: \(count) of the 400 rows to train on stand among the held-out rows"
          #expect(outcome.status == 0 && outcome.output.contains(words) == (count > 0), "\(outcome.output)")
          #expect(count > 0 || !outcome.output.contains("held-out rows as well"))
        }
      }
    }

    @Test("--check looks at every cell of a sweep, and a sweep with one that cannot begin leaves an old one in place")
    func cells() throws {
      let workshop = try Workshop()
      try workshop.write(table(400), to: "table.csv")
      let sweep = onFile("table.csv") + "sweep: {data.file: [table.csv, nosuch.csv]}\n"
      try workshop.write(sweep.replacing("{file: table.csv}", with: "{standardise: true}"), to: "sweep.yaml")
      for ranks in [0, 2] {
        let outcome = try workshop.run("sgm-train", ["sweep.yaml", "--check"], ranks: ranks)
        #expect(outcome.status == 66 && outcome.errors.contains("nosuch.csv: cannot be read"), "\(outcome.errors)")
      }
      // The second cell's file opens, but a row of it is wrong.
      try workshop.write(table(300) + "1,one\n", to: "nosuch.csv")
      for ranks in [0, 2] {
        let outcome = try workshop.run("sgm-train", ["sweep.yaml", "--check"], ranks: ranks)
        #expect(outcome.status == 65 && outcome.messages.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("nosuch.csv:302: column 2 (b) holds \"one\""), "\(outcome.errors)")
      }
      try workshop.write("# made today\n" + table(300), to: "nosuch.csv")
      let right = try workshop.run("sgm-train", ["sweep.yaml", "--check"], ranks: 2)
      #expect(right.status == 0, "\(right.errors)")
      #expect(right.output.contains("note: nosuch.csv: 1 line that begins with # left out"), "\(right.output)")
      try FileManager.default.removeItem(atPath: workshop.path + "/nosuch.csv")
      let started = try workshop.run("sgm-train", ["sweep.yaml", "--output", "sweep"])
      #expect(started.status == 66 && !FileManager.default.fileExists(atPath: workshop.path + "/sweep"))
    }

    @Test("rows that single precision cannot tell apart are trained on, sampled and judged in double precision")
    func precision() throws {
      let workshop = try Workshop()
      func figure(_ offset: Double) throws -> Double {
        try workshop.write(table(2000, offset: offset), to: "table.csv")
        try train(workshop, ["--overwrite"])
        let judged = try workshop.run("sgm-evaluate", ["run", "--json"])
        let line = try #require(judged.output.split(separator: "\n").first)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return try #require((object?["value"] as? [String: Any])?["mean"] as? Double)
      }
      let (near, far) = (try figure(0), try figure(1e9))
      // Distances do not see a shift; beside 1e9 a Double resolves 1e-7.
      #expect(abs(near - far) < 1e-5 * near && near > 0, "\(near) \(far)")
      let lines = try workshop.run("sgm-sample", ["run", "--count", "50", "--output", "s.csv"])
      #expect(lines.status == 0)
      let rows = String(decoding: try workshop.bytes("s.csv"), as: UTF8.self).split(separator: "\n").dropFirst()
      let values = rows.compactMap { Double($0.prefix { $0 != "," }) }
      // In single precision neighbours are 64 apart here.
      #expect(Set(values).count == 50 && values.allSatisfy { abs($0 - 1e9) < 5 })
    }
  }
}
