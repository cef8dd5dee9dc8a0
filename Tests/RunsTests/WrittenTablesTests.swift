import Diffusion
import Foundation
import LinearAlgebra
import Metrics
import Networks
import Reports
import Targets
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files
@testable import Runs

/// Tables and files made of figures that stand in the tests: every number is computed by hand.
@Suite struct WrittenTablesTests {
  /// The seed stands between the two keys, so that cells are not in the order of their combinations.
  private static let axes = [
    Sweep.Axis(path: "process.a", values: ["0.5", "2.0"]), Sweep.Axis(path: "seed", values: ["1", "2", "3"]),
    Sweep.Axis(path: "network.activation", values: ["silu", "tanh"]),
  ]

  private func judged(_ mean: Double, floor: Double, baseline: Double) -> String {
    func spread(_ mean: Double) -> String { "{\"mean\":\(mean),\"deviation\":9}" }
    return "{\"metric\":\"sliced W2\",\"value\":\(spread(mean)),\"floor\":\(spread(floor)),"
      + "\"baseline\":\(spread(baseline)),\"repeats\":3,\"rows\":100,\"unit\":\"units\"}\n"
  }

  /// Cell k has distance 10 + k, floor k and baseline 100 + k, but for the last, which was not judged.
  private func withSweep<R>(_ body: (SweepFolder) throws -> R) throws -> R {
    let folder = try TemporaryFolder()
    let sweep = SweepFolder(folder.path)
    let axes = Self.axes.map { axis in
      "{\"key\":\"\(axis.path)\",\"values\":[\(axis.values.map { "\"\($0)\"" }.joined(separator: ","))]}"
    }
    try AtomicFile.write(
      "{\"format\":\"sgm-train sweep 1\",\"name\":\"hand\",\"axes\":[\(axes.joined(separator: ","))]}\n",
      to: sweep.description)
    for k in 0..<12 {
      let cell = sweep.cell(k, axes: Self.axes)
      try FileManager.default.createDirectory(atPath: cell.path, withIntermediateDirectories: true)
      guard k < 11 else { continue }
      try AtomicFile.write(
        judged(10 + Double(k), floor: Double(k), baseline: 100 + Double(k)), to: cell.judgements)
      let losses = [7.0, Double(k) / 8].enumerated().map { "{\"step\":\($0 + 1),\"held_out_loss\":\($1)}\n" }
      try AtomicFile.write(losses.joined() + "{\"step\":3,\"loss\":5}\n", to: cell.metrics)
    }
    return try body(sweep)
  }

  @Test("a sweep's table has the mean and deviation over the seeds of each combination, and its own floor") func sweep()
    throws
  {
    try withSweep { folder in
      let table = try SweepTable(folder)
      #expect(
        table.name == "hand" && table.seeds == ["1", "2", "3"]
          && table.axes.map(\.path) == ["process.a", "network.activation"])
      #expect(table.figures.map(\.name) == ["sliced W2", "held-out loss"])
      let (distance, loss) = (table.figures[0], table.figures[1])
      // Cells 0, 2, 4 are a = 0.5 with silu; 6, 8, 10 are a = 2 with silu; of 7, 9, 11 the last is missing.
      #expect(distance.entries.map(\.values) == [[10, 12, 14], [11, 13, 15], [16, 18, 20], [17, 19]])
      #expect(distance.entries.map(\.value?.mean) == [12, 13, 18, 18] && distance.entries[0].value?.deviation == 2)
      #expect(
        distance.entries.map(\.floor) == [2, 3, 8, 8] && distance.entries.map(\.baseline) == [102, 103, 108, 108])
      // The last of the lines that have one.
      #expect(loss.entries[0].values == [0, 0.25, 0.5] && loss.entries[0].floor == nil)
      #expect(
        table.header(of: distance) == [
          "process.a", "network.activation", "sliced W2", "floor", "Gaussian baseline", "cells",
        ])
      #expect(
        table.row(of: distance.entries[1], in: distance) == ["0.5", "tanh", "13.00 ± 2.0000", "3.0000", "103.0", "3"])
      #expect(
        table.row(of: distance.entries[3], in: distance)[2...] == ["18.00 ± 1.4142", "8.0000", "108.0", "2 of 3"])
      try table.write(to: folder)
      let lines = try String(contentsOfFile: folder.lines, encoding: .utf8).split(separator: "\n")
      let second = try #require(JSONValue(line: String(lines[1])))
      #expect(second["mean"]?.number == 13 && second["floor"]?.number == 3 && second["unit"] == .string("units"))
      #expect(second["keys"]?["process.a"]?.number == 0.5 && second["keys"]?["network.activation"] == .string("tanh"))
    }
  }

  @Test("evaluations are counted by sample, with the most that one took") func evaluations() {
    var tally = EvaluationTally()
    tally.add(30, times: 4)
    #expect(tally.text == "30 evaluations each")
    tally.add(90)
    tally.add(50)
    #expect(tally.samples == 6 && tally.total == 260 && tally.most == 90)
    #expect(tally.text == "43.3 evaluations each (at most 90)")
  }

  private func description(isDouble: Bool, names: [String]?) -> DataSet.Description {
    var found = DataSet.Description(
      dimension: 2, rows: 4, columnNames: names, standardisation: Standardisation(mean: [100, -5], scale: [10, 2]),
      constantColumns: [false, false], fingerprint: "")
    found.isDouble = isDouble
    return found
  }

  @Test("a trajectory has its row, its time and positions in the units of the data; a velocity stays as it is")
  func trajectory() throws {
    let folder = try TemporaryFolder()
    let path = Trajectory.file(beside: folder.path + "/x.csv")
    #expect(path == folder.path + "/x-trajectories.npy")
    let trajectory = Trajectory(count: 2, description(isDouble: false, names: nil))
    var state = Matrix(rows: 3, columns: 4)
    for r in 0..<3 { for k in 0..<4 { state[r, k] = Float(r) + 0.25 * Float(k) } }
    trajectory.append(1, state)
    trajectory.append(0.5, state)
    try trajectory.write(to: path)
    let rows = try collect(ArrayFile(path)).rows
    #expect(rows.count == 4 && rows.map { $0[1] } == [1, 0.5, 1, 0.5])
    #expect(rows[0] == [0, 1, 100, -4.5, 0.5, 0.75] && rows[3] == [1, 0.5, 110, -2.5, 1.5, 1.75])
  }

  @Test("a table of samples has every digit of its numbers, block after block, and names that cannot be mistaken")
  func sampleTable() throws {
    let folder = try TemporaryFolder()
    var block = RowBlock(rows: 5_000, columns: 2)
    for r in 0..<5_000 { (block[r, 0], block[r, 1]) = (0.1 + Double(r), -1.0 / 3) }
    let (array, path) = (folder.path + "/x.npy", folder.path + "/x.csv")
    try ArrayFileWriter.write(block, to: array)
    try SampleTable(description(isDouble: true, names: ["7", "a,b"]), separator: ",").write(array, to: path)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 5_001 && lines[0] == "\"7\",\"a,b\"")
    #expect(lines[1] == "0.1,-0.3333333333333333" && lines[5_000] == "4999.1,-0.3333333333333333")
    try SampleTable(description(isDouble: false, names: ["p", "q"]), separator: "\t").write(array, to: path)
    #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("p\tq\n0.1\t-0.33333334\n"))
  }

  @Test("a run's rates: steps over the time of training, a resumed part beside the first, per rank") func rates() throws
  {
    let folder = try TemporaryFolder()
    let run = RunFolder(folder.path)
    let experiment = try Experiment(
      yaml: "data: {target: diamond, count: 200}\ntraining: {steps: 60, batch: 64, shards: 4}\nnetwork: {widths: [8]}",
      file: "rates.yaml")
    try AtomicFile.write(experiment.yaml, to: run.experiment)
    func line(_ step: Int, _ seconds: Double, _ compute: Double) -> String {
      "{\"step\":\(step),\"loss\":1,\"seconds\":\(seconds),\"timings\":{\"input\":0.25,\"compute\":\(compute),"
        + "\"exchange\":0.75,\"held_out\":0.5,\"checkpoint\":0.125,\"ranks\":2}}\n"
    }
    // The second part began anew: its clock does not go on from the first.
    try AtomicFile.write(line(10, 1, 1) + line(20, 4, 3) + line(40, 2, 1) + line(60, 3, 5), to: run.metrics)
    let timings = try #require(try RunRecord(run).timings)
    // 0.25 + 3 + 0.75 of the first part, 0.25 + 5 + 0.75 of the second.
    #expect(timings.ranks == 2 && timings.stepsPerSecond == 60.0 / 10)
    let flops = experiment.model(dimension: 2).network.trainingFlopsPerRow * 64 * 6 / 1e9 / 2
    #expect(abs(timings.gigaflops / flops - 1) < 1e-12)  // rounding
    #expect(timings.shares.map(\.seconds) == [8, 1.5, 0.5, 1, 0.25])
  }
}
