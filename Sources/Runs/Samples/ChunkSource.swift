internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Sampling
internal import Training

/// Draws chunks of 256 samples from a network, whatever the method, and counts what they cost.
protocol ChunkSource: AnyObject {
  /// Computes samples 256 · chunk … 256 · chunk + 255, of which `count` are wanted.
  ///
  /// - Parameters:
  ///   - chunk: the chunk's number, from 0.
  ///   - samples: shape `[256, dimension]`, in trained coordinates.
  ///   - count: how many of them count in what the samples cost.
  ///   - trajectory: keeps the paths of the first samples.
  func generate(chunk: Int, into samples: inout Matrix, count: Int, trajectory: Trajectory?)

  /// What was counted since the last call.
  func takeTally() -> EvaluationTally
}

/// Samples of a score, by the experiment's sampler.
final class ScoreChunks<S: Score>: ChunkSource {
  private var score: S
  private let source: SampleSource
  private let prepare: (_ chunk: Int) -> Void

  /// Samples of a score.
  ///
  /// - Parameters:
  ///   - score: of the source's process.
  ///   - source: the sampler.
  ///   - prepare: called with the number of a chunk before it is drawn, for conditions that change.
  init(_ score: S, _ source: SampleSource, prepare: @escaping (_ chunk: Int) -> Void = { _ in }) {
    (self.score, self.source, self.prepare) = (score, source, prepare)
  }

  func generate(chunk: Int, into samples: inout Matrix, count: Int, trajectory: Trajectory?) {
    prepare(chunk)
    source.generate(chunk: chunk, score: &score, into: &samples, count: count, trajectory: trajectory)
  }

  func takeTally() -> EvaluationTally { source.takeTally() }
}

/// Samples of discrete states, by reverse steps of their chain.
final class StateChunks: ChunkSource {
  private var denoiser: NetworkDenoiser
  private var generator: StateGenerator
  private var tally = EvaluationTally()

  /// Samples of a network's law of x_0.
  init(_ model: StateModel, parameters: consuming Matrix, _ options: SamplerOptions, seed: UInt64) {
    denoiser = NetworkDenoiser(model: model, parameters: parameters)
    generator = StateGenerator(
      process: model.process, dimension: model.dimension,
      times: StateGenerator.times(options.steps, of: model.process), form: model.form, takesMode: options.denoise,
      seed: seed)
  }

  func generate(chunk: Int, into samples: inout Matrix, count: Int, trajectory: Trajectory?) {
    let record = trajectory.map { trajectory in
      { (time: Double, states: borrowing Matrix) in trajectory.append(time, states) }
    }
    generator.generate(chunk: chunk, denoiser: &denoiser, into: &samples, record: record)
    tally.add(generator.evaluationsPerSample, times: count)
  }

  func takeTally() -> EvaluationTally {
    defer { tally = EvaluationTally() }
    return tally
  }
}

extension Experiment {
  /// What draws samples from a network's parameters, `[1, layout count]`, as the experiment says.
  ///
  /// - Parameters:
  ///   - parameters: the network's.
  ///   - data: what the run was trained on.
  ///   - conditions: those of the samples, where the network has any.
  /// - Returns: the source.
  /// - Throws: `ToolError.usage` for a sampler that takes no score.
  func chunks(
    of parameters: consuming Matrix, _ data: DataSet.Description, given conditions: SampleConditions? = nil
  ) throws -> any ChunkSource {
    let dimension = data.dimension
    if let model = stateModel(dimension: dimension) {
      return StateChunks(model, parameters: parameters, sampling.options, seed: sampling.seed ?? seed)
    }
    if let student = studentModel(dimension: dimension) {
      return StudentChunks(student, parameters: parameters, seed: sampling.seed ?? seed)
    }
    let model = model(of: data)
    if let latents = latent.dimension {
      let source = try source(process: model.process, dimension: latents)
      return LatentChunks(
        model, parameters: parameters, source, noiseSeed: sampling.decoderNoise ? sampling.seed ?? seed : nil)
    }
    let network = NetworkScore(model: model, parameters: parameters)
    return ScoreChunks(network, try source(process: model.process, dimension: dimension)) {
      conditions?.apply(to: network, chunk: $0)
    }
  }

  /// One source as of `chunks` for each thread of this rank, or for each chunk that it draws where these are fewer.
  ///
  /// - Parameters:
  ///   - parameters: the network's.
  ///   - data: what the run was trained on.
  ///   - count: the number of samples, of all ranks together.
  ///   - conditions: those of the samples, where the network has any.
  ///   - communicator: the ranks.
  /// - Returns: at least one source.
  /// - Throws: `ToolError.usage` for a sampler that takes no score.
  func sources(
    of parameters: borrowing Matrix, _ data: DataSet.Description, count: Int, given conditions: SampleConditions? = nil,
    _ communicator: Communicator
  ) throws -> [any ChunkSource] {
    let own = communicator.share(of: (count + Generator.rows - 1) / Generator.rows).count
    var sources: [any ChunkSource] = []
    for _ in 0..<max(min(own, communicator.threads.count), 1) {
      sources.append(try chunks(of: parameters.head(1), data, given: conditions))
    }
    return sources
  }

  /// How samples are drawn, in words.
  package var samplerWords: String {
    if training.teacher != nil { return "one-step" }
    guard process.chain == nil else { return "reverse steps of \(process.words)" }
    return sampling.sampler.rawValue + (latent.dimension == nil ? "" : " on latents")
  }
}
