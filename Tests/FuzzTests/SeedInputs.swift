import Foundation
import LinearAlgebra
import Networks
import Targets
import Training

@testable import Configuration
@testable import Files
@testable import Runs

extension Format {
  /// What mutation starts from: the files in `Seeds`, every input that once did harm among them, and a checkpoint.
  func seeds() throws -> [[UInt8]] {
    guard let folder = Bundle.module.resourceURL?.appendingPathComponent("Seeds/\(rawValue)") else {
      throw Violation("the seeds are not beside the tests")
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    var seeds = try names.map { Array(try Data(contentsOf: folder.appendingPathComponent($0))) }
    if self == .safetensors { seeds.append(try smallCheckpoint()) }
    guard seeds.count > 3 else { throw Violation("\(folder.path) has only \(seeds.count) seeds") }
    return seeds
  }
}

/// The bytes of a checkpoint of 200 parameters.
func smallCheckpoint() throws -> [UInt8] {
  let experiment = try Experiment(
    yaml: "data: {target: gaussian, dimension: 2}\nnetwork: {widths: [8, 4], embedding_features: 4}\n", file: "small")
  let description = DataSet.Description(
    dimension: 2, rows: 10, columnNames: ["a", "ß"], standardisation: Standardisation(mean: [1, 2], scale: [0.5, 1]),
    constantColumns: [false, true], fingerprint: "10x2-01234567")
  let header = Checkpoint.Header(
    experiment: experiment, data: description, best: Checkpoint.Best(step: 2, loss: 0.25))
  let count = ParameterLayout(experiment.model(dimension: 2).network).count
  var state = TrainerState(count: count, step: 3)
  for (k, part) in StatePart.allCases.enumerated() {
    for i in 0..<count { state[part][0, i] = Float(i * (k + 1)).squareRoot() }
  }
  let path = FileManager.default.temporaryDirectory.path + "/sgm-seed-\(UInt64.random(in: 0...UInt64.max))"
  defer { try? FileManager.default.removeItem(atPath: path) }
  try Checkpoint(header: header, state: state).write(to: path)
  return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}
