import Foundation
import LinearAlgebra
import Networks
import Randomness
import Targets
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs
@testable import Training

/// The Python program that `docs/formats.md` holds.
private func documentedReader() throws -> String {
  let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let text = try String(contentsOf: repository.appendingPathComponent("docs/formats.md"), encoding: .utf8)
  let start = try #require(text.range(of: "```python\n"))
  let end = try #require(text.range(of: "```", range: start.upperBound..<text.endIndex))
  return String(text[start.upperBound..<end.lowerBound])
}

private func normals(_ rows: Int, _ columns: Int, seed: UInt64, scale: Float) -> Matrix {
  var matrix = Matrix(rows: rows, columns: columns)
  RandomStream(seed: seed, purpose: .benchmark).fillNormals(&matrix, firstIndex: 0)
  for r in 0..<rows { for c in 0..<columns { matrix[r, c] *= scale } }
  return matrix
}

/// A checkpoint of random parameters, with F of its averaged network at random states and levels.
private struct Example: ~Copyable {
  static let rows = 32
  let checkpoint: Checkpoint
  let states, levels: Matrix
  var outputs: Matrix

  init(activation: String, residual: Bool, embedding: String, more: String = "") throws {
    let hasWords = more.contains("words")
    let experiment = try Experiment(
      yaml: """
        data: {target: gaussian, dimension: 3}
        process: {kind: \(more.contains("learned") ? "variance-preserving" : "critically-damped-langevin")}
        network: {widths: [24, 24, 16], activation: \(activation), residual: \(residual), embedding: \(embedding)\(more.replacing(", words", with: ""))}
        """, file: "example.yaml")
    var description = DataSet.Description(
      dimension: 3, rows: 10, columnNames: ["a", "b", "ß"],
      standardisation: Standardisation(mean: [1, 2, 3], scale: [0.5, 1, 2]), constantColumns: [false, false, true],
      fingerprint: "0123")
    if hasWords { description.words = description.words(blockNumbers: [1, 1, 2], logPrior: [-0.5, -1, 0.7]) }
    let model = experiment.model(of: description)
    var state = TrainerState(count: ParameterLayout(model.network).count, step: 7)
    for (seed, part) in StatePart.allCases.enumerated() {
      state[part].copy(from: normals(1, state.average.count, seed: UInt64(seed), scale: 0.2))
    }
    states = normals(Self.rows, model.network.inputs, seed: 11, scale: 1)
    // Levels of about ±7, the ends of what is embedded; milder where the noise itself counts, so that no word is certain.
    levels = normals(Self.rows, 1, seed: 12, scale: hasWords ? 0.5 : 3)
    outputs = Matrix(rows: Self.rows, columns: model.network.outputs)
    let pass = NetworkPass(
      architecture: model.network, frequencies: model.frequencies, rows: Self.rows, use: .inference)
    for row in 0..<Self.rows {
      pass.setLevel(levels[row, 0], set: 0, row: row)
      pass.setSignal(exp(-2 * Double(levels[row, 0])), set: 0, row: row)
      for k in 0..<states.columns { unsafe pass.state(set: 0, row: row)[k] = states[row, k] }
    }
    unsafe pass.forward(state.average.pointer)
    for row in 0..<Self.rows {
      for k in 0..<outputs.columns { outputs[row, k] = unsafe pass.output(set: 0, row: row)[k] }
    }
    let header = Checkpoint.Header(
      experiment: experiment, data: description, best: Checkpoint.Best(step: 4, loss: 0.5))
    checkpoint = Checkpoint(header: header, state: state)
  }

  /// Writes checkpoint, states, levels and outputs.
  func write(to folder: String) throws {
    try checkpoint.write(to: folder + "/checkpoint.safetensors")
    try ArrayFileWriter.write(states, to: folder + "/states.npy")
    try ArrayFileWriter.write(levels, to: folder + "/levels.npy")
    try ArrayFileWriter.write(outputs, to: folder + "/outputs.npy")
  }
}

private let comparison = """

  import sys
  for folder in sys.argv[1:]:
      network = Network(folder + "/checkpoint.safetensors")
      states, levels, outputs = (np.load(f"{folder}/{name}.npy") for name in ("states", "levels", "outputs"))
      assert outputs.std() > 0.1, f"outputs of {folder} too small to compare"
      print(abs(network(states, levels[:, 0]) - outputs).max())
      other = Network(folder + "/checkpoint.safetensors", "parameters")
      print(abs(other(states, levels[:, 0]) - outputs).max())
      print(network.metadata["step"], network.metadata["format"], network.metadata["data.columns"])
  """

@Suite struct FormatsDocumentTests {
  static let networks =
    Activation.allCases.flatMap { [($0.rawValue, false, ""), ($0.rawValue, true, "")] }
    + [
      "radial: true", "input: noisy-data, shrinkage: true", "input: noisy-data, shrinkage: true, radial: true",
      "input: noisy-data, words", "input: noisy-data, shrinkage: true, words", "input_frequencies: [-1, 2]",
      "variance: learned, shrinkage: true, radial: true, input_frequencies: [0]",
    ].map { ("silu", true, ", " + $0) }

