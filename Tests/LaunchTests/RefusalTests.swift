import Foundation
import Testing

/// Something a user can get wrong: what is typed, and what comes back.
private struct Mistake: CustomTestStringConvertible {
  let name: String
  var program = "sgm-train"
  var words: [String]
  var experiment = smallExperiment
  let status: Int32
  /// What the one message contains.
  let says: [String]

  var testDescription: String { name }
}

private func replacing(_ part: String, by other: String) -> String {
  smallExperiment.replacingOccurrences(of: part, with: other)
}

private func set(_ settings: String...) -> [String] { ["small.yaml"] + settings.flatMap { ["--set", $0] } }

private func onFile(_ file: String) -> String {
  replacing("target: funnel, dimension: 5, count: 3000", by: "file: \(file)")
}

/// mpirun waits 2 s before it looks after ranks that ended by an error; there are none left to wait for.
private let quickEnd = ["OMPI_MCA_odls_base_sigkill_timeout": "0"]

private let mistakes: [Mistake] = [
  Mistake(name: "missing experiment", words: ["none.yaml"], status: 66, says: ["none.yaml", "no such file"]),
  Mistake(
    name: "unknown key", words: ["small.yaml"], experiment: replacing("log_every", by: "log_evry"), status: 78,
    says: ["small.yaml:5:", "training.log_evry", "training.log_every"]),
  Mistake(
    name: "wrong type", words: ["small.yaml"], experiment: replacing("steps: 60", by: "steps: many"), status: 78,
    says: ["small.yaml:5:", "training.steps must be an integer"]),
  Mistake(name: "unknown setting", words: set("trainig.steps=3"), status: 78, says: ["did you mean training.steps"]),
  Mistake(name: "no data", words: ["small.yaml"], experiment: "name: x\n", status: 78, says: ["data.target"]),
  Mistake(name: "broken YAML", words: ["small.yaml"], experiment: "name: [x\n", status: 78, says: ["small.yaml:"]),
  Mistake(
    name: "NaN in an array", words: ["small.yaml"], experiment: onFile("nan.npy"), status: 65,
    says: ["nan.npy", "row 1500, column 1 (both from 0"]),
  Mistake(
    name: "word in a table", words: ["small.yaml"], experiment: onFile("word.csv"), status: 65,
    says: ["word.csv:3", "column 2", "\"two\""]),
  Mistake(
    name: "missing data file", words: ["small.yaml"], experiment: onFile("none.npy"), status: 66, says: ["none.npy"]),
  Mistake(
    name: "cut array", words: ["small.yaml"], experiment: onFile("cut.npy"), status: 65, says: ["cut.npy"]),
  Mistake(
    name: "another dimension than the file's", words: ["small.yaml"],
    experiment: onFile("good.npy, dimension: 3"), status: 78, says: ["data.dimension", "2 columns"]),
  Mistake(
    name: "held-out rows of another dimension", words: ["small.yaml"],
    experiment: onFile("good.npy, held_out: word.csv"), status: 78, says: ["data.held_out", "3 columns"]),
  Mistake(
    name: "fewer rows than shards", words: set("data.count=16"), status: 78,
    says: ["training.shards", "15 rows", "16 shards"]),
  Mistake(name: "all rows held out", words: set("data.held_out=1"), status: 78, says: ["data.held_out"]),
  Mistake(
    name: "one row held out", words: set("data.held_out=0.0005"), status: 78, says: ["data.held_out", "1 row"]),
  Mistake(
    name: "existing output", words: ["small.yaml", "--output", "full"], status: 73, says: ["full", "--overwrite"]),
  Mistake(
    name: "overwriting what is no run", words: ["small.yaml", "--output", "full", "--overwrite"], status: 73,
    says: ["full", "not a run"]),
  Mistake(
    name: "unwritable output", words: ["small.yaml", "--output", "/proc/runs/x"], status: 73, says: ["/proc/runs/x"]),
  Mistake(
    name: "dimension that a target lacks",
    words: ["small.yaml"], experiment: replacing("target: funnel", by: "target: eight-gaussians"), status: 78,
    says: ["small.yaml:2:", "data.dimension must be 2 for data.target eight-gaussians"]),
  Mistake(
    name: "funnel on a line", words: set("data.dimension=1"),
    status: 78, says: ["data.dimension must be at least 2"]),
  Mistake(
    name: "final time beyond the horizon", words: set("sampling.final_time=1"),
    status: 78, says: ["sampling.final_time"]),
  Mistake(
    name: "minimum time beyond the horizon", words: set("training.minimum_time=2"),
    status: 78, says: ["training.minimum_time"]),
  Mistake(
    name: "odd embedding", words: set("network.embedding_features=15"),
    status: 78, says: ["network.embedding_features"]),
  Mistake(
    name: "indivisible batch",
    words: set("training.batch=250"), status: 78, says: ["training.batch", "try 256"]),
  Mistake(name: "shards no power of two", words: set("training.shards=12"), status: 78, says: ["training.shards"]),
  Mistake(
    name: "weight that the output lacks", words: set("training.weight=likelihood"), status: 78,
    says: ["training.weight", "unit-variance"]),
  Mistake(name: "no samples", words: set("sampling.count=0"), status: 78, says: ["sampling.count"]),
  Mistake(name: "empty widths", words: set("network.widths=[]"), status: 78, says: ["network.widths"]),
  Mistake(name: "nothing to do", words: [], status: 64, says: ["--help"]),
  Mistake(name: "unknown option", words: ["small.yaml", "--untill", "3"], status: 64, says: ["--untill"]),
  Mistake(name: "no number", words: ["small.yaml", "--until", "soon"], status: 64, says: ["--until"]),
  Mistake(name: "until step 0", words: ["small.yaml", "--until", "0"], status: 64, says: ["--until"]),
  Mistake(
    name: "experiment and resume", words: ["small.yaml", "--resume", "full"], status: 64, says: ["--resume"]),
  Mistake(
    name: "resume and overwrite", words: ["--resume", "full", "--overwrite"], status: 64, says: ["--overwrite"]),
  Mistake(name: "unknown instruction set", words: ["small.yaml", "--isa", "sse"], status: 64, says: ["--isa sse"]),
  Mistake(
    name: "hashes of a step that is not taken", words: ["small.yaml", "--hashes-at", "61"], status: 64,
    says: ["--hashes-at 61", "1 to 60"]),
  Mistake(name: "resuming what is no run", words: ["--resume", "full"], status: 66, says: ["full"]),
  Mistake(
    name: "beginning with what is no run", words: ["small.yaml", "--init-from", "full"], status: 66, says: ["full"]),
  Mistake(name: "sampling what is no run", program: "sgm-sample", words: ["full"], status: 66, says: ["full"]),
  Mistake(
    name: "exact score of a file", program: "sgm-sample", words: ["small.yaml", "--score", "exact"],
    experiment: onFile("good.npy"), status: 64, says: ["--score exact"]),
  Mistake(
    name: "exact score that is not known", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--set", "data.target=two-moons", "--set", "data.dimension=2"],
    status: 64, says: ["two-moons"]),
  Mistake(
    name: "samples into no folder", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--output", "none/x.npy"], status: 73, says: ["none/x.npy"]),
  Mistake(
    name: "unknown sampler", program: "sgm-sample", words: ["small.yaml", "--score", "exact", "--sampler", "euler"],
    status: 78, says: ["sampling.sampler"]),
  Mistake(
    name: "minus one sample", program: "sgm-sample", words: ["small.yaml", "--score", "exact", "--count", "0"],
    status: 64, says: ["--count 0"]),
  Mistake(
    name: "missing samples", program: "sgm-evaluate", words: ["none.npy", "--against", "funnel"],
    status: 66, says: ["none.npy"]),
  Mistake(name: "against nothing", program: "sgm-evaluate", words: ["good.npy"], status: 64, says: ["--against"]),
  Mistake(
    name: "against no target", program: "sgm-evaluate", words: ["good.npy", "--against", "funel"],
    status: 64, says: ["--against funel", "funnel"]),
  Mistake(
    name: "against another dimension", program: "sgm-evaluate", words: ["good.npy", "--against", "three.csv"],
    status: 65,
    says: ["good.npy", "2 columns", "three.csv", "3"]),
]

extension LaunchTests {
  @Suite(.serialized) struct RefusalTests {
    /// A folder with data files of all kinds, and a folder that is no run.
    private func workshop(_ experiment: String) throws -> Workshop {
      let workshop = try Workshop()
      try workshop.write(experiment, to: "small.yaml")
      try FileManager.default.createDirectory(atPath: workshop.path + "/full", withIntermediateDirectories: false)
      try workshop.write("mine", to: "full/note.txt")
      var values = (0..<4000).map { Float($0 % 7) - Float($0 % 3) }
      try array(values).write(to: URL(fileURLWithPath: workshop.path + "/good.npy"))
      try array(values).dropLast(8).write(to: URL(fileURLWithPath: workshop.path + "/cut.npy"))
      values[2 * 1500 + 1] = .nan
      try array(values).write(to: URL(fileURLWithPath: workshop.path + "/nan.npy"))
      try workshop.write("a,b,c\n1,2,3\n1,two,3\n" + String(repeating: "1,2,3\n", count: 100), to: "word.csv")
      try workshop.write((0..<100).map { "\($0),2,\($0 % 3)\n" }.joined(), to: "three.csv")
      return workshop
    }

    /// An NPY file of two columns.
    private func array(_ values: [Float]) -> Data {
      let description = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(values.count / 2), 2), }"
      let header = description.padding(toLength: 117, withPad: " ", startingAt: 0) + "\n"
      var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8)
      for value in values {
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift)) }
      }
      return Data(bytes)
    }

    @Test("a mistake ends all ranks with one message and its own status", arguments: mistakes)
    fileprivate func mistake(_ mistake: Mistake) throws {
      let workshop = try workshop(mistake.experiment)
      for ranks in [0, 3] {
        let outcome = try workshop.run(mistake.program, mistake.words, ranks: ranks, environment: quickEnd, seconds: 20)
        #expect(outcome.status == mistake.status, "\(ranks) ranks: \(outcome.errors)")
        #expect(outcome.messages.count == 1, "\(ranks) ranks: \(outcome.errors)")
        for part in mistake.says { #expect(outcome.errors.contains(part), "\(ranks) ranks: \(outcome.errors)") }
        #expect(!outcome.errors.contains("Fatal error"))
      }
      let left = try workshop.names(in: ".").filter { $0 == "runs" }
      #expect(left.isEmpty)
    }

    @Test("more ranks than shards are refused with the remedy")
    func ranks() throws {
      let workshop = try workshop(replacing("shards: 16", by: "shards: 2"))
      let outcome = try workshop.run("sgm-train", ["small.yaml"], ranks: 3, seconds: 20)
      #expect(outcome.status == 78 && outcome.messages.count == 1)
      #expect(outcome.errors.contains("start at most 2 ranks") && outcome.errors.contains("cannot change on resume"))
    }

    @Test("debug mode on several ranks is refused with the remedy")
    func debug() throws {
      let outcome = try workshop(smallExperiment).run("sgm-train", ["small.yaml", "--debug"], ranks: 3, seconds: 20)
      #expect(outcome.status == 64 && outcome.messages.count == 1)
      #expect(outcome.errors.contains("--debug is for one process"))
    }

    @Test("a checkpoint with one changed byte is refused by name", arguments: [0, 3])
    func damage(ranks: Int) throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      _ = try workshop.run("sgm-train", ["small.yaml", "--output", "run", "--until", "20"])
      let name = "run/checkpoints/step-000000020.safetensors"
      var bytes = try workshop.bytes(name)
      bytes[bytes.count - 100] ^= 1
      try bytes.write(to: URL(fileURLWithPath: workshop.path + "/" + name))
      for (program, words) in [("sgm-train", ["--resume", "run"]), ("sgm-sample", ["run"]), ("sgm-evaluate", ["run"])] {
        let outcome = try workshop.run(program, words, ranks: ranks, seconds: 20)
        #expect(outcome.status == 65 && outcome.messages.count == 1, "\(program): \(outcome.errors)")
        #expect(outcome.errors.contains(name))
      }
    }

    @Test("on resume a key that decides the bits cannot change", arguments: [0, 3])
    func forbidden(ranks: Int) throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      _ = try workshop.run("sgm-train", ["small.yaml", "--output", "run", "--until", "20"])
      for setting in ["training.batch=512", "seed=2", "data.count=3001", "training.shards=8"] {
        let outcome = try workshop.run("sgm-train", ["--resume", "run", "--set", setting], ranks: ranks, seconds: 20)
        #expect(outcome.status == 78 && outcome.messages.count == 1, "\(setting): \(outcome.errors)")
        #expect(outcome.errors.contains(String(setting.prefix { $0 != "=" })))
      }
      let allowed = try workshop.run("sgm-train", ["--resume", "run", "--set", "sampling.count=300"], ranks: ranks)
      #expect(allowed.status == 0)
    }

    @Test("a loss that is not finite ends all ranks with the step and the remedy", arguments: [0, 3])
    func explosion(ranks: Int) throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let settings = ["training.learning_rate=1e30", "training.clip_norm=0"].flatMap { ["--set", $0] }
      let words = ["small.yaml", "--output", "run"] + settings
      let outcome = try workshop.run("sgm-train", words, ranks: ranks, seconds: 20)
      #expect(outcome.status != 0 && outcome.messages.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("not finite") && outcome.errors.contains("learning_rate"), "\(outcome.errors)")
    }
  }
}
