public import Diffusion
public import LinearAlgebra
internal import Randomness

/// Draws rows of discrete states in chunks of 256 by reverse steps of a chain.
///
/// Chunk c is always samples 256c … 256c + 255: a sample depends on the seed, its index, the steps and the denoiser alone. Its
/// columns are drawn independently in each step, from laws that the whole row decides.
public struct StateGenerator: ~Copyable {
  /// The rows of a chunk.
  public static let rows = Generator.rows

  /// How often the denoiser is asked for each sample.
  public var evaluationsPerSample: Int { times.count - 1 }
  private let process: DiscreteProcess
  private let dimension: Int
  private let times: [Int]
  private let steps: [StateStep]
  private let takesMode: Bool
  private let seed: UInt64
  private var states, uniforms, laws: Matrix
  private var scratch: StateScratch

  /// A generator along a sub-sequence of the chain's steps.
  ///
  /// - Parameters:
  ///   - process: the chain.
  ///   - dimension: d.
  ///   - times: from T down to 0; see `times(_:of:)`.
  ///   - form: how the denoiser's law of x_0 is used.
  ///   - takesMode: whether the last step takes the likeliest state of each column in place of a draw, as Austin's code does.
  ///   - seed: the seed of all draws.
  public init(
    process: DiscreteProcess, dimension: Int, times: [Int], form: ReverseForm, takesMode: Bool, seed: UInt64
  ) {
    precondition(times.first == process.steps && times.last == 0, "from step \(times.first ?? 0) to \(times.last ?? 0)")
    (self.process, self.dimension, self.times) = (process, dimension, times)
    (self.takesMode, self.seed) = (takesMode, seed)
    steps = zip(times, times.dropFirst()).map { StateStep(process, from: $0, to: $1, form: form) }
    states = Matrix(rows: Self.rows, columns: dimension)
    uniforms = Matrix(rows: Self.rows, columns: dimension)
    laws = Matrix(rows: Self.rows, columns: dimension * process.levels)
    scratch = StateScratch(process)
  }

  /// `count` steps that pass over the chain's T steps as evenly as whole numbers can, from T down to 0; at most T.
  public static func times(_ count: Int, of process: DiscreteProcess) -> [Int] {
    let count = min(count, process.steps)
    return (0...count).reversed().map { (2 * $0 * process.steps + count) / (2 * count) }
  }

  /// Computes samples 256 · chunk … 256 · chunk + 255.
  ///
  /// - Parameters:
  ///   - chunk: the chunk's number, from 0.
  ///   - denoiser: of the chain this generator was made with.
  ///   - samples: the result, shape `[256, dimension]`: whole numbers from 0 to K − 1.
  ///   - record: called with t and all states at the start and after each step.
  public mutating func generate<D: StateDenoiser & ~Copyable>(
    chunk: Int, denoiser: inout D, into samples: inout Matrix, record: ((Double, borrowing Matrix) -> Void)? = nil
  ) {
    precondition(chunk >= 0, "chunk \(chunk)")
    precondition(denoiser.dimension == dimension, "a denoiser of dimension \(denoiser.dimension) for \(dimension)")
    precondition(
      samples.rows == Self.rows && samples.columns == dimension, "samples of \(samples.rows) × \(samples.columns)")
    let firstIndex = UInt64(chunk * Self.rows)
    begin(firstIndex)
    record?(Double(process.steps), states)
    for (number, step) in steps.enumerated() {
      denoiser.evaluate(states, at: step.start, into: &laws)
      RandomStream(seed: seed, purpose: .samplingNoise, step: UInt64(number))
        .fillUniforms(&uniforms, firstIndex: firstIndex)
      apply(step)
      record?(Double(step.end), states)
    }
    samples.copy(from: states)
  }

  /// Draws x_T from the prior.
  private mutating func begin(_ firstIndex: UInt64) {
    RandomStream(seed: seed, purpose: .samplingPrior, step: 0).fillUniforms(&uniforms, firstIndex: firstIndex)
    for row in 0..<Self.rows {
      for k in 0..<dimension {
        if let mask = process.mask {
          states[row, k] = Float(mask)
        } else {
          states[row, k] = Float(min(Int(Double(uniforms[row, k]) * Double(process.levels)), process.levels - 1))
        }
      }
    }
  }

  private mutating func apply(_ step: StateStep) {
    let levels = process.levels
    for row in 0..<Self.rows {
      for k in 0..<dimension {
        for j in 0..<levels { scratch.shares[j] = Double(laws[row, k * levels + j]) }
        step.predict(Int(states[row, k]), &scratch)
        let isLast = step.end == 0
        states[row, k] = Float(isLast && takesMode ? scratch.mode : scratch.draw(Double(uniforms[row, k])))
      }
    }
  }
}
