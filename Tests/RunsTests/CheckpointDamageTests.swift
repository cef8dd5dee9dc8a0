import Foundation
import LinearAlgebra
import Networks
import Targets
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs
@testable import Training

/// A checkpoint of random-looking numbers, as a run leaves it.
private func checkpoint(step: Int) throws -> Checkpoint {
  let experiment = try Experiment(
    yaml: "data: {target: gaussian, dimension: 3}\nnetwork: {widths: [16, 12], embedding_features: 8}\n", file: "small")
  let description = DataSet.Description(
    dimension: 3, rows: 10, columnNames: ["a", "b", "ß"],
    standardisation: Standardisation(mean: [1, 2, 3], scale: [0.5, 1, 2]), constantColumns: [false, false, true],
    fingerprint: "10x3-01234567")
  let header = Checkpoint.Header(
    experiment: experiment, data: description, best: Checkpoint.Best(step: 2, loss: 0.25))
  let count = ParameterLayout(experiment.model(dimension: 3).network).count
  var state = TrainerState(count: count, step: step)
  for (k, part) in StatePart.allCases.enumerated() {
    for i in 0..<count { state[part][0, i] = Float(i * (k + 1)).squareRoot() }
  }
  return Checkpoint(header: header, state: state)
}

/// SplitMix64 with a literal seed: which bits are tried is the same in every run.
private struct Draws {
  var state: UInt64 = 20_261_121
  mutating func below(_ n: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((z ^ (z >> 31)) % UInt64(n))
  }
}

@Suite struct CheckpointDamageTests {
  @Test("each of 2,000 random flipped bits in a checkpoint is found, and named with file and remedy")
  func flips() throws {
    let path = temporaryPath("step.safetensors")
    defer { _ = unlinkFile(path) }
    try checkpoint(step: 3).write(to: path)
    let whole = try readFile(path, atMost: 1 << 20) { _ in .usage("") }
    let file = try Descriptor.writing(path)
    var draws = Draws()
    var inTensors = 0
    for _ in 0..<2_000 {
      let bit = draws.below(8 * whole.count)
      try file.write([whole[bit / 8] ^ 1 << UInt8(bit % 8)], at: bit / 8)
      let text = errorText { _ = try Checkpoint(contentsOf: path) }
      #expect(text.hasPrefix(path + ": ") && text.hasSuffix(TensorFileReader.remedy), "bit \(bit): \(text)")
      if text.contains("is damaged: the tensor") { inTensors += 1 }
      try file.write([whole[bit / 8]], at: bit / 8)
    }
    // The tensors are about half of this small file: damage is placed, not only found.
    #expect(inTensors > 500)
    #expect(try Checkpoint(contentsOf: path).state.step == 3)
  }

  @Test("a checkpoint of a version that rounded by the instruction set goes on, with one line")
  func formerVersion() throws {
    func warnings(of header: Checkpoint.Header) throws -> [String] {
      var said: [String] = []
      try header.check(header.data, allowingData: false) { said.append($0) }
      return said
    }
    var header = try checkpoint(step: 3).header
    #expect(try warnings(of: header).isEmpty)
    header.formerInstructionSet = "avx512"
    let said = try warnings(of: header)
    #expect(said.count == 1 && said[0].contains("rounded products as avx512 does: the run goes on"), "\(said)")
  }

  @Test("truncation at every fiftieth is found, and named with file and remedy")
  func truncations() throws {
    let path = temporaryPath("step.safetensors")
    defer { _ = unlinkFile(path) }
    try checkpoint(step: 3).write(to: path)
    let file = try Descriptor.writing(path)
    let size = try file.size()
    for fiftieth in (0..<50).reversed() {
      try file.resize(to: size * fiftieth / 50)
      let text = errorText { _ = try Checkpoint(contentsOf: path) }
      #expect(text.hasPrefix(path + ": ") && text.hasSuffix(TensorFileReader.remedy), "\(fiftieth)/50: \(text)")
      #expect(errorStatus { _ = try Checkpoint(contentsOf: path) } == .dataErr)
    }
  }

  @Test("an experiment of a larger network than the file holds is refused before room is made for it")
  func bomb() throws {
    let path = temporaryPath("step.safetensors")
    defer { _ = unlinkFile(path) }
    let yaml = "data: {target: gaussian, dimension: 3}\nnetwork: {widths: [65536, 65536, 65536]}\n"
    let tensors = ["mean", "scale"].map { Tensor("standardisation.\($0)", shape: [3], .float64([1, 1, 1])) }
    let metadata: [(name: String, text: String)] = [
      (name: "format", text: Checkpoint.format), ("step", "3"), ("experiment", yaml), ("data.rows", "3"),
      ("data.fingerprint", ""),
    ]
    try TensorFile.write(
      tensors + [Tensor("standardisation.constant", shape: [3], .uint8([0, 0, 0]))], metadata: metadata, to: path)
    #expect(
      errorText { _ = try Checkpoint(contentsOf: path) }
        == "\(path): lacks the tensor \"parameters.layers.0.weight\", it has \"standardisation.mean\", "
        + "\"standardisation.scale\", \"standardisation.constant\"; \(TensorFileReader.remedy)")
    let other = metadata.map { ($0.name, $0.name == "experiment" ? "seeds: 3" : $0.text) }
    try TensorFile.write(tensors, metadata: other.map { (name: $0.0, text: $0.1) }, to: path)
    #expect(
      errorText { _ = try Checkpoint(contentsOf: path) }
        == "\(path): holds an experiment that cannot be used: experiment:1:1: seeds is not a key; "
        + "did you mean seed?; use the program that wrote it")
  }

  @Test(
    "latest names a checkpoint by its bare file name, or is refused",
    arguments: [
      "", "step-3.safetensors", "../step-000000003.safetensors", "/etc/passwd", "step-000000003.safetensors\0x",
      "step-00000000\u{1b}[2J.safetensors", "step--00000003.safetensors", "step-000000003.npy", "latest", ".",
      "step-000000003.safetensors step-000000004.safetensors",
    ])
  func latest(text: String) throws {
    let folder = RunFolder(try TemporaryFolder().path + "-run")
    try FileManager.default.createDirectory(atPath: folder.checkpoints, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder.path) }
    let file = folder.checkpoints + "/latest"
    try checkpoint(step: 3).write(to: folder.checkpoints + "/step-000000003.safetensors")
    try AtomicFile.write(text + "\n", to: file)
    #expect(
      errorText { _ = try CheckpointStore.file(in: folder) }
        == "\(file): names \(printable(quoted(text))), which is no checkpoint; "
        + "write the file name of one into it, such as step-000000003.safetensors")
    try AtomicFile.write("step-000000003.safetensors\n", to: file)
    #expect(try CheckpointStore.file(in: folder) == folder.checkpoints + "/step-000000003.safetensors")
    try AtomicFile.write(String(repeating: "x", count: 300), to: file)
    #expect(
      errorText { _ = try CheckpointStore.file(in: folder) }
        == "\(file): is 300 bytes long; write the file name of a checkpoint into it, and nothing else")
  }
}
