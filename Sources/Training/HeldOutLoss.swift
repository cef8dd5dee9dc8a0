public import Communication
internal import Diffusion
public import LinearAlgebra
internal import Networks
internal import Randomness

/// The loss on held-out rows at times and noises that never change, so that two values compare networks, not draws.
///
/// Chunk c computes held-out rows 256c … 256c+255; chunks are spread over ranks and threads and their sums added by index.
@safe public final class HeldOutLoss {
  private static let chunk = 256
  private let communicator: Communicator
  private let rows: Matrix
  private let chunks: Int
  /// Each thread's room.
  private let works: [(pass: NetworkPass, objective: any Objective)]
  private let streams: DrawStreams

  /// The evaluator of a score on one set of rows, which every rank holds.
  ///
  /// - Parameters:
  ///   - model: the network and the process it learns.
  ///   - kind: what is learned from.
  ///   - minimumTime: the first diffusion time t_min.
  ///   - law: the law of the diffusion times.
  ///   - rows: `[count, dimension]` in trained coordinates; count ≥ 1.
  ///   - dequantisation: the noise that the rows get, where they hold levels.
  ///   - seed: the experiment's seed, from which times and noises come.
  ///   - communicator: the ranks that share the chunks.
  public convenience init(
    model: ScoreModel, kind: TrainingObjective = .denoising, minimumTime: Double, law: TimeLaw, rows: consuming Matrix,
    dequantisation: Dequantisation? = nil, seed: UInt64, communicator: Communicator
  ) {
    self.init(
      .score(model, kind), minimumTime: minimumTime, law: law, rows: rows, dequantisation: dequantisation, seed: seed,
      communicator: communicator)
  }

  /// The evaluator of one set of rows, which every rank holds.
  ///
  /// - Parameters:
  ///   - task: the network, what its outputs mean, and the loss.
  ///   - minimumTime: the first diffusion time t_min.
  ///   - law: the law of the diffusion times; one that changes with the steps counts by its mean, one that learns by
  ///     what it begins with.
  ///   - rows: `[count, dimension]` in trained coordinates; count ≥ 1.
  ///   - dequantisation: the noise that the rows get, where they hold levels.
  ///   - seed: the experiment's seed, from which times and noises come.
  ///   - communicator: the ranks that share the chunks.
  public init(
    _ task: TrainingTask, minimumTime: Double, law: TimeLaw, rows: consuming Matrix,
    dequantisation: Dequantisation? = nil, seed: UInt64, communicator: Communicator
  ) {
    precondition(rows.rows > 0, "no held-out rows")
    let task = task.withoutDiscriminator
    chunks = (rows.rows + Self.chunk - 1) / Self.chunk
    self.rows = rows
    self.communicator = communicator
    let own = communicator.share(of: chunks).count
    works = (0..<max(min(communicator.threads.count, own), 1)).map { _ in
      let pass = NetworkPass(
        architecture: task.network, frequencies: task.frequencies, rows: Self.chunk, use: task.use(gradients: false))
      return (pass, task.objective(times: task.times(law, first: minimumTime), pass: pass))
    }
    streams = DrawStreams(
      times: RandomStream(seed: seed, purpose: .heldOutNoise, step: 0),
      noise: RandomStream(seed: seed, purpose: .heldOutNoise, step: 1),
      probes: RandomStream(seed: seed, purpose: .heldOutNoise, step: 2),
      tails: RandomStream(seed: seed, purpose: .heldOutNoise, step: 3),
      latents: RandomStream(seed: seed, purpose: .heldOutNoise, step: 5),
      dequantisation: dequantisation.map { ($0, RandomStream(seed: seed, purpose: .heldOutNoise, step: 4)) })
  }

  /// The mean loss of a network with these parameters.
  public func evaluate(_ parameters: borrowing Matrix) throws -> Double {
    let own = communicator.share(of: chunks)
    let first = unsafe UnsafePointer(parameters.pointer)
    let sums = communicator.threads.mapRanges(of: own.count, block: 1) { part, chunks in
      chunks.map { unsafe sum(ofChunk: own.lowerBound + $0, first, works[part].pass, works[part].objective) }
    }
    return try communicator.allGather(sums).reduce(0, +) / Double(rows.rows)
  }

  /// Σ loss over the rows of a chunk.
  private func sum(
    ofChunk chunk: Int, _ parameters: UnsafePointer<Float>, _ pass: NetworkPass, _ objective: any Objective
  ) -> Double {
    let start = chunk * Self.chunk
    unsafe objective.draw(set: 0, firstIndex: UInt64(start), streams: streams, into: pass) { row in
      // The surplus of the last chunk computes the last row again and is not counted.
      unsafe UnsafePointer(rows.pointer) + min(start + row, rows.rows - 1) * rows.columns
    }
    unsafe objective.writeInputs(of: pass, group: 0..<1, parameters: parameters)
    unsafe pass.forward(parameters)
    return unsafe objective.loss(set: 0, of: pass, parameters: parameters, count: min(Self.chunk, rows.rows - start))
  }
}