  @Test(
    "the documented Python reader rebuilds the network of a checkpoint",
    .enabled(if: python != nil, "\(withoutPython)"))
  func reader() throws {
    let folder = try TemporaryFolder()
    var folders: [String] = []
    for (activation, residual, more) in Self.networks {
      let example = try Example(
        activation: activation, residual: residual, embedding: residual ? "sinusoidal" : "fourier",
        more: more)
      folders.append("\(folder.path)/\(folders.count)")
      try FileManager.default.createDirectory(atPath: folders[folders.count - 1], withIntermediateDirectories: false)
      try example.write(to: folders[folders.count - 1])
    }
    // One process reads them all: to start Python with NumPy takes longer than any comparison.
    let (status, output) = try runPython(documentedReader() + comparison, folders)
    let lines = output.split(separator: "\n")
    try #require(status == 0 && lines.count == 3 * folders.count, "\(output)")
    for (number, network) in Self.networks.enumerated() {
      let deviation = try #require(Double(lines[3 * number]))
      // Single precision over sums of 88 terms of order 1; the promise of the document.
      #expect(deviation < 1e-5, "\(network)")
      // Other parameters give other numbers: the comparison can fail.
      let other = try #require(Double(lines[3 * number + 1]))
      #expect(other > 0.01, "\(network)")
      #expect(lines[3 * number + 2] == "7 sgm-train checkpoint 1 [\"a\",\"b\",\"\\u00df\"]", "\(network)")
    }
  }

  @Test("a checkpoint keeps its columns of words, and one without them has a network without the head")
  func words() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/checkpoint.safetensors"
    for more in [", input: noisy-data, words", ", input: noisy-data"] {
      let example = try Example(activation: "silu", residual: true, embedding: "sinusoidal", more: more)
      try example.write(to: folder.path)
      let header = try Checkpoint(contentsOf: file).header
      #expect(header == example.checkpoint.header)
      #expect((header.data.words == nil) == !more.contains("words"))
      let network = header.experiment.architecture(of: header.data)
      #expect((network.words == nil) == !more.contains("words"))
      // Runs may begin with each other's parameters where they have the same words, however frequent these are.
      var other = network
      other.words = header.data.words(blockNumbers: [1, 1, 2], logPrior: [-1, -0.5, 0])
      #expect(network.isShaped(as: other) == more.contains("words"))
      other.words = header.data.words(blockNumbers: [1, 1, 0], logPrior: [-1, -0.5, 0])
      #expect(!network.isShaped(as: other))
    }
  }

  @Test("the documented reader is short")
  func length() throws {
    let lines = try documentedReader().split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
    #expect(lines.count <= 52)
  }

  @Test("NumPy reads our arrays bit by bit", .enabled(if: python != nil, "\(withoutPython)"))
  func ours() throws {
    let folder = try TemporaryFolder()
    let matrix = normals(5, 3, seed: 1, scale: 1)
    try ArrayFileWriter.write(matrix, to: folder.path + "/a.npy")
    let program = """
      import sys, numpy
      a = numpy.load(sys.argv[1] + "/a.npy", allow_pickle=False)
      m = numpy.load(sys.argv[1] + "/a.npy", mmap_mode="r")
      assert (a == m).all()
      print(a.dtype.str, a.shape, a.flags.c_contiguous, *a.view("<u4").ravel())
      """
    let (status, output) = try runPython(program, [folder.path])
    #expect(status == 0, "\(output)")
    let bits = matrix.span.indices.map { String(matrix.span[$0].bitPattern) }.joined(separator: " ")
    #expect(output == "<f4 (5, 3) True \(bits)\n")
  }

  @Test("we read what NumPy saves", .enabled(if: python != nil, "\(withoutPython)"))
  func theirs() throws {
    let folder = try TemporaryFolder()
    let types = ["float32", "float64", "float16", ">f8", "int64", "uint8", "bool"]
    let program = """
      import sys, numpy
      for number, name in enumerate(sys.argv[2:]):
          a = (numpy.arange(12).reshape(4, 3) / 3).astype(name)
          numpy.save(f"{sys.argv[1]}/{number}-rows.npy", a)
          numpy.save(f"{sys.argv[1]}/{number}-columns.npy", numpy.asfortranarray(a))
          numpy.save(f"{sys.argv[1]}/{number}-one.npy", a[:, 1])
          print(*a.astype("float64").ravel().tolist())
      """
    let (status, output) = try runPython(program, [folder.path] + types)
    let lines = output.split(separator: "\n")
    try #require(status == 0 && lines.count == types.count, "\(output)")
    for (number, type) in types.enumerated() {
      let numbers = lines[number].split(separator: " ").compactMap { Double($0) }
      #expect(numbers.count == 12)
      for order in ["rows", "columns"] {
        let two = try collect(ArrayFile("\(folder.path)/\(number)-\(order).npy")).rows
        #expect(two.flatMap { $0 } == numbers, "\(type), \(order)")
      }
      let one = try collect(ArrayFile("\(folder.path)/\(number)-one.npy")).rows
      #expect(one == stride(from: 1, to: 12, by: 3).map { [numbers[$0]] }, "\(type)")
    }
  }
}
