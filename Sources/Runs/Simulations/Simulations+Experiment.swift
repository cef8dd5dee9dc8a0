internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Randomness
internal import Targets
internal import Training

extension Simulations {
  /// The pairs that an experiment learns from.
  ///
  /// - Parameters:
  ///   - experiment: has a simulator.
  ///   - base: the folder that relative paths start from.
  ///   - files: where the pairs are kept.
  /// - Throws: `ToolError` for a file of parameters that cannot be opened.
  init(_ experiment: Experiment, base: String, files: SimulationFiles) throws {
    let data = experiment.data
    guard let command = data.simulator else { throw ToolError.fault("no data.simulator") }
    let laws = data.prior.entries
    let parameters: any RowSource =
      if let file = data.file {
        try openRows(DataSource.path(file, from: base), header: data.header)
      } else {
        PriorRows(laws: laws, rows: data.count, seed: experiment.seed)
      }
    self.init(
      command: command, folder: base, parameters: parameters, rowsPerStart: data.simulatorRows,
      patience: data.simulatorTimeout, seeds: RandomStream(seed: experiment.seed, purpose: .simulator),
      origin: data.file ?? laws.map { "\($0.name): \($0.item.words)" }.joined(separator: "; "), files: files,
      result: files.pairs, key: (command: "data.simulator", timeout: "data.simulator_timeout"),
      checkColumns: { _ = try DataSource.ordered($0, experiment) })
  }

  /// The first rows in place of all, made by this rank alone and not kept: enough to check an experiment.
  static func trial(_ experiment: Experiment, base: String) throws -> any RowSource {
    let files = SimulationFiles(path: FileManager.default.temporaryDirectory.path + "/sgm-trial-\(UUID().uuidString)")
    try makeFolder(files.path)
    defer {
      files.removeAll()
      unsafe _ = rmdir(files.path)
    }
    let simulations = try Simulations(experiment, base: base, files: files)
    let range = simulations.rows(of: 0)
    _ = try simulations.make(0, of: OwnParameters(simulations.parameters, range), header: nil)
    let made = try TableFile(files.block(0), header: .present)
    try simulations.checkColumns(made)
    return try CycledRows(made, rows: simulations.parameters.rows)
  }

  /// Makes an experiment's pairs on all ranks, and says so.
  static func make(
    _ experiment: Experiment, base: String, in folder: RunFolder, until reason: @escaping () -> String?,
    _ communicator: Communicator
  ) throws {
    var simulations = try communicator.agree { try Simulations(experiment, base: base, files: folder.simulations) }
    simulations.reasonToStop = reason
    let (rows, blocks) = (simulations.parameters.rows, simulations.blocks)
    func say(_ text: String) {
      if communicator.isRoot { writeText(printableLines(text) + "\n", to: STDOUT_FILENO) }
    }
    let start = Stopwatch.now
    let isNew = try simulations.make(communicator) { seconds in
      let rest = seconds * Double((blocks - 1 + communicator.size - 1) / communicator.size)
      guard blocks > 1 else { return }
      say(
        "\(simulations.command): the first \(simulations.rowsPerStart) of \(rows) rows took \(duration(seconds)), the others take "
          + "about \(duration(rest))")
    }
    if isNew {
      say("\(counted(rows, "simulation")) in \(duration(Stopwatch.now - start)): \(folder.simulations.pairs)")
    }
  }
}
