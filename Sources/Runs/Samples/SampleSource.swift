internal import Configuration
package import Diffusion
internal import Files
package import LinearAlgebra
internal import Reports
package import Sampling

/// The generator of an experiment's sampler, whether its steps are shared or each sample's own, and what it cost.
package final class SampleSource {
  private var fixed: Generator?
  private var adaptive: AdaptiveGenerator?
  private let isAdaptive: Bool
  private var tally = EvaluationTally()

  /// A source of samples by steps that all share.
  package init(_ generator: consuming Generator) {
    fixed = consume generator
    isAdaptive = false
  }

  /// A source of samples by steps of their own.
  package init(_ generator: consuming AdaptiveGenerator) {
    adaptive = consume generator
    isAdaptive = true
  }

  /// Computes samples 256 · chunk … 256 · chunk + 255, of which `count` are wanted.
  ///
  /// - Parameters:
  ///   - chunk: the chunk's number, from 0.
  ///   - score: the score of the process.
  ///   - samples: shape `[256, dimension]`, in trained coordinates.
  ///   - count: how many of them count in what the samples cost.
  ///   - trajectory: keeps the paths of the first samples.
  package func generate<S: Score>(
    chunk: Int, score: inout S, into samples: inout Matrix, count: Int = Generator.rows, trajectory: Trajectory? = nil
  ) {
    if isAdaptive {
      let record = trajectory.map { trajectory in
        { (row: Int, time: Double, state: borrowing Span<Float>) in trajectory.append(row, time, state) }
      }
      let evaluations = adaptive?.generate(chunk: chunk, score: &score, into: &samples, record: record) ?? []
      for each in evaluations.prefix(count) { tally.add(each) }
    } else {
      let record = trajectory.map { trajectory in
        { (time: Double, state: borrowing Matrix) in trajectory.append(time, state) }
      }
      fixed?.generate(chunk: chunk, score: &score, into: &samples, record: record)
      tally.add(fixed?.evaluationsPerSample ?? 0, times: count)
    }
  }

  /// What was counted since the last call.
  func takeTally() -> EvaluationTally {
    defer { tally = EvaluationTally() }
    return tally
  }
}

/// Evaluations of the score over samples.
struct EvaluationTally: Equatable {
  package var samples = 0
  package var total = 0
  package var most = 0

  package mutating func add(_ evaluations: Int, times count: Int = 1) {
    samples += count
    total += evaluations * count
    most = max(most, evaluations)
  }

  /// Adds what another source has counted.
  mutating func add(_ other: EvaluationTally) {
    samples += other.samples
    total += other.total
    most = max(most, other.most)
  }

  /// The mean over samples.
  package var mean: Double { Double(total) / Double(max(samples, 1)) }

  /// "250 evaluations each", or the mean and the largest number.
  package var text: String {
    if total == most * samples { return "\(most) evaluations each" }
    return "\(rounded(mean)) evaluations each (at most \(most))"
  }
}

extension Experiment {
  /// The source of samples of a score, for data of `dimension` coordinates.
  ///
  /// - Parameters:
  ///   - process: the forward process to reverse.
  ///   - dimension: the number of data coordinates.
  ///   - fixed: coordinates whose values are known.
  /// - Returns: the source.
  /// - Throws: `ToolError.usage` for a sampler that takes no score.
  package func source(
    process: any ForwardProcess, dimension: Int, fixed: FixedCoordinates? = nil
  ) throws -> SampleSource {
    let (options, seed) = (sampling.options, sampling.seed ?? self.seed)
    let start = options.start.covariance(of: process)
    // E[x_0|u] does not follow from the score for a noise that is not Gaussian.
    let denoises = options.denoise && process.noise == .gaussian
    switch options.sampler {
    case .stepping(let kind):
      return SampleSource(
        Generator(
          process: process, dimension: dimension, sampler: kind.make(options),
          times: options.grid.times(steps: options.steps, of: process, to: options.finalTime),
          denoises: denoises, seed: seed, start: start, fixed: fixed))
    case .adaptive(let kind):
      return SampleSource(
        AdaptiveGenerator(
          process: process, dimension: dimension, sampler: kind.make(options), finalTime: options.finalTime,
          denoises: denoises, seed: seed, start: start, fixed: fixed))
    case .chain(let kind): throw kind.refusal
    }
  }

  /// Refuses a sampler for known densities where a network's score is to be sampled.
  package func checkSamplerTakesScore() throws {
    if case .chain(let kind) = sampling.sampler { throw kind.refusal }
  }
}

extension ChainKind {
  fileprivate var refusal: ToolError {
    .usage(
      "sampling.sampler \(rawValue) draws from a known density, not from a score: "
        + "use it by sgm-sample EXPERIMENT --score exact, or choose another")
  }
}
