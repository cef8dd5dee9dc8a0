public import Diffusion
public import LinearAlgebra
internal import Randomness
internal import RealFunctions

/// Draws the unknown coordinates of rows of which each knows others: every row has particles of its own, and a chunk of
/// 256 states holds several rows.
///
/// ```
/// known:    u_s = K u_t + g x* + L z,   one z for all particles of a row     (the noised row, drawn backwards)
/// unknown:  u_s = K u_t + g x̂_0 + L z,   g = M_s − K M_t                      (ancestral steps)
/// log w −= Σ_known (½|a|²δ² + a·z δ),   a = L⁻¹g,   δ = x* − x̂_0
/// unknown:  u_s ← u_s + h H ∇log p_s(u_s) + √(2h) H^½ z,   h = 0.3             (two Langevin moves at each time)
/// ```
/// w is the density of an unguided step at the known coordinates, up to a factor that all particles share. Particles of
/// low weight are replaced by those of high weight (systematic resampling) where the effective number falls below a half,
/// and at the end. The known coordinates at time s and those before it depend on the unknown ones through u_s alone, so
/// that the moves keep the law that the particles are to have. As particles grow in number their law becomes that of the
/// ancestral chain given the known coordinates: the weights of modes are right as well, which replacement by
/// `HeldCoordinates` leaves wrong. No derivative of the score is needed. Trippe et al. 2023, arXiv 2206.04119, algorithm 2
/// (SMCDiff); the moves are ours, after Gilks and Berzuini 2001 (resample-move).
///
/// Of Gaussian and bimodal data in the plane, 16 particles give means, deviations and weights to about 1 %. The particles
/// of a row depend on one another; rows do not. A row's numbers depend on the seed, its index, its known coordinates and the
/// score alone, and not on the rows beside it.
public struct CompletionGenerator: ~Copyable {
  /// The fewest particles of a row.
  public static let fewest = 16
  /// The Langevin moves at each time.
  static let moves = 2
  /// h.
  static let moveSize = 0.3

  /// A row to be completed.
  public struct System: Sendable {
    /// What its random numbers are named by.
    public let index: UInt64
    /// What is known of it, in trained coordinates; it may be nothing.
    public let known: FixedCoordinates

    /// A row of its own index.
    public init(index: UInt64, known: FixedCoordinates) { (self.index, self.known) = (index, known) }
  }

  /// The number d of data coordinates.
  public let dimension: Int
  /// The particles of a row, a power of two.
  public let particles: Int
  private let seed: UInt64
  private let denoises: Bool
  private let prior: BlockMatrix
  private let first, last: Kernel
  private let steps: [CompletionStep]
  private var state, next, noise, slope, mean: Matrix
  // The noises of one row's particles, before they stand among those of the chunk.
  private var drawn: Matrix
  // What is known: the first particle's row, the column and the value; and the same as a mask of each row's columns.
  private var known: [(source: Int, column: Int, value: Double)] = []
  private var isKnown: [Bool]
  private var logWeights: [Double]

  /// A generator of completed rows.
  ///
  /// - Parameters:
  ///   - process: the forward process to reverse, of Gaussian noise.
  ///   - dimension: the number d of data coordinates.
  ///   - times: the grid, from the process's start down to the final time.
  ///   - denoises: whether to return E[x_0|u] at the final time; otherwise the positions in u.
  ///   - seed: the seed of prior draws, noises and resampling.
  ///   - particles: of each row, a power of two up to 256.
  ///   - start: the covariance of the law N(0, S ⊗ I) to start from in place of the prior.
  public init(
    process: any ForwardProcess, dimension: Int, times: [Double], denoises: Bool, seed: UInt64, particles: Int,
    start: BlockMatrix? = nil
  ) {
    precondition(times.count > 1, "a grid of \(times.count) times")
    precondition(process.noise == .gaussian, "noise that is not Gaussian")
    precondition(particles > 0 && Generator.rows % particles == 0, "\(particles) particles in \(Generator.rows) rows")
    (self.dimension, self.seed, self.denoises, self.particles) = (dimension, seed, denoises, particles)
    prior = (start ?? process.priorCovariance).cholesky()
    (first, last) = (process.kernel(at: times[0]), process.kernel(at: times[times.count - 1]))
    steps = zip(times, times.dropFirst()).map { CompletionStep(process, from: $0, to: $1) }
    let columns = process.blocks * dimension
    state = Matrix(rows: Generator.rows, columns: columns)
    next = Matrix(rows: Generator.rows, columns: columns)
    noise = Matrix(rows: Generator.rows, columns: columns)
    slope = Matrix(rows: Generator.rows, columns: columns)
    mean = Matrix(rows: Generator.rows, columns: dimension)
    drawn = Matrix(rows: particles, columns: columns)
    isKnown = [Bool](repeating: false, count: Generator.rows / particles * dimension)
    logWeights = [Double](repeating: 0, count: Generator.rows)
  }

