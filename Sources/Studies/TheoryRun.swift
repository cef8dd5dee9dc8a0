internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Networks
internal import Randomness
internal import Reports
internal import Runs
internal import Sampling
internal import Targets
internal import Theory
internal import Training

/// A trained run as the theory's studies use it: its network's score, and the exact one where the target's is known.
struct TheoryRun {
  package let path: String
  package let experiment: Experiment
  package let data: DataSet.Description
  package let process: any ForwardProcess
  package let score: NetworkScore
  package let parameterCount: Int
  package let target: (any Target)?
  /// Whether other data may stand in for what the run was trained on.
  private let allowsDataChange: Bool

  /// Reads the newest checkpoint; settings may change what a resumed run may.
  init(_ path: String, _ request: TheoryRequest, _ communicator: Communicator) throws {
    let folder = RunFolder(path)
    try checkProcessor(communicator)
    let checkpoint = try Checkpoint.newest(in: folder, communicator)
    let header = checkpoint.header
    let experiment = try communicator.agree { () throws -> Experiment in
      let changed = try header.experiment.sampled(request.settings, file: folder.experiment)
      guard header.data.conditions == 0 else {
        throw ToolError.usage("\(path): a network with conditions has no score of the data alone")
      }
      guard changed.process.chain == nil else {
        throw ToolError.usage("\(path): a network of discrete states has no score; take a run of real numbers")
      }
      guard changed.training.teacher == nil else {
        throw ToolError.usage("\(path): a student's network is no score; take its teacher")
      }
      guard changed.latent.dimension == nil else {
        throw ToolError.usage(
          "\(path): its score is one of latents, whose law is not the data's; take a run without them")
      }
      guard changed.data.target == nil || header.data.isLinear else {
        throw ToolError.usage(
          "\(path): data.columns bend the target's columns, whose exact law is then not known; take a run without them")
      }
      return changed
    }
    let model = experiment.model(of: header.data)
    var average = Matrix(rows: 1, columns: checkpoint.state.average.columns)
    average.copy(from: checkpoint.state.average)
    self.path = path
    allowsDataChange = request.allowsDataChange
    self.experiment = experiment
    data = header.data
    process = model.process
    score = NetworkScore(model: model, parameters: average)
    parameterCount = model.layout.count
    target = try communicator.agree { try experiment.target() }
  }

  /// The exact score in trained coordinates.
  var exactScore: (any Score)? { target?.score(under: process, in: data.standardisation) }

  /// The run's sampler, its name and its grid; Euler and Maruyama's sampler on that grid for one whose steps are each
  /// sample's own, which adds a block or takes a learned variance, or which looks back where `standsAlone` is asked for.
  func sampler(standsAlone: Bool) -> (sampler: any Sampler, kind: SamplerKind, grid: TimeGrid) {
    let sampling = experiment.sampling
    let grid = sampling.grid
    let other = (EulerMaruyama(), SamplerKind.eulerMaruyama, grid)
    // An exact score comes without a learned variance.
    guard case .stepping(let kind) = sampling.sampler, !sampling.options.takesLearnedVariance else { return other }
    let sampler = kind.make(sampling.options)
    let times = grid.times(steps: 3, of: process, to: sampling.finalTime)
    let serves =
      sampler.requirement.isMet(by: process) && sampler.blocks(for: process) == process.blocks
      && (!standsAlone || SynchronousChains.canRun(sampler, process, over: times))
    return serves ? (sampler, kind, grid) : other
  }

  /// The sampler taken, in words, with the run's own where it is another.
  func words(of used: SamplerKind) -> String {
    let own = experiment.sampling.sampler
    return used.rawValue + (own == .stepping(used) ? "" : " in place of \(own.rawValue)")
  }

  /// True rows: fresh draws, or those of the file, again from the start where it is too short.
  func laboratory(count: Int, _ communicator: Communicator) throws -> ChainLaboratory {
    let (map, seed) = (data.standardisation, experiment.seed)
    if let target {
      return ChainLaboratory(dimension: data.dimension, seed: seed, count: count, communicator) { set, first, rows in
        let stream = RandomStream(seed: seed, purpose: .bootstrap, step: set)
        target.draw(stream, firstIndex: first, into: &rows)
        map.apply(to: &rows)
      }
    }
    let base = try communicator.fromRoot { RunFolder(path).base() }
    let source = try DataSource.open(experiment, base: base, communicator)
    try source.refuseOthers(than: data, allowsChange: allowsDataChange, communicator)
    let own = try communicator.agree { () throws -> MatrixBox in
      let part = source.shownPart
      return MatrixBox(data.trainedData(try source.rows(part, 0..<source.count(part), less: data.origin)))
    }
    return ChainLaboratory(dimension: data.dimension, seed: seed, count: count, communicator) { set, first, rows in
      for r in 0..<rows.rows { rows.copyRow(r, from: own.value, (Int(first + set) + r) % own.value.rows) }
    }
  }
}
