import Foundation
import Testing

extension LaunchTests {
  @Suite struct OutputTests {
    private func workshop() throws -> Workshop {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      return workshop
    }

    private func text(_ workshop: Workshop, _ name: String) throws -> String {
      String(decoding: try workshop.bytes(name), as: UTF8.self)
    }

    private func exists(_ workshop: Workshop, _ name: String) -> Bool {
      FileManager.default.fileExists(atPath: workshop.path + "/" + name)
    }

    private let short = ["--set", "training.steps=5", "--set", "training.warmup_steps=0"]

    @Test("--overwrite replaces a run's own files and no others, and no folder that one sign alone calls a run")
    func overwrite() throws {
      let workshop = try workshop()
      try FileManager.default.createDirectory(atPath: workshop.path + "/p", withIntermediateDirectories: false)
      try workshop.write(smallExperiment, to: "p/experiment.yaml")
      try workshop.write("mine", to: "p/notes.txt")
      try workshop.write("1,2\n3,4\n", to: "p/data.csv")
      for ranks in [0, 2] {
        let outcome = try workshop.run("sgm-train", ["small.yaml", "--output", "p", "--overwrite"], ranks: ranks)
        #expect(outcome.status == 73 && outcome.errors.contains("not a run's folder"), "\(outcome.errors)")
        #expect(try workshop.names(in: "p") == ["data.csv", "experiment.yaml", "notes.txt"])
      }
      // One sign, and folders with a run's names.
      for folder in ["q", "q/samples", "q/checkpoints"] {
        try FileManager.default.createDirectory(
          atPath: workshop.path + "/" + folder, withIntermediateDirectories: false)
      }
      try workshop.write(smallExperiment, to: "q/experiment.yaml")
      let other = try workshop.run("sgm-train", ["small.yaml", "--output", "q", "--overwrite"])
      #expect(other.status == 73 && exists(workshop, "q/experiment.yaml"), "\(other.errors)")
      let here = try workshop.run("sgm-train", ["small.yaml", "--output", ".", "--overwrite"] + short)
      #expect(here.status == 73 && exists(workshop, "small.yaml"), "\(here.errors)")

      #expect(try workshop.run("sgm-train", ["small.yaml", "--output", "run"] + short).status == 0)
      try workshop.write("mine", to: "run/notes.txt")
      try workshop.write("mine", to: "run/checkpoints/notes.txt")
      try workshop.write("mine", to: "run/plots/figure.png")
      let again = try workshop.run(
        "sgm-train", ["small.yaml", "--output", "run", "--overwrite", "--set", "seed=2"] + short, ranks: 2)
      #expect(again.status == 0, "\(again.errors)")
      for name in ["run/notes.txt", "run/checkpoints/notes.txt", "run/plots/figure.png"] {
        #expect(try text(workshop, name) == "mine")
      }
      #expect(try text(workshop, "run/experiment.yaml").contains("seed: 2"))
    }

    @Test("--overwrite never takes what the new run reads, and leaves the old run where the new one cannot start")
    func needed() throws {
      let workshop = try workshop()
      #expect(try workshop.run("sgm-train", ["small.yaml", "--output", "run"] + short).status == 0)
      let before = try RunFiles(workshop, "run", step: 5)
      // The run's own experiment file, its samples as data, and data that are not there.
      let attempts = [
        ["run/experiment.yaml", "--output", "run", "--overwrite"],
        ["small.yaml", "--output", "run", "--overwrite", "--set", "data.target=null", "--set", "data.count=50000"]
          + ["--set", "data.dimension=null", "--set", "data.file=run/samples/step-000000005.npy"],
        ["small.yaml", "--output", "run", "--overwrite", "--set", "data.target=null", "--set", "data.dimension=null"]
          + ["--set", "data.file=nosuch.npy"],
      ]
      for words in attempts {
        let outcome = try workshop.run("sgm-train", words)
        #expect([73, 66, 78].contains(outcome.status) && outcome.messages.count == 1, "\(words): \(outcome.errors)")
        expectSame(try RunFiles(workshop, "run", step: 5), before, "\(words)")
      }
    }

