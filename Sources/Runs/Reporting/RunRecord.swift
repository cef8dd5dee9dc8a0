internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Metrics
internal import Networks
internal import Randomness
internal import Reports
internal import Targets
internal import Training

/// What a run folder tells of its run: everything that a report shows is read or drawn again from here.
struct RunRecord {
  /// The most rows of data and of samples that are looked at.
  static let mostRows = 10_000

  package let folder: RunFolder
  package let experiment: Experiment
  /// What the newest checkpoint says of the data; nil before the first one.
  package let data: DataSet.Description?
  /// The step of the newest checkpoint.
  package let step: Int?
  /// What is taken from each column of rows before they are rounded to single precision.
  let origin: [Double]
  /// True rows in original units less the origin.
  package let truth: MatrixBox
  /// The newest samples, and their file's name.
  package let samples: MatrixBox?
  let samplesFile: String?
  /// The lines of the metrics log.
  package let lines: [JSONValue]
  package let figures: [Judgement]
  /// The ranks behind the figures of calibration, where there are such.
  let ranks: MatrixBox?

  /// Reads a run folder.
  ///
  /// - Parameters:
  ///   - folder: the folder.
  ///   - allowsDataChange: whether data that are not those of training are shown nevertheless.
  /// - Throws: ``ToolError`` where the folder holds no run, or the data cannot be read any more.
  init(_ folder: RunFolder, allowsDataChange: Bool = false) throws {
    var (experiment, data, step): (Experiment, DataSet.Description?, Int?)
    if let files = try? CheckpointStore.candidates(in: folder), !files.isEmpty {
      let newest = try Checkpoint.newestHeader(in: folder, .single)
      (experiment, data, step) = (newest.header.experiment, newest.header.data, newest.step)
    } else {
      (experiment, data, step) = (try Experiment(contentsOf: folder.experiment), nil, nil)
    }
    let source = try DataSource(experiment, base: folder.base(), simulated: folder.pairs(of: experiment))
    if let data { try source.refuseOthers(than: data, allowsChange: allowsDataChange, .single) }
    let origin = data?.origin ?? [Double](repeating: 0, count: source.dimension)
    let file = folder.newestSamples
    let samples = try file.map { name in
      MatrixBox(try Matrix(openRows(folder.samples + "/" + name), less: origin, most: Self.mostRows))
    }
    let figures = folder.figures()
    let hasRanks = figures.contains { Calibration.isFigure($0.name) }
    let ranks = hasRanks ? try? MatrixBox(Matrix(openRows(folder.calibration))) : nil
    try self.init(
      folder: folder, experiment: experiment, data: data, step: step, source: source, samples: samples,
      samplesFile: file, figures: figures, ranks: ranks)
  }

  /// What a run has come to, from memory; its log alone is read.
  init(
    folder: RunFolder, experiment: Experiment, data: DataSet.Description?, step: Int?, source: DataSource,
    samples: MatrixBox?, samplesFile: String?, figures: [Judgement], ranks: MatrixBox? = nil
  ) throws {
    self.ranks = ranks
    self.folder = folder
    (self.experiment, self.data, self.step) = (experiment, data, step)
    (self.samples, self.samplesFile, self.figures) = (samples, samplesFile, figures)
    origin = data?.origin ?? [Double](repeating: 0, count: source.dimension)
    truth = MatrixBox(try Self.truth(source, less: origin))
    lines = try MetricsLog.read(folder.metrics)
  }

  /// True rows to be shown: fresh draws, or the file's held-out rows.
  private static func truth(_ source: DataSource, less origin: [Double]) throws -> Matrix {
    guard let target = source.target else {
      let part = source.shownPart
      return try source.rows(part, 0..<min(mostRows, source.count(part)), less: origin)
    }
    var rows = Matrix(rows: mostRows, columns: target.dimension)
    target.drawData(
      RandomStream(seed: source.experiment.seed, purpose: .bootstrap), firstIndex: 0, into: &rows)
    return rows
  }

  /// The column's name, or its place from 1, less its origin where it has one.
  package func name(_ column: Int) -> String {
    let name = data?.columnNames?[column] ?? "x\(column + 1)"
    return origin[column] == 0 ? name : "\(name) − \(origin[column])"
  }

  /// Draws the run's own report.
  func writeReport() throws {
    try Report(contents).write(to: folder.report, plots: folder.plots)
  }
}

extension RunRecord {
  /// The points (step, value) of one field of the log.
  package func curve(_ key: String) -> [(x: Double, y: Double)] {
    lines.compactMap { line in
      guard let step = line["step"]?.number, let value = line[key]?.number, value.isFinite else { return nil }
      return (x: step, y: value)
    }
  }

  /// Rates and shares over all processes that took this run's steps; nil without a log.
  ///
  /// Seconds begin anew with each process: where they fall, another one has begun.
  package var timings: ReportTimings? {
    var ends = lines.indices.dropFirst().filter { seconds($0) < seconds($0 - 1) }.map { $0 - 1 }
    if !lines.isEmpty { ends.append(lines.count - 1) }
    func sum(_ name: String) -> Double { ends.reduce(0) { $0 + (lines[$1]["timings"]?[name]?.number ?? 0) } }
    let parts = [
      ("compute", "compute"), ("exchange", "exchange"), ("input", "input"), ("held-out loss", "held_out"),
      ("checkpoint", "checkpoint"),
    ]
    let training = sum("input") + sum("compute") + sum("exchange")
    guard training > 0, let last = ends.last, let steps = lines[last]["step"]?.number else { return nil }
    let network = experiment.architecture(dimension: truth.value.columns, conditions: data?.conditions)
    let ranks = lines[last]["timings"]?["ranks"]?.number ?? 1
    let rate = steps / training
    return ReportTimings(
      stepsPerSecond: rate,
      gigaflops: network.trainingFlopsPerRow * Double(experiment.training.batch) * rate / 1e9 / ranks,
      ranks: Int(exactly: ranks) ?? 1, shares: parts.map { (name: $0.0, seconds: sum($0.1)) })
  }

  private func seconds(_ line: Int) -> Double { lines[line]["seconds"]?.number ?? 0 }
}
