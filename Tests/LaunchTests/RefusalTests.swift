import Foundation
import Testing

extension LaunchTests {
  @Suite struct RefusalTests {
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
      try workshop.write("-0,5\n1,25\n", to: "comma.csv")
      try workshop.write("a,b\n1,2\n", to: "row.csv")
      try workshop.write("number,value\n0,1e300\n", to: "huge.csv")
      for (name, start) in [
        ("archive.npz", [0x50, 0x4b, 3, 4, 20, 0]), ("packed.csv", [0x1f, 0x8b, 8, 0]), ("empty.npy", []),
      ]
        as [(String, [UInt8])]
      {
        try Data(start).write(to: URL(fileURLWithPath: workshop.path + "/" + name))
      }
      for (name, type, shape) in [("scalar.npy", "<f8", "()"), ("text.npy", "<U2", "(1,)")] {
        let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
        let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
        try Data(bytes + [UInt8](repeating: 0, count: 8)).write(to: URL(fileURLWithPath: workshop.path + "/" + name))
      }
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

    @Test("a mistake ends all ranks with one message and its own status", arguments: mistakes + inputMistakes)
    func mistake(_ mistake: Mistake) throws {
      let workshop = try workshop(mistake.experiment)
      for ranks in [0, 3] {
        let outcome = try workshop.run(mistake.program, mistake.words, ranks: ranks)
        #expect(outcome.status == mistake.status, "\(ranks) ranks: \(outcome.errors)")
        #expect(outcome.messages.count == 1, "\(ranks) ranks: \(outcome.errors)")
        for part in mistake.says { #expect(outcome.errors.contains(part), "\(ranks) ranks: \(outcome.errors)") }
        #expect(!outcome.errors.contains("Fatal error"))
      }
      let left = try workshop.names(in: ".").filter { $0 == "runs" }
      #expect(left.isEmpty)
    }

    @Test(
      "tasks that MPI does not connect are refused, whatever started them",
      arguments: [
        ["PMI_RANK": "1", "PMI_SIZE": "2"], ["SLURM_NTASKS": "2", "SLURM_STEP_ID": "0", "SLURM_PROCID": "1"],
        ["PMI_RANK": "1", "SLURM_NTASKS": "2", "SLURM_STEP_ID": "0", "SLURM_PROCID": "1"],
      ])
    func unconnected(environment: [String: String]) throws {
      let workshop = try workshop(smallExperiment)
      let outcome = try workshop.run("sgm-train", ["small.yaml"], environment: environment)
      #expect(outcome.status == 78 && outcome.messages.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("2 tasks were started, but MPI does not connect them"), "\(outcome.errors)")
      #expect(try !workshop.names(in: ".").contains("runs"))
    }

    @Test("one task of a larger Slurm job runs alone")
    func alone() throws {
      let workshop = try workshop(smallExperiment)
      let outcome = try workshop.run(
        "sgm-train", ["small.yaml", "--check"],
        environment: ["SLURM_NTASKS": "2", "SLURM_STEP_NUM_TASKS": "1", "SLURM_STEP_ID": "0", "SLURM_PROCID": "0"])
      #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("more ranks than shards are refused with the remedy")
    func ranks() throws {
      let workshop = try workshop(replacing("shards: 16", by: "shards: 2"))
      let outcome = try workshop.run("sgm-train", ["small.yaml"], ranks: 3)
      #expect(outcome.status == 78 && outcome.messages.count == 1)
      #expect(outcome.errors.contains("start at most 2 ranks") && outcome.errors.contains("cannot change on resume"))
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
        let outcome = try workshop.run(program, words, ranks: ranks)
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
        let outcome = try workshop.run("sgm-train", ["--resume", "run", "--set", setting], ranks: ranks)
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
      let outcome = try workshop.run("sgm-train", words, ranks: ranks)
      #expect(outcome.status != 0 && outcome.messages.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("not finite") && outcome.errors.contains("learning_rate"), "\(outcome.errors)")
    }
  }
}