    @Test("a folder, link, pipe or another's file at --output is refused before the work; --overwrite takes the file")
    func places() throws {
      let workshop = try workshop()
      #expect(try workshop.run("sgm-train", ["small.yaml", "--output", "run"] + short).status == 0)
      try FileManager.default.createDirectory(atPath: workshop.path + "/folder", withIntermediateDirectories: false)
      try FileManager.default.createSymbolicLink(atPath: workshop.path + "/link.npy", withDestinationPath: "target.npy")
      try FileManager.default.createSymbolicLink(atPath: workshop.path + "/links", withDestinationPath: "folder")
      #expect(unsafe mkfifo(workshop.path + "/pipe.npy", 0o600) == 0)
      for name in ["mine.npy", "mine.csv", "mine.html", "mine.jsonl", "folder/errors-mixing.png"] {
        try workshop.write("mine", to: name)
      }
      let sample = ["small.yaml", "--score", "exact", "--count", "5", "--output"]
      let evaluate = [
        "funnel", "--against", "funnel", "--set", "evaluation.count=100", "--set", "evaluation.repeats=1",
      ]
      let theory = ["errors", "gaussian", "--count", "64", "--repeats", "1"]
      let refused: [(program: String, words: [String], says: String)] = [
        ("sgm-sample", sample + ["link.npy"], "it is a link"),
        ("sgm-sample", sample + ["pipe.npy"], "it is a device, pipe"),
        ("sgm-sample", sample + ["folder"], "end the name in .npy, .csv, .tsv or .json"),
        ("sgm-sample", sample + ["/dev/null"], "end the name in"), ("sgm-sample", sample + ["mine.npy"], "--overwrite"),
        ("sgm-sample", sample + ["mine.csv"], "--overwrite"), ("sgm-sample", sample + ["none/x.npy"], "none/x.npy"),
        ("sgm-sample", ["run", "--count", "5"], "these are the run's own samples"),
        ("sgm-sample", ["run", "--count", "5", "--output", "run/samples/step-000000005.npy"], "the run's own samples"),
        ("sgm-report", ["run", "--output", "mine.html"], "--overwrite"),
        ("sgm-report", ["run", "--output", "folder"], "it is a folder"),
        ("sgm-report", ["run", "--output", "pipe.npy"], "it is a device, pipe"),
        ("sgm-evaluate", evaluate + ["--output", "mine.jsonl"], "--overwrite"),
        ("sgm-evaluate", evaluate + ["--output", "/dev/null"], "it is a device, pipe"),
        ("sgm-theory", theory + ["--plots", "mine.npy"], "mine.npy"),
        ("sgm-theory", theory + ["--plots", "links"], "link"),
        ("sgm-theory", theory + ["--plots", "folder"], "errors-mixing.png"),
      ]
      let samples = try workshop.bytes("run/samples/step-000000005.npy")
      for (program, words, says) in refused {
        for ranks in [0, 2] {
          let outcome = try workshop.run(program, words, ranks: ranks)
          #expect([73, 64].contains(outcome.status), "\(program) \(words): \(outcome.status) \(outcome.errors)")
          #expect(outcome.errors.contains(says) && outcome.output.isEmpty, "\(program) \(words): \(outcome.errors)")
        }
      }
      #expect(try workshop.bytes("run/samples/step-000000005.npy") == samples)
      for name in ["mine.npy", "mine.csv", "mine.html", "mine.jsonl"] { #expect(try text(workshop, name) == "mine") }
      #expect(!exists(workshop, "target.npy"))
      for (program, words) in [
        ("sgm-sample", sample + ["mine.npy", "--overwrite"]), ("sgm-sample", sample + ["mine.npy"]),
        ("sgm-sample", sample + ["mine.csv", "--overwrite"]), ("sgm-sample", ["run", "--count", "5", "--overwrite"]),
        ("sgm-report", ["run", "--output", "mine.html", "--overwrite"]),
        ("sgm-report", ["run", "--output", "mine.html"]),
        ("sgm-evaluate", evaluate + ["--output", "mine.jsonl", "--overwrite"]),
        ("sgm-evaluate", evaluate + ["--output", "mine.jsonl"]),
      ] {
        let outcome = try workshop.run(program, words)
        #expect(outcome.status == 0, "\(program) \(words): \(outcome.errors)")
      }
      let hidden = try workshop.names(in: ".").filter { $0.hasPrefix(".") }
      #expect(hidden.isEmpty, "\(hidden)")
    }

    @Test("a result that standard output does not take ends with status 74, and one that is a file does not hide it")
    func full() throws {
      let workshop = try workshop()
      #expect(try workshop.run("sgm-train", ["small.yaml", "--output", "run"] + short).status == 0)
      let folder = try programFolder()
      for command in [
        "sgm-evaluate run", "sgm-evaluate --help", "sgm-train --version", "sgm-train --print-defaults",
        "sgm-train --print-keys", "sgm-train small.yaml --check", "sgm-train --status run",
        "sgm-theory constants gaussian", "sgm-bench --peak",
        "sgm-report run",
      ] {
        // The last is a pipe whose reader has gone before the first byte.
        for target in ["exec > /dev/full", "exec >&-", "exec > >(true); wait $!"] {
          let outcome = try workshop.run("/bin/bash", ["-c", "\(target); \(folder)/\(command)"])
          #expect(outcome.status == 74, "\(command) \(target): \(outcome.status) \(outcome.errors)")
          #expect(outcome.errors.contains("standard output: writing failed"), "\(command) \(target): \(outcome.errors)")
        }
      }
    }

    @Test("figures of a run whose folder takes nothing are printed and kept in --output, with a warning")
    func readOnly() throws {
      let workshop = try workshop()
      #expect(try workshop.run("sgm-train", ["small.yaml", "--output", "run"] + short).status == 0)
      // Even root cannot rename a file over a folder.
      try FileManager.default.removeItem(atPath: workshop.path + "/run/judgements.jsonl")
      try FileManager.default.createDirectory(
        atPath: workshop.path + "/run/judgements.jsonl/x", withIntermediateDirectories: true)
      for ranks in [0, 2] {
        let outcome = try workshop.run(
          "sgm-evaluate", ["run", "--output", "kept-\(ranks).jsonl"], ranks: ranks)
        #expect(outcome.status == 0 && outcome.output.contains("sliced W2"), "\(outcome.errors)")
        #expect(outcome.errors.contains("warning: the run keeps no copy of these figures"), "\(outcome.errors)")
        #expect(try text(workshop, "kept-\(ranks).jsonl").contains("\"metric\":\"sliced W2\""))
      }
    }

    @Test("samples in a table carry the columns' names, and the same numbers as the array")
    func table() throws {
      let workshop = try workshop()
      var rows = "height,\"width, cm\"\n"
      for i in 0..<400 { rows += "\(100 + sin(Double(i))),\(cos(2.5 * Double(i)))\n" }
      try workshop.write(rows, to: "table.csv")
      try workshop.write(onFile("table.csv"), to: "file.yaml")
      #expect(try workshop.run("sgm-train", ["file.yaml", "--output", "run"] + short).status == 0)
      for (name, separator, ranks) in [("a.csv", ",", 0), ("b.csv", ",", 3), ("c.tsv", "\t", 2), ("d.npy", "", 2)] {
        let outcome = try workshop.run("sgm-sample", ["run", "--count", "300", "--output", name], ranks: ranks)
        #expect(outcome.status == 0, "\(outcome.errors)")
        guard !separator.isEmpty else { continue }
        let lines = try text(workshop, name).split(separator: "\n")
        #expect(lines.count == 301 && lines[0] == "height\(separator)\"width, cm\"", "\(lines.first ?? "")")
      }
      #expect(try workshop.bytes("a.csv") == workshop.bytes("b.csv"))
      let numbers = try text(workshop, "a.csv").split(separator: "\n").dropFirst()
        .flatMap { $0.split(separator: ",").compactMap { Double($0) } }
      // 64-bit numbers after 192 bytes of header.
      let array = try workshop.bytes("d.npy").dropFirst(192)
      let stored = stride(from: array.startIndex, to: array.endIndex, by: 8).map { (first: Int) -> Double in
        var bits: UInt64 = 0
        for byte in array[first..<first + 8].reversed() { bits = bits << 8 | UInt64(byte) }
        return Double(bitPattern: bits)
      }
      #expect(numbers == stored && numbers.count == 600)
      let judged = try workshop.run(
        "sgm-evaluate", ["a.csv", "--against", "table.csv", "--set", "evaluation.repeats=1"])
      #expect(judged.status == 0, "\(judged.errors)")
    }
  }
}
