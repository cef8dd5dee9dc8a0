public import Diffusion
public import LinearAlgebra
internal import Randomness
internal import RealFunctions

/// A Markov chain for a known density π, without a process.
public enum ChainKind: String, Sendable, CaseIterable {
  /// `ula`: x ← x + h∇log π + √(2h) Z; a bias of order h, one gradient a step.
  case unadjusted = "ula"
  /// `mala`: the same as a proposal, accepted so that π is stationary (Roberts and Tweedie 1996); one gradient a step.
  case adjusted = "mala"
  /// `kinetic-langevin`: dX = V dt, dV = (−γV + ∇log π) dt + √(2γ) dB by OBABO; a bias of order h², one gradient a step.
  case kinetic = "kinetic-langevin"
}

/// Draws samples of a known density, each the end of a chain of its own from N(0, I) in trained coordinates.
///
/// Chunk c runs chains 256c … 256c + 255; a chain's bits depend on the seed, its index and the density alone.
public struct LangevinChains: ~Copyable {
  /// What a chunk's chains did.
  public struct Outcome: Sendable {
    /// Proposals accepted, over all chains and steps; all of them for chains without a test.
    public var accepted = 0
    /// Proposals made.
    public var proposed = 0
    /// Effective sample size and split-R̂ of the second half of the chains, where they were asked for.
    public var diagnostics: ChainDiagnostics?

    /// Nothing done yet.
    public init() {}
  }

  /// The number d of coordinates.
  public let dimension: Int
  /// The kind of chain.
  public let kind: ChainKind
  /// Steps of each chain.
  public let steps: Int
  private let h: Double
  private let friction: Double
  private let seed: UInt64
  private var state: Matrix
  private var proposal: Matrix
  private var momentum: Matrix
  private var slope: Matrix
  private var proposedSlope: Matrix
  private var noise: Matrix
  private var logDensity = [Double](repeating: 0, count: Generator.rows)
  private var proposedDensity = [Double](repeating: 0, count: Generator.rows)
  private var uniforms: Matrix

  /// Chains of `steps` steps of size h in trained units, with friction γ for the kinetic one.
  public init(
    kind: ChainKind, dimension: Int, steps: Int, stepSize: Double, friction: Double = SamplerOptions.standard.friction,
    seed: UInt64
  ) {
    precondition(steps > 0 && stepSize > 0 && friction > 0, "\(steps) steps of \(stepSize), friction \(friction)")
    self.kind = kind
    self.dimension = dimension
    self.steps = steps
    h = stepSize
    self.friction = friction
    self.seed = seed
    let rows = Generator.rows
    state = Matrix(rows: rows, columns: dimension)
    proposal = Matrix(rows: rows, columns: dimension)
    momentum = Matrix(rows: rows, columns: dimension)
    slope = Matrix(rows: rows, columns: dimension)
    proposedSlope = Matrix(rows: rows, columns: dimension)
    noise = Matrix(rows: rows, columns: dimension)
    uniforms = Matrix(rows: rows, columns: 1)
  }

  /// Runs chains 256 · chunk … 256 · chunk + 255 and writes their last states.
  ///
  /// - Parameters:
  ///   - chunk: the chunk's number, from 0.
  ///   - density: π, in trained coordinates.
  ///   - samples: shape `[256, dimension]`.
  ///   - diagnoses: whether to keep the second half of the chains for diagnostics.
  ///   - record: called with the step's number, from 0, and all states after each step.
  /// - Returns: acceptance, and the diagnostics asked for.
  public mutating func generate<D: LogDensity>(
    chunk: Int, density: inout D, into samples: inout Matrix, diagnoses: Bool = false,
    record: ((Int, borrowing Matrix) -> Void)? = nil
  ) -> Outcome {
    precondition(chunk >= 0 && density.dimension == dimension, "chunk \(chunk), a density of \(density.dimension)")
    let firstIndex = UInt64(chunk * Generator.rows)
    RandomStream(seed: seed, purpose: .samplingPrior).fillNormals(&state, firstIndex: firstIndex)
    RandomStream(seed: seed, purpose: .samplingPrior, step: 1).fillNormals(&momentum, firstIndex: firstIndex)
    density.evaluate(state, logDensity: &logDensity, gradient: &slope)
    var outcome = Outcome()
    var history = ChainHistory(chains: Generator.rows, steps: steps - steps / 2, dimension: dimension)
    record?(0, state)
    for step in 0..<steps {
      let draws = UInt64(2 * step)
      switch kind {
      case .unadjusted, .adjusted:
        RandomStream(seed: seed, purpose: .samplingNoise, step: draws).fillNormals(&noise, firstIndex: firstIndex)
        outcome.accepted += langevinStep(step: draws + 1, firstIndex, density: &density)
      case .kinetic: outcome.accepted += kineticStep(step: draws, firstIndex, density: &density)
      }
      outcome.proposed += Generator.rows
      if diagnoses, step >= steps / 2 { history.append(state, logDensity) }
      record?(step + 1, state)
    }
    samples.copy(from: state)
    if diagnoses { outcome.diagnostics = history.diagnostics }
    return outcome
  }

