public import Diffusion
public import LinearAlgebra
internal import Randomness
internal import RealFunctions

/// Draws samples given observations: the 256 samples of a chunk are particles, weighted and resampled on their way.
///
/// ```
/// u_s ~ N(M_s x̂ + K(u_t − M_t x̂), LLᵀ),   x̂ = x̂_0 + shift(u_t)          (ancestral steps, guided)
/// log w += log p̃(y|u_s) − log p̃(y|u_t) − Σ_k (½|a|²g_k² + a·z_k g_k),   a = L⁻¹(M_s − K M_t),  g = shift,  z the noise
/// ```
/// The last sum is the ratio of the unguided step's density to the guided one's. p̃ is `ObservationUpdate`'s Gaussian.
/// Particles of low weight are replaced by those of high weight (systematic resampling) where the effective number
/// falls below a half, at three quarters of the way, and at the end. As the number of particles grows, the law becomes
/// that of the unguided ancestral chain given y, whatever p̃: guidance alone would leave the weights of modes wrong. Of
/// 256 the bias is about 1/256 times the weights' relative variance. Samples of one chunk depend on one another; chunks
/// do not. Wu et al. 2023, arXiv 2306.17775 (the twisted diffusion sampler), with Γ in p̃, for any linear process.
public struct ParticleGenerator: ~Copyable {
  /// The number d of data coordinates.
  public let dimension: Int
  private let seed: UInt64
  private let prior: BlockMatrix
  private let steps: [ParticleStep]
  private let denoises: Bool
  private let settling: Int
  private let observations: Observations
  private var update: ObservationUpdate
  private var state: Matrix
  private var next: Matrix
  private var noise: Matrix
  private var mean: Matrix
  private var moments: PosteriorMoments
  private var shifts: Matrix
  // log p̃(y|u), the logarithm of each particle's weight, and the particle at the start that it descends from.
  private var logDensities: [Double]
  private var logWeights: [Double]
  private var ancestors: [Int]

  /// What became of the particles of a chunk.
  public struct Outcome: Sendable, Equatable {
    /// How often they were resampled.
    public var resamplings = 0
    /// The smallest effective number before a resampling, (Σw)²/Σw² of 256.
    public var smallestEffective = Double(Generator.rows)
    /// How many different samples there are in the end.
    public var distinct = Generator.rows
  }

  /// A generator of samples given observations.
  ///
  /// - Parameters:
  ///   - process: the forward process to reverse, of Gaussian noise.
  ///   - dimension: the number d of data coordinates.
  ///   - times: the grid, from the process's start down to the final time.
  ///   - denoises: whether to return E[x_0|u, y] at the final time; otherwise the positions in u.
  ///   - seed: the seed of prior draws, noises and resampling.
  ///   - observations: what is observed, in trained coordinates.
  ///   - draws: of the data, without observations; nil takes the unit covariance of standardised data.
  ///   - derivativeError: the score's.
  ///   - start: the covariance of the law N(0, S ⊗ I) to start from in place of the prior.
  public init(
    process: any ForwardProcess, dimension: Int, times: [Double], denoises: Bool, seed: UInt64,
    given observations: Observations, draws: DataDraws?, derivativeError: Double, start: BlockMatrix? = nil
  ) {
    precondition(times.count > 1, "a grid of \(times.count) times")
    precondition(process.noise == .gaussian, "noise that is not Gaussian")
    precondition(observations.rows[0].count == dimension, "\(observations.rows[0].count) of \(dimension)")
    self.dimension = dimension
    self.seed = seed
    self.denoises = denoises
    self.observations = observations
    prior = (start ?? process.priorCovariance).cholesky()
    steps = zip(times, times.dropFirst()).map { ParticleStep(process, from: $0, to: $1) }
    settling = 3 * steps.count / 4
    update = ObservationUpdate(observations, draws: draws, derivativeError: derivativeError)
    let columns = process.blocks * dimension
    state = Matrix(rows: Generator.rows, columns: columns)
    next = Matrix(rows: Generator.rows, columns: columns)
    noise = Matrix(rows: Generator.rows, columns: columns)
    mean = Matrix(rows: Generator.rows, columns: dimension)
    shifts = Matrix(rows: Generator.rows, columns: dimension)
    moments = PosteriorMoments(rows: Generator.rows, dimension: dimension, directions: observations.rows.count)
    logDensities = Array(repeating: 0, count: Generator.rows)
    logWeights = logDensities
    ancestors = Array(0..<Generator.rows)
  }

