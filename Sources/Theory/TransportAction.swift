public import Diffusion
public import LinearAlgebra
internal import Metrics
public import Randomness
internal import RealFunctions
internal import Sampling

/// The action of an annealed path by optimal transport between neighbouring marginals.
///
/// ```
/// 𝒜_K = K Σ_k W2²(μ_{k/K}, μ_{(k+1)/K}) ≤ 𝒜,   𝒜 = 𝒜_K + O(K⁻²)
/// ```
/// The part of the mean, ¼π²|E X|²∫cos², is known. For the rest W2² is estimated from independent sets a and b of n rows, by optimal
/// assignment. Sampling makes that too large, and by about as much as it makes two sets of one law differ: so half of W2²(a, a') and
/// half of W2²(b, b') are subtracted. The value is Richardson's extrapolation from K and 2K segments. Its error is twice the root of
/// the squared standard error over the repeats plus the squared last correction.
public struct TransportAction: Sendable {
  /// A value with the error that is stated for it.
  public struct Estimate: Sendable, Equatable {
    /// 𝒜.
    public var value: Double
    /// Two standard errors, the correction's size among them.
    public var error: Double
  }

  /// K; 2K is taken as well.
  public let segments: Int
  /// n, at most `ExactWasserstein/mostRows`.
  public let rows: Int
  /// How often all is repeated with other draws.
  public let repeats: Int
  private let process: AnnealedPath
  private let mean: [Double]
  private let seed: UInt64
  private let draw: @Sendable (RandomStream, inout Matrix) -> Void

  /// The action of a cosine path.
  ///
  /// - Parameters:
  ///   - process: the path.
  ///   - mean: E X, d numbers.
  ///   - segments: K.
  ///   - rows: n.
  ///   - repeats: how often all is repeated.
  ///   - seed: the key of all draws.
  ///   - draw: fills n independent rows of X for each stream.
  public init(
    process: AnnealedPath, mean: [Double], segments: Int = 4, rows: Int = 300, repeats: Int = 8, seed: UInt64,
    draw: @escaping @Sendable (RandomStream, inout Matrix) -> Void
  ) {
    precondition(segments > 0 && rows > 1 && repeats > 1, "\(segments) segments, \(rows) rows, \(repeats) repeats")
    precondition(process.annealing == .cosine, "the mean's part is that of the cosine path")
    self.process = process
    self.mean = mean
    self.segments = segments
    self.rows = rows
    self.repeats = repeats
    self.seed = seed
    self.draw = draw
  }

  /// The number of terms: for each repeat, those of K and of 2K segments.
  public var terms: Int { repeats * 3 * segments }

  /// K W2² of one segment of one repeat, debiased.
  public func term(_ i: Int) throws -> Double {
    let (number, j) = i.quotientAndRemainder(dividingBy: 3 * segments)
    let (count, k) = j < segments ? (segments, j) : (2 * segments, j - segments)
    let times = [Double(k) / Double(count), Double(k + 1) / Double(count)]
    let place = UInt64(4 * (number * 3 * segments + j))
    func distance(_ first: borrowing Matrix, _ second: borrowing Matrix) throws -> Double {
      var solver = ExactWasserstein()
      try solver.setReference(first)
      let value = try solver.values(to: second)[0]
      return value * value
    }
    let a = sample(times[0], place)
    let b = sample(times[1], place + 1)
    let otherA = sample(times[0], place + 2)
    let otherB = sample(times[1], place + 3)
    let own = try distance(a, otherA) + distance(b, otherB)
    return 0.5 * Double(count) * (try distance(a, b) + distance(otherA, otherB) - own)
  }

  /// The estimate that all terms give.
  public func estimate(_ terms: [Double]) -> Estimate {
    var (coarse, fine) = ([Double](), [Double]())
    for number in 0..<repeats {
      let own = terms[number * 3 * segments..<(number + 1) * 3 * segments]
      coarse.append(own.prefix(segments).reduce(0, +))
      fine.append(own.dropFirst(segments).reduce(0, +))
    }
    let values = Spread(errorOf: zip(coarse, fine).map { ($1 * 4 - $0) / 3 })
    let correction = (Spread(errorOf: fine).mean - Spread(errorOf: coarse).mean) / 3
    let centre = 0.125 * Double.pi * Double.pi * mean.reduce(0) { $0 + $1 * $1 }
    return Estimate(
      value: centre + values.mean,
      error: 2 * (values.deviation * values.deviation + correction * correction).squareRoot())
  }

  /// Rows of μ less its mean at annealing time t, which is diffusion time 1 − t.
  private func sample(_ t: Double, _ place: UInt64) -> Matrix {
    let dimension = mean.count
    let kernel = process.kernel(at: process.horizon * (1 - t))
    var data = Matrix(rows: rows, columns: dimension)
    var noise = Matrix(rows: rows, columns: dimension)
    draw(RandomStream(seed: seed, purpose: .targetDraw, step: place), &data)
    for r in 0..<rows { for k in 0..<dimension { data[r, k] -= Float(mean[k]) } }
    process.noise.fill(&noise, columns: dimension, seed: seed &+ 0x9E37_79B9_7F4A_7C15 &* (place + 1), firstIndex: 0)
    var state = Matrix(rows: rows, columns: dimension)
    state.assign(BlockMatrix(kernel.mean[0]), times: data, dimension: dimension)
    state.add(kernel.cholesky, times: noise, dimension: dimension)
    return state
  }
}

/// The action of a path from a Gaussian base with an exact score, by Monte Carlo over the path's own draws.
///
/// ```
/// 𝒜 = ∫₀¹ E|v_t(X_t)|² dt,   v the velocity of the probability flow: a gradient, hence optimal
/// ```
/// - Parameters:
///   - process: the path.
///   - data: x_0 in trained coordinates, shape `[rows, dimension]`.
///   - score: the exact score of the process.
///   - seed: the key of the noise.
/// - Returns: ∫|v|²dt of each row, at 24 Gauss–Legendre times.
public func actionSamples<S: Score & ~Copyable>(
  _ process: AnnealedPath, _ data: borrowing Matrix, score: inout S, seed: UInt64
) -> [Double] {
  let (rows, d) = (data.rows, data.columns)
  var noise = Matrix(rows: rows, columns: d)
  process.noise.fill(&noise, columns: d, seed: seed, firstIndex: 0)
  var sums = [Double](repeating: 0, count: rows)
  var state = Matrix(rows: rows, columns: d)
  var slope = Matrix(rows: rows, columns: d)
  var mean = Matrix(rows: rows, columns: d)
  GaussLegendre.forEachNode(from: 0, to: process.horizon, panels: 3) { t, weight in
    let kernel = process.kernel(at: t)
    state.assign(BlockMatrix(kernel.mean[0]), times: data, dimension: d)
    state.add(kernel.cholesky, times: noise, dimension: d)
    score.evaluate(state, at: t, into: &slope)
    kernel.denoise(state, score: slope, into: &mean)
    let velocity = process.pathVelocity(at: t)
    // |v|² is per unit of diffusion time; annealing time runs `horizon` times as fast.
    for r in 0..<rows {
      for k in 0..<d {
        let v = velocity.state[0, 0] * Double(state[r, k]) + velocity.mean[0] * Double(mean[r, k])
        sums[r] += process.horizon * weight * v * v
      }
    }
  }
  return sums
}
