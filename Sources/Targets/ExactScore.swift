internal import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// The exact score of a law's marginals under a linear process, in trained coordinates.
///
/// With the kernel u = M x_0 + L e and w = L⁻¹M, one number per coordinate is sufficient for x_0:
///
/// ```
/// z = pᵀu = x_0 + N(0, ν),   p = H⁻¹M / snr,   ν = 1 / snr,   snr = wᵀw
/// s = p g(z) − q (qᵀu),      g = ∇ log p_z,    q = L⁻ᵀ w⊥ / |w|
/// ```
/// where qᵀu ~ N(0, 1) carries the rest of the state (nothing with one block, two such with three). So a law has to know only itself blurred
/// by isotropic noise, and no term cancels, at any t. Trained coordinates rescale: z·scale + mean is the law's own
/// unit. The reduction is ours. Everything is computed in Double and rounded once.
struct ExactScore<Law: SmoothedLaw>: Score {
  let process: any ForwardProcess
  let standardisation: Standardisation
  var law: Law
  private(set) var reduction = StateReduction()
  // One row in Double: the state, z and qᵀu, g, the score; and the law's noise.
  private(set) var state: [Double]
  private(set) var z: [Double]
  var rest: [Double]
  private var gradient: [Double]
  var score: [Double]
  private var noise: [Double]
  private var preparedTime: Double?

  init(_ law: Law, under process: any ForwardProcess, in standardisation: Standardisation) {
    let d = law.dimension
    precondition(standardisation.dimension == d, "\(standardisation.dimension) coordinates for a law of \(d)")
    self.law = law
    self.process = process
    self.standardisation = standardisation
    state = Array(repeating: 0, count: d * process.blocks)
    z = Array(repeating: 0, count: d)
    (gradient, noise, score) = (z, z, state)
    rest = Array(repeating: 0, count: d * max(process.blocks - 1, 1))
  }

  var dimension: Int { law.dimension }

  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    let columns = dimension * process.blocks
    precondition(state.columns == columns, "\(state.columns) columns for \(columns)")
    precondition(score.columns == columns && score.rows == state.rows, "\(score.rows) × \(score.columns)")
    prepare(at: t)
    for row in 0..<state.rows { evaluate(state, row: row, into: &score) }
  }

  mutating func evaluate(_ state: borrowing Matrix, atTimes times: [Double], into score: inout Matrix) {
    precondition(times.count == state.rows && score.rows == state.rows, "\(times.count) times, \(state.rows) rows")
    for row in 0..<state.rows {
      prepare(at: times[row])
      evaluate(state, row: row, into: &score)
    }
  }

  private mutating func evaluate(_ state: borrowing Matrix, row: Int, into score: inout Matrix) {
    load(state, row: row)
    _ = evaluateRow()
    var output = score.mutableRow(row)
    for k in output.indices { output[k] = Float(self.score[k]) }
  }

  mutating func load(_ state: borrowing Matrix, row: Int) {
    let input = state.row(row)
    for k in input.indices { self.state[k] = Double(input[k]) }
  }

  /// log p_t and its gradient at one state of `blocks × dimension` numbers, in Double.
  mutating func evaluate(_ state: [Double], at t: Double) -> (logDensity: Double, score: [Double]) {
    precondition(state.count == self.state.count, "\(state.count) numbers for \(self.state.count)")
    prepare(at: t)
    self.state = state
    let logLaw = evaluateRow()
    // log p(qᵀu), the Jacobian of (z, qᵀu) in the state, and that of the units.
    let logRest = process.blocks == 1 ? 0 : rest.reduce(0) { $0 - 0.5 * ($1 * $1 + logTwoPi) }
    let logScales = standardisation.scale.reduce(0) { $0 + log($1) }
    let logDensity = logLaw + logRest + Double(dimension) * reduction.logJacobian + logScales
    return (logDensity, score)
  }

  mutating func prepare(at t: Double) {
    if preparedTime == t { return }
    preparedTime = t
    reduction = StateReduction(process.kernel(at: t))
    if reduction.pureNoise != nil { return }
    for k in noise.indices {
      noise[k] = reduction.noise * standardisation.scale[k] * standardisation.scale[k]
    }
    law.prepare(noise: noise)
  }

  // Returns log p(z); `score` holds the gradient of log p_t.
  mutating func evaluateRow() -> Double {
    if let deviation = reduction.pureNoise { return evaluateNoise(deviation) }
    reduction.reduce(state, standardisation, z: &z, rest: &rest)
    let logLaw = law.evaluate(z, into: &gradient)
    reduction.assemble(gradient, rest, scale: standardisation.scale, into: &score)
    return logLaw
  }

  /// Makes the law ready for moments of x_0 given the state; where no data is left, for those of x_0 itself.
  mutating func evaluatePosterior() {
    guard reduction.pureNoise != nil else {
      _ = evaluateRow()
      return
    }
    for k in z.indices {
      z[k] = standardisation.mean[k]
      noise[k] = StateReduction.largestNoise * standardisation.scale[k] * standardisation.scale[k]
    }
    law.prepare(noise: noise)
    _ = law.evaluate(z, into: &gradient)
  }

  /// The law of the noise alone, where no data is left; the units' Jacobian is taken out, for it is added later.
  private mutating func evaluateNoise(_ deviation: Double) -> Double {
    let d = Double(dimension)
    let squares = state.reduce(0) { $0 + $1 * $1 } / (deviation * deviation)
    let factor = process.noise.scoreFactor(squaredNorm: squares, dimension: dimension)
    for k in state.indices { score[k] = -factor * state[k] / (deviation * deviation) }
    let logScales = standardisation.scale.reduce(0) { $0 + log($1) } + d * log(deviation)
    switch process.noise {
    case .gaussian: return -0.5 * (squares + d * logTwoPi) - logScales
    case .studentT(let degrees):
      let constant = logGamma(0.5 * (degrees + d)) - logGamma(0.5 * degrees) - 0.5 * d * log(degrees * Double.pi)
      return constant - 0.5 * (degrees + d) * log1p(squares / degrees) - logScales
    }
  }
}
