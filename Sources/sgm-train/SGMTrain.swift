import ArgumentParser
import Commands
import Communication
import Configuration
import Files
import LinearAlgebra
import Runs
import Training

/// `sgm-train`: train a score network on one process or under mpirun.
@main
struct SGMTrain: RankCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgm-train",
    abstract: "Train a score-based generative model; the same bits for any number of ranks and threads.",
    discussion: """
      sgm-train EXPERIMENT.yaml               train on one process
      mpirun -np 4 sgm-train EXPERIMENT.yaml  train on four, with the same bits
      sgm-train EXPERIMENT.yaml --threads 4   train on four threads, with the same bits
      sgm-train EXPERIMENT.yaml --continue    start the run or go on with it
      sgm-train --distil runs/NAME            train a student of a run, which draws a sample in one evaluation
      sgm-train --resume runs/NAME            go on from the newest checkpoint

      An experiment with a sweep table trains every combination of its values. --resume then takes the sweep's folder. \
      docs/tutorial.md goes from a table of your own to samples and a report.
      """)

  @Argument(help: "The experiment file.")
  var experiment: String?

  @Option(help: ArgumentHelp("Go on with this run from its newest checkpoint.", valueName: "run"))
  var resume: String?

  @Flag(
    name: .customLong("continue"),
    help: "Go on with the experiment's run where its folder holds one, else start it.")
  var continues = false

  @Option(help: ArgumentHelp("Begin with this run's averaged parameters, at step 0.", valueName: "run"))
  var initFrom: String?

  @Option(
    help: ArgumentHelp(
      "Train a one-step student of this run: sets training.teacher, and takes the run's own experiment where no file is named.",
      valueName: "run"))
  var distil: String?

  @OptionGroup var overrides: Overrides

  @OptionGroup var threads: Threads

  @Option(help: "The run folder; by default runs/NAME.")
  var output: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Stop after this step, with a checkpoint.", valueName: "step"))
  var until: Int?

  @Flag(help: "Check the experiment and the data, and estimate memory and time; run nothing.")
  var check = false

  @Flag(help: "Check gradients on one process: finite differences, norms by layer, hashes by shard.")
  var debug = false

  @Option(
    name: .customLong("hashes-at"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Record the hashes of this step's gradients by shard; may be repeated.", valueName: "step"))
  var hashSteps: [Int] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Stop with a checkpoint and status 75 after this time, such as 3h50m; the end of a job of Slurm, PBS or LSF does so too.",
      valueName: "span"))
  var timeLimit: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "End the job when a rank keeps the others waiting this long in a step, or 10 times as long elsewhere; 0 for never.",
      valueName: "span"))
  var stallLimit = "10m"

  @Flag(help: "Resume although the data changed; the new data are scaled as the old data were.")
  var allowDataChange = false

  @Option(
    help: ArgumentHelp(
      "Print how this run stands, on any host that sees its folder; the first line is for scripts.", valueName: "run")
  )
  var status: String?

  @Flag(help: "With --status: print one JSON object.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Debugging: parameters:RANK:STEP or gradient:RANK:STEP flips a bit from that step on, not-finite:SHARD:STEP.",
      valueName: "fault", visibility: .hidden))
  var injectFault: String?

  @Flag(
    help: "Look at every host of the job, started as the run will be: folder, room, clocks, network, and what to do.")
  var doctor = false

  @Flag(help: "Replace an existing run folder.")
  var overwrite = false

  @Flag(help: "Print an experiment file of all defaults.")
  var printDefaults = false

  @Flag(help: "Print the table of all keys as Markdown: docs/experiment-file.md.")
  var printKeys = false

  @Flag(help: "Print the versions of the program and of what it stands on.")
  var version = false

  func run() throws {
    if let status {
      printing { communicator in
        try communicator.fromRoot { try runStatus(status, json: json) }
      }
    }
    if doctor {
      onAllRanks(threads: threads.count) { communicator in
        let (text, status) = try examineHosts(folder: output ?? ".", communicator)
        let printing = printed(text, communicator)
        return printing == .success ? status : printing
      }
    }
    if let text = printedText {
      if Communicator.isFirstProcess { Self.endPrinting(text) }
      return
    }
    onAllRanks(catchesStops: true, threads: threads.count) { communicator in
      try train(communicator.agree { try request() }, communicator)
    }
  }

  /// What is printed in place of a run.
  private var printedText: String? {
    if version { return versionText() + "\n" }
    if printDefaults { return Experiment.printedDefaults }
    return printKeys ? Experiment.documentation : nil
  }

  private func request() throws -> TrainingRequest {
    var request: TrainingRequest
    var settings = overrides.settings
    switch (experiment, resume) {
    case (let file?, nil):
      request = TrainingRequest(start: .experiment(file: file))
      if let distil { settings.append("training.teacher=" + relative(distil, to: parentFolder(of: file))) }
    case (nil, let run?): request = TrainingRequest(start: .resume(run: run))
    case (nil, nil):
      guard let distil else {
        throw ToolError.usage("name an experiment file, or --resume a run; --help says more")
      }
      request = TrainingRequest(start: .student(of: distil))
    case (_?, _?):
      throw ToolError.usage("an experiment file and --resume exclude each other; use --set to change keys")
    }
    if resume != nil {
      // The run has its folder, parameters and step already.
      for (option, isGiven) in [
        ("--output", output != nil), ("--init-from", initFrom != nil), ("--distil", distil != nil),
        ("--overwrite", overwrite),
      ] where isGiven {
        throw ToolError.usage(
          "--resume and \(option) exclude each other; a new run starts from an experiment file")
      }
    }
    if distil != nil, initFrom != nil {
      throw ToolError.usage(
        "--distil and --init-from exclude each other: a student begins with its teacher's network")
    }
    if json { throw ToolError.usage("--json goes with --status") }
    if continues {
      guard experiment != nil, !overwrite, !check else {
        throw ToolError.usage(
          "--continue takes an experiment file and decides by its run's folder: "
            + "leave out --resume, --overwrite and --check")
      }
    }
    if let until, until < 1 { throw ToolError.usage("--until \(until): a step of at least 1 is expected") }
    if let timeLimit { request.timeLimit = try seconds(of: timeLimit, option: "--time-limit") }
    request.stallLimit = try seconds(of: stallLimit, option: "--stall-limit", orZero: true)
    if allowDataChange, resume == nil, !continues {
      throw ToolError.usage("--allow-data-change is for --resume; a new run takes any data")
    }
    request.continues = continues
    request.allowsDataChange = allowDataChange
    request.injected = try injectFault.map { try injectedFault($0) }
    request.initialise = initFrom
    request.settings = settings
    request.output = output
    request.until = until
    request.checkOnly = check
    request.debug = debug
    request.hashSteps = hashSteps
    request.overwrite = overwrite
    return request
  }
}

/// A fault in words: `gradient:1:20`.
private func injectedFault(_ text: String) throws -> InjectedFault {
  let parts = text.split(separator: ":").map(String.init)
  if parts.count == 3, let place = Int(parts[1]), let step = Int(parts[2]) {
    switch parts[0] {
    case "parameters": return .parameters(rank: place, step: step)
    case "gradient": return .gradient(rank: place, step: step)
    case "not-finite": return .notFinite(shard: place, step: step)
    default: break
    }
  }
  throw ToolError.usage(
    "--inject-fault \(text): parameters:RANK:STEP, gradient:RANK:STEP or not-finite:SHARD:STEP is expected")
}
