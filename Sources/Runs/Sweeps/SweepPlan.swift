internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports

/// What a sweep is to do, agreed on by all ranks.
struct SweepPlan {
  /// One cell and how far it is.
  package struct Cell {
    /// Its number, from 0.
    package let number: Int
    package let folder: RunFolder
    package let experiment: Experiment
    /// Whether there is a checkpoint to go on from.
    let hasCheckpoint: Bool
    /// Whether it is trained, sampled and judged as the experiment says.
    let isFinished: Bool
    /// The number of the cell that trains its network: the first of those that train the same one.
    let leader: Int

    /// Whether the cell starts from another's training.
    package var isFollower: Bool { leader != number }
  }

  package let folder: SweepFolder
  /// The folder that relative paths start from.
  package let base: String
  package let axes: [Sweep.Axis]
  package let cells: [Cell]

  /// The plan where the request names a sweep's file or folder; nil for a single run.
  ///
  /// A new sweep's folders are made here, unless the request only checks.
  package init?(_ request: TrainingRequest, _ communicator: Communicator) throws {
    switch request.start {
    case .cell, .student: return nil
    case .experiment(let file):
      guard let sweep = try communicator.agree({ try Sweep(contentsOf: file, settings: request.settings) }) else {
        return nil
      }
      try self.init(sweep, file: file, request, communicator)
    case .resume(let run):
      let folder = SweepFolder(run)
      guard try communicator.fromRoot({ folder.isSweep }) else { return nil }
      try self.init(resuming: folder, request, communicator)
    }
  }

  private init(_ sweep: Sweep, file: String, _ request: TrainingRequest, _ communicator: Communicator) throws {
    let folder = SweepFolder(request.output ?? "runs/" + sweep.cells[0].experiment.name)
    let base = parentFolder(of: file)
    let comments = request.settings.map { "# --set \($0)\n" }.joined()
    try communicator.agree {
      guard communicator.isRoot else { return }
      try Self.check(sweep, base: base, communicator)
      guard !request.checkOnly else { return }
      let text = try experimentText(of: file)
      let needed = [file] + sweep.cells.flatMap { DataSource.files(of: $0.experiment, base: base) }
      try folder.create(
        sweep, text: comments + text, base: base, overwrite: request.overwrite, needed: Array(Set(needed)).sorted())
    }
    self.folder = folder
    self.base = base
    axes = sweep.axes
    let leaders = Experiment.leaders(of: sweep.cells.map(\.experiment))
    cells = sweep.cells.enumerated().map { number, cell in
      Cell(
        number: number, folder: folder.cell(number, axes: sweep.axes), experiment: cell.experiment,
        hasCheckpoint: false, isFinished: false, leader: leaders[number])
    }
  }

  /// Refuses a sweep of which a cell could not begin; cells that differ in nothing that matters here are looked at once.
  private static func check(_ sweep: Sweep, base: String, _ communicator: Communicator) throws {
    var seen: Set<String> = []
    for cell in sweep.cells {
      var plain = cell.experiment
      plain.seed = 1
      plain.process = sweep.cells[0].experiment.process
      try cell.experiment.checkMetrics(cell.experiment.target())
      guard seen.insert(plain.yaml).inserted else { continue }
      try cell.experiment.checkSamplerTakesScore()
      let source = try DataSource(cell.experiment, base: base)
      try cell.experiment.checkMetrics(source.target, source)
      try MemoryNeed(source, ranks: 1, ranksHere: 1).check()
    }
  }

  private init(resuming folder: SweepFolder, _ request: TrainingRequest, _ communicator: Communicator) throws {
    let axes = try communicator.agree { try folder.read().axes }
    let count = axes.reduce(1) { $0 * $1.values.count }
    let experiments = try communicator.agree {
      let sweep = try request.file.flatMap { try Sweep(contentsOf: $0, settings: request.settings) }
      guard sweep == nil || sweep?.axes == axes else {
        throw ToolError.usage(
          "\(folder.path): its sweep has other keys or values than \(request.file ?? ""); bring them back, or choose another "
            + "folder by --output")
      }
      return try (0..<count).map { number in
        let cell = folder.cell(number, axes: axes)
        guard let sweep else { return try Self.experiment(of: cell, axes, request.settings) }
        let changed = sweep.cells[number].experiment
        try changed.checkResume(of: Experiment(contentsOf: cell.experiment))
        return changed
      }
    }
    // The root alone says what there is: files appear while ranks look.
    let states = try communicator.fromRoot {
      (0..<count).map { Self.state(of: folder.cell($0, axes: axes), experiments[$0]) }
    }
    let base = try communicator.fromRoot { folder.root.base() }
    self.folder = folder
    self.base = base
    self.axes = axes
    let leaders = Experiment.leaders(of: experiments)
    cells = (0..<count).map { number in
      Cell(
        number: number, folder: folder.cell(number, axes: axes), experiment: experiments[number],
        hasCheckpoint: states[number] > 0, isFinished: states[number] > 1, leader: leaders[number])
    }
  }

  /// A cell's recorded experiment with the settings of this resumption.
  private static func experiment(
    of folder: RunFolder, _ axes: [Sweep.Axis], _ settings: [String]
  ) throws -> Experiment {
    for setting in settings {
      let key = String(setting.prefix { $0 != "=" })
      guard !axes.contains(where: { $0.path == key }) else {
        throw ToolError.configuration(Place("--set \(setting)"), "\(key) is swept and cannot change on resume")
      }
    }
    let before = try Experiment(contentsOf: folder.experiment)
    let changed = try before.changed(by: settings, file: folder.experiment)
    try changed.checkResume(of: before)
    return changed
  }

  /// 0 for a cell without checkpoint, 1 with one, 2 for one that is judged at its last step.
  private static func state(of folder: RunFolder, _ experiment: Experiment) -> UInt8 {
    guard (try? CheckpointStore.file(in: folder)) != nil else { return 0 }
    return folder.isFinished(as: experiment) ? 2 : 1
  }
}
