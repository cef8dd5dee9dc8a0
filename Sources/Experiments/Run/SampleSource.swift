internal import Diffusion
internal import LinearAlgebra
internal import Sampling

/// The generator of an experiment's sampler, whether its steps are shared or each sample's own, and what it cost.
final class SampleSource {
  private var fixed: Generator?
  private var adaptive: AdaptiveGenerator?
  private let isAdaptive: Bool
  private var tally = EvaluationTally()

  /// A source of samples by steps that all share.
  init(_ generator: consuming Generator) {
    fixed = consume generator
    isAdaptive = false
  }

  /// A source of samples by steps of their own.
  init(_ generator: consuming AdaptiveGenerator) {
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
  func generate<S: Score>(
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
  var samples = 0
  var total = 0
  var most = 0

  mutating func add(_ evaluations: Int, times count: Int = 1) {
    samples += count
    total += evaluations * count
    most = max(most, evaluations)
  }

  /// The mean over samples.
  var mean: Double { Double(total) / Double(max(samples, 1)) }

  /// "250 evaluations each", or the mean and the largest number.
  var text: String {
    if total == most * samples { return "\(most) evaluations each" }
    return "\(rounded(mean)) evaluations each (at most \(most))"
  }
}