  /// How often the score's moments are evaluated for each sample.
  public var evaluationsPerSample: Int { steps.count + 1 }
  /// The share of updates in which Γ of a learned score was held to what the data allows.
  public var heldShare: Double { Double(update.counts.held) / Double(max(update.counts.rows, 1)) }

  /// Computes samples 256 · chunk … 256 · chunk + 255.
  ///
  /// - Parameters:
  ///   - chunk: the chunk's number, from 0.
  ///   - score: the score of the process this generator was made with.
  ///   - samples: the result, shape `[256, dimension]`, in trained coordinates.
  ///   - record: called with the time and all states at the start and after each step.
  /// - Returns: what became of the particles.
  public mutating func generate<S: DifferentiableScore>(
    chunk: Int, score: inout S, into samples: inout Matrix, record: ((Double, borrowing Matrix) -> Void)? = nil
  ) -> Outcome {
    precondition(
      samples.rows == Generator.rows && samples.columns == dimension, "\(samples.rows) × \(samples.columns)")
    let firstIndex = UInt64(chunk * Generator.rows)
    var outcome = Outcome()
    RandomStream(seed: seed, purpose: .samplingPrior).fillNormals(&next, firstIndex: firstIndex)
    state.assign(prior, times: next, dimension: dimension)
    record?(steps[0].start, state)
    weigh(&score, steps[0].start, steps[0].startSignal)
    logWeights = logDensities
    for (number, step) in steps.enumerated() {
      resample(chunk, number, always: number == settling, &outcome)
      RandomStream(seed: seed, purpose: .samplingNoise, step: UInt64(number))
        .fillNormals(&noise, firstIndex: firstIndex)
      advance(step)
      record?(step.end, state)
      weigh(&score, step.end, step.endSignal)
      for row in logWeights.indices { logWeights[row] += logDensities[row] }
    }
    ancestors = Array(0..<Generator.rows)
    resample(chunk, steps.count, always: true, &outcome)
    outcome.distinct = Set(ancestors).count
    if denoises {
      samples.copy(from: mean)
      for row in 0..<samples.rows { for k in 0..<dimension { samples[row, k] += shifts[row, k] } }
      setKnown(&samples)
    } else {
      samples.assign(.identity(prior.size), times: state, dimension: dimension)
    }
    return outcome
  }

  /// Coordinates observed alone and without noise get their values, which the shift has to rounding.
  private func setKnown(_ samples: inout Matrix) {
    for (i, h) in observations.rows.enumerated() where observations.deviations[i] == 0 {
      let seen = h.indices.filter { h[$0] != 0 }
      guard seen.count == 1 else { continue }
      let value = Float(observations.values[i] / h[seen[0]])
      for row in 0..<samples.rows { samples[row, seen[0]] = value }
    }
  }

  /// Evaluates x̂_0, the shift and log p̃(y|u) of every particle.
  private mutating func weigh<S: DifferentiableScore>(_ score: inout S, _ t: Double, _ snr: Double) {
    score.posterior(
      state, atTimes: Array(repeating: t, count: state.rows), directions: observations.rows, into: &moments)
    mean.copy(from: moments.mean)
    for row in 0..<state.rows {
      logDensities[row] = update.update(row: row, moments, signalToNoise: snr)
      for k in 0..<dimension { shifts[row, k] = Float(update.shift[k]) }
    }
  }

  /// Takes a guided ancestral step and adds the ratio of densities to the weights, less log p̃ at its start.
  private mutating func advance(_ step: ParticleStep) {
    let first = BlockVector.first(step.gain.size)
    next.assign(step.map, times: state, dimension: dimension)
    next.add(step.gain.outer(first), times: mean, dimension: dimension)
    next.add(step.gain.outer(first), times: shifts, dimension: dimension)
    next.add(step.noise, times: noise, dimension: dimension)
    swap(&state, &next)
    let length = step.whitenedGain.dot(step.whitenedGain)
    for row in logWeights.indices {
      var sum = 0.0
      for k in 0..<dimension {
        let shift = Double(shifts[row, k])
        var along = 0.5 * length * shift
        for b in 0..<step.gain.size { along.addProduct(step.whitenedGain[b], Double(noise[row, b * dimension + k])) }
        sum.addProduct(along, shift)
      }
      logWeights[row] -= sum + logDensities[row]
    }
  }

