internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Randomness
internal import Training

extension SampleRequest {
  /// Where the observations of `--simulator` go: beside the samples; nil where none are asked for.
  ///
  /// - Throws: `ToolError` for samples that are no table with names, or a place that must not be written to.
  func simulatedFile() throws(ToolError) -> String? {
    guard let simulator else { return nil }
    guard let output, output.lowercased().hasSuffix(".csv") else {
      throw .usage("--simulator \(simulator): needs --output NAME.csv, whose names and rows the program is given")
    }
    let file = output.dropLast(4) + "-simulated.csv"
    try OutputFile.check(String(file), overwrite: overwrite, inputs: [condition].compactMap { $0 })
    return String(file)
  }
}

extension Simulations {
  /// Gives a run's samples to a program, on all ranks.
  ///
  /// - Parameters:
  ///   - request: names the program and the samples, which are there.
  ///   - experiment: the samples' own.
  ///   - file: the table of samples and observations, published when it is whole.
  ///   - communicator: all ranks.
  /// - Returns: one line for people.
  /// - Throws: on every rank, what is wrong with the program or what it wrote.
  static func make(
    _ request: SampleRequest, _ experiment: Experiment, to file: String, _ communicator: Communicator
  ) throws -> String {
    let (command, output) = (request.simulator ?? "", request.output ?? "")
    let files = SimulationFiles(path: file + ".parts")
    let simulations = try communicator.agree { () throws -> Simulations in
      // An older one would pass for what is made now.
      if communicator.isRoot { unsafe _ = unlink(file) }
      return Simulations(
        command: command, folder: "", parameters: try TableFile(output, header: .present),
        rowsPerStart: experiment.data.simulatorRows,
        patience: request.simulatorTimeout ?? experiment.data.simulatorTimeout,
        // Training's own are those of step 0.
        seeds: RandomStream(seed: experiment.sampling.seed ?? experiment.seed, purpose: .simulator, step: 1),
        origin: output, files: files, result: file, key: (command: "--simulator", timeout: "--simulator-timeout"))
    }
    let start = Stopwatch.now
    _ = try simulations.make(communicator)
    if communicator.isRoot {
      files.removeAll()
      unsafe _ = rmdir(files.path)
    }
    return
      "\(counted(simulations.parameters.rows, "simulation")) by \(command) in \(duration(Stopwatch.now - start)): \(file)"
  }
}