  /// Proposes x + h∇log π + √(2h) Z and takes it, after a test in the adjusted kind; returns how many were taken.
  private mutating func langevinStep<D: LogDensity>(step: UInt64, _ firstIndex: UInt64, density: inout D) -> Int {
    proposal.copy(from: state)
    proposal.add(BlockMatrix(h), times: slope, dimension: dimension)
    proposal.add(BlockMatrix((2 * h).squareRoot()), times: noise, dimension: dimension)
    density.evaluate(proposal, logDensity: &proposedDensity, gradient: &proposedSlope)
    if kind == .unadjusted {
      swap(&state, &proposal)
      swap(&slope, &proposedSlope)
      swap(&logDensity, &proposedDensity)
      return Generator.rows
    }
    RandomStream(seed: seed, purpose: .samplingNoise, step: step).fillUniforms(&uniforms, firstIndex: firstIndex)
    var accepted = 0
    for row in 0..<Generator.rows where log(Double(uniforms[row, 0])) < logRatio(row) {
      accepted += 1
      for k in 0..<dimension { (state[row, k], slope[row, k]) = (proposal[row, k], proposedSlope[row, k]) }
      logDensity[row] = proposedDensity[row]
    }
    return accepted
  }

  /// log π(y) q(x|y) − log π(x) q(y|x), q(y|x) = N(x + h∇log π(x), 2h).
  private func logRatio(_ row: Int) -> Double {
    var (there, back) = (0.0, 0.0)
    let (x, y, gx, gy) = (state.row(row), proposal.row(row), slope.row(row), proposedSlope.row(row))
    for k in x.indices {
      let move = Double(y[k]) - Double(x[k])
      let (out, home) = (move - h * Double(gx[k]), -move - h * Double(gy[k]))
      there += out * out
      back += home * home
    }
    return proposedDensity[row] - logDensity[row] + (there - back) / (4 * h)
  }

  /// Half friction, half kick, drift, half kick, half friction; returns the number of chains.
  private mutating func kineticStep<D: LogDensity>(step: UInt64, _ firstIndex: UInt64, density: inout D) -> Int {
    rub(step: step, firstIndex)
    momentum.add(BlockMatrix(0.5 * h), times: slope, dimension: dimension)
    state.add(BlockMatrix(h), times: momentum, dimension: dimension)
    density.evaluate(state, logDensity: &logDensity, gradient: &slope)
    momentum.add(BlockMatrix(0.5 * h), times: slope, dimension: dimension)
    rub(step: step + 1, firstIndex)
    return Generator.rows
  }

  /// V ← e^{−γh/2}V + √(1 − e^{−γh}) Z.
  private mutating func rub(step: UInt64, _ firstIndex: UInt64) {
    RandomStream(seed: seed, purpose: .samplingNoise, step: step).fillNormals(&noise, firstIndex: firstIndex)
    proposal.copy(from: momentum)
    momentum.add(BlockMatrix(expm1(-0.5 * friction * h)), times: proposal, dimension: dimension)
    momentum.add(BlockMatrix((-expm1(-friction * h)).squareRoot()), times: noise, dimension: dimension)
  }
}