  /// Replaces particles by as many as their weights ask for, where the effective number is low or it is always wanted.
  private mutating func resample(_ chunk: Int, _ number: Int, always: Bool, _ outcome: inout Outcome) {
    let largest = logWeights.reduce(-Double.infinity) { $1 > $0 ? $1 : $0 }
    let weights = logWeights.map { $0.isNaN ? 0 : exp($0 - largest) }
    let (sum, squares) = (weights.reduce(0, +), weights.reduce(0) { $0 + $1 * $1 })
    guard sum > 0, sum.isFinite else {
      outcome.smallestEffective = 0
      return
    }
    let effective = sum * sum / squares
    outcome.smallestEffective = min(outcome.smallestEffective, effective)
    guard effective < (always ? 0.999 : 0.5) * Double(weights.count) else { return }
    outcome.resamplings += 1
    var variates = RandomStream(seed: seed, purpose: .resampling, step: UInt64(number)).row(UInt64(chunk))
    let chosen = Self.systematic(weights, sum: sum, offset: variates.nextUniform())
    next.copy(from: state)
    for (row, source) in chosen.enumerated() { state.copyRow(row, of: next, source) }
    permute(chosen)
    for row in logWeights.indices { logWeights[row] = 0 }
  }

  private mutating func permute(_ chosen: [Int]) {
    var old = Matrix(rows: Generator.rows, columns: dimension)
    old.copy(from: mean)
    for (row, source) in chosen.enumerated() { mean.copyRow(row, of: old, source) }
    old.copy(from: shifts)
    for (row, source) in chosen.enumerated() { shifts.copyRow(row, of: old, source) }
    logDensities = chosen.map { logDensities[$0] }
    ancestors = chosen.map { ancestors[$0] }
  }

  /// Particle i as often as i/n + offset/n falls into its share: between ⌊n w⌋ and ⌈n w⌉ times, and in place where it can.
  static func systematic(_ weights: [Double], sum: Double, offset: Double) -> [Int] {
    let n = weights.count
    var (copies, cumulative, taken) = ([Int](repeating: 0, count: n), 0.0, 0)
    for i in 0..<n {
      cumulative += weights[i] / sum * Double(n)
      let upTo = i == n - 1 ? n : min(n, max(taken, Int((cumulative - offset).rounded(.down)) + 1))
      copies[i] = upTo - taken
      taken = upTo
    }
    // A particle that survives stays in its row; the rest fill the rows of those that do not.
    var chosen = copies.indices.map { copies[$0] > 0 ? $0 : -1 }
    var spare = copies.enumerated().flatMap { Array(repeating: $0.offset, count: max($0.element - 1, 0)) }[...]
    for row in chosen.indices where chosen[row] < 0 { chosen[row] = spare.removeFirst() }
    return chosen
  }
}

/// An ancestral step from t to s with its parts apart.
private struct ParticleStep {
  let start, end, startSignal, endSignal: Double
  /// K.
  let map: BlockMatrix
  /// M_s − K M_t.
  let gain: BlockVector
  /// L.
  let noise: BlockMatrix
  /// L⁻¹(M_s − K M_t); its square is snr(s) − snr(t).
  let whitenedGain: BlockVector

  init(_ process: any ForwardProcess, from t: Double, to s: Double) {
    let (kernel, end, forward) = (process.kernel(at: t), process.kernel(at: s), process.transition(from: s, to: t))
    let step = AncestralStep(from: kernel, to: end, forward)
    (start, self.end) = (t, s)
    (startSignal, endSignal) = (kernel.signalToNoise, end.signalToNoise)
    (map, gain, noise) = (step.map, step.gain, step.noise)
    whitenedGain = step.whitenedGain
  }
}