  /// The rows of a chunk.
  public var systems: Int { Generator.rows / particles }
  /// How often the score is evaluated for each particle.
  public var evaluationsPerSample: Int { steps.count * (1 + Self.moves) + 1 }

  /// Completes the rows of a chunk.
  ///
  /// - Parameters:
  ///   - rows: at most `systems` of them.
  ///   - score: the score of the process this generator was made with.
  ///   - samples: the result, shape `[256, dimension]`, in trained coordinates: `particles` draws of the first row, then of
  ///     the second; any of them are as good as others, but they depend on one another.
  /// - Returns: the smallest effective number of each row's particles, (Σw)²/Σw², before it was resampled.
  public mutating func generate<S: Score & ~Copyable>(
    _ rows: [System], score: inout S, into samples: inout Matrix
  ) -> [Double] {
    precondition((1...systems).contains(rows.count), "\(rows.count) rows for \(systems) places")
    precondition(
      samples.rows == Generator.rows && samples.columns == dimension, "\(samples.rows) × \(samples.columns)")
    begin(rows)
    var smallest = rows.map { _ in Double(particles) }
    for (number, step) in steps.enumerated() {
      score.evaluate(state, at: step.start, into: &slope)
      step.kernel.denoise(state, score: slope, into: &mean)
      draw(rows, .samplingNoise, step: number * (1 + Self.moves))
      advance(step)
      for system in rows.indices {
        let effective = resample(rows, system, number, always: number == steps.count - 1)
        smallest[system] = min(smallest[system], effective)
      }
      for move in 1...Self.moves {
        score.evaluate(state, at: step.end, into: &slope)
        draw(rows, .samplingNoise, step: number * (1 + Self.moves) + move)
        self.move(step)
      }
    }
    if denoises {
      score.evaluate(state, at: steps[steps.count - 1].end, into: &slope)
      last.denoise(state, score: slope, into: &mean)
    } else {
      mean.assign(.identity(prior.size), times: state, dimension: dimension)
    }
    finish(rows, &samples)
    return smallest
  }

  /// Takes what is known, and draws the states to start from; places that are left over repeat the first row.
  private mutating func begin(_ rows: [System]) {
    known = []
    for i in isKnown.indices { isKnown[i] = false }
    for system in 0..<systems {
      let given = rows[system < rows.count ? system : 0].known
      for (column, value) in zip(given.columns, given.values) {
        precondition(column >= 0 && column < dimension, "column \(column) of \(dimension)")
        isKnown[system * dimension + column] = true
        known.append((system * particles, column, value))
      }
    }
    for row in logWeights.indices { logWeights[row] = 0 }
    draw(rows, .samplingPrior, step: 0)
    state.assign(prior, times: noise, dimension: dimension)
    for (source, column, value) in known {
      for b in 0..<prior.size {
        var sum = first.mean[b] * value
        for j in 0...b { sum.addProduct(first.cholesky[b, j], Double(noise[source, j * dimension + column])) }
        for row in source..<source + particles { state[row, b * dimension + column] = Float(sum) }
      }
    }
  }

  /// Draws the normals of all particles, each row's by its own index.
  private mutating func draw(_ rows: [System], _ purpose: Purpose, step: Int) {
    let stream = RandomStream(seed: seed, purpose: purpose, step: UInt64(step))
    for system in 0..<systems {
      let index = rows[system < rows.count ? system : 0].index
      stream.fillNormals(&drawn, firstIndex: index * UInt64(particles))
      for p in 0..<particles { noise.copyRow(system * particles + p, of: drawn, p) }
    }
  }

  /// Takes an ancestral step of all coordinates and weighs the particles.
  private mutating func advance(_ step: CompletionStep) {
    let (map, gain, factor) = (step.ancestral.map, step.ancestral.gain, step.ancestral.noise)
    next.assign(map, times: state, dimension: dimension)
    next.add(gain.outer(.first(gain.size)), times: mean, dimension: dimension)
    next.add(factor, times: noise, dimension: dimension)
    let length = step.whitenedGain.dot(step.whitenedGain)
    for (source, column, value) in known {
      var along = 0.0
      for b in 0..<gain.size {
        along.addProduct(step.whitenedGain[b], Double(noise[source, b * dimension + column]))
        var sum = gain[b] * value
        for j in 0..<gain.size {
          sum.addProduct(map[b, j], Double(state[source, j * dimension + column]))
          sum.addProduct(factor[b, j], Double(noise[source, j * dimension + column]))
        }
        for row in source..<source + particles { next[row, b * dimension + column] = Float(sum) }
      }
      for row in source..<source + particles {
        let delta = value - Double(mean[row, column])
        logWeights[row] -= (0.5 * length * delta + along) * delta
      }
    }
    swap(&state, &next)
  }

  /// Replaces a row's particles by as many as their weights ask for, where the effective number is low or it is always wanted.
  private mutating func resample(_ rows: [System], _ system: Int, _ number: Int, always: Bool) -> Double {
    let own = system * particles..<(system + 1) * particles
    let largest = logWeights[own].reduce(-Double.infinity) { $1 > $0 ? $1 : $0 }
    let weights = logWeights[own].map { $0.isNaN ? 0 : exp($0 - largest) }
    let (sum, squares) = (weights.reduce(0, +), weights.reduce(0) { $0 + $1 * $1 })
    guard sum > 0, sum.isFinite else { return 0 }
    let effective = sum * sum / squares
    guard effective < (always ? 0.999 : 0.5) * Double(particles) else { return effective }
    var variates = RandomStream(seed: seed, purpose: .resampling, step: UInt64(number)).row(rows[system].index)
    let chosen = ParticleGenerator.systematic(weights, sum: sum, offset: variates.nextUniform())
    for (p, source) in chosen.enumerated() { next.copyRow(own.lowerBound + p, of: state, own.lowerBound + source) }
    for row in own {
      state.copyRow(row, of: next, row)
      logWeights[row] = 0
    }
    return effective
  }

  /// Moves the unknown coordinates by a Langevin step that leaves their law as it is, up to its step size.
  private mutating func move(_ step: CompletionStep) {
    next.assign(step.moveMap, times: slope, dimension: dimension)
    next.add(step.moveNoise, times: noise, dimension: dimension)
    for row in 0..<Generator.rows {
      let system = row / particles
      for column in 0..<dimension where !isKnown[system * dimension + column] {
        for b in 0..<prior.size { state[row, b * dimension + column] += next[row, b * dimension + column] }
      }
    }
  }

  /// Writes the samples, with the known values themselves; each row's particles begin at a random one of them.
  ///
  /// Resampling does not treat all places alike: the first draw is any particle with the same probability.
  private mutating func finish(_ rows: [System], _ samples: inout Matrix) {
    for (source, column, value) in known {
      for row in source..<source + particles { mean[row, column] = Float(value) }
    }
    let stream = RandomStream(seed: seed, purpose: .resampling, step: UInt64(steps.count))
    for system in 0..<systems {
      var variates = stream.row(rows[system < rows.count ? system : 0].index)
      let offset = min(Int(variates.nextUniform() * Double(particles)), particles - 1)
      for p in 0..<particles {
        samples.copyRow(system * particles + p, of: mean, system * particles + (p + offset) % particles)
      }
    }
  }
}
