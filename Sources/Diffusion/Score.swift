public import LinearAlgebra

/// A score function s(u, t) = ∇ log p_t(u) of a forward process.
///
/// Conformers may own buffers, hence `~Copyable` and `mutating`.
public protocol Score: ~Copyable {
  /// The process whose marginals p_t are meant.
  var process: any ForwardProcess { get }

  /// The number d of data coordinates.
  var dimension: Int { get }

  /// Writes ∇ log p_t for every row of `state`.
  ///
  /// - Parameters:
  ///   - state: shape `[rows, blocks × dimension]`, block-major.
  ///   - t: the diffusion time, in (0, horizon].
  ///   - score: the result, of the same shape; every element finite.
  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix)

  /// Writes ∇ log p_{t_r}(u_r) for every row r of `state`, each at a time of its own; a row's result does not depend on
  /// the other rows or their times.
  ///
  /// - Parameters:
  ///   - state: shape `[rows, blocks × dimension]`, block-major.
  ///   - times: a diffusion time for each row, in (0, horizon].
  ///   - score: the result, of the same shape.
  mutating func evaluate(_ state: borrowing Matrix, atTimes times: [Double], into score: inout Matrix)

  /// Whether the score comes with v, a learned variance of reverse steps.
  var hasVariance: Bool { get }

  /// Writes ∇ log p_t, and v of the step that leads away from t, for every row of `state`; only where `hasVariance`.
  ///
  /// - Parameters:
  ///   - state: shape `[rows, dimension]`, of a process of one block.
  ///   - t: the diffusion time, in (0, horizon].
  ///   - score: the result, of the same shape.
  ///   - variance: v, of the same shape: 0 for β̃ and 1 for β on a logarithmic scale (`ReverseChain`).
  mutating func evaluate(
    _ state: borrowing Matrix, at t: Double, into score: inout Matrix, variance: inout Matrix)
}

extension Score where Self: ~Copyable {
  /// No variance, unless a score says otherwise.
  public var hasVariance: Bool { false }

  /// A score without a variance must not be asked for it.
  public mutating func evaluate(
    _ state: borrowing Matrix, at t: Double, into score: inout Matrix, variance: inout Matrix
  ) { preconditionFailure("a score without a learned variance") }

  /// The rows of one time after another, each time for the whole matrix: right for any score, and slow.
  public mutating func evaluate(_ state: borrowing Matrix, atTimes times: [Double], into score: inout Matrix) {
    precondition(times.count == state.rows, "\(times.count) times for \(state.rows) rows")
    var all = Matrix(rows: state.rows, columns: state.columns)
    var done = Set<Double>()
    for time in times where done.insert(time).inserted {
      evaluate(state, at: time, into: &all)
      for row in 0..<state.rows where times[row] == time {
        var target = score.mutableRow(row)
        let source = all.row(row)
        for k in target.indices { target[k] = source[k] }
      }
    }
  }
}

/// A score whose Jacobian can be applied from the left, as guidance by observations and likelihoods need.
public protocol DifferentiableScore: Score {
  /// Writes Jᵀc for every row, J = ∂s/∂u.
  ///
  /// - Parameters:
  ///   - state: u, shape `[rows, blocks × dimension]`.
  ///   - t: the diffusion time, in (0, horizon].
  ///   - cotangent: c, of the same shape.
  ///   - result: of the same shape.
  mutating func vjp(
    _ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix)

  /// Writes tr((W ⊗ I) J) of every row, J = ∂s/∂u.
  ///
  /// - Parameters:
  ///   - weight: W, shape c×c, as it acts on the blocks of each coordinate.
  ///   - state: u, shape `[rows, blocks × dimension]`.
  ///   - t: the diffusion time, in (0, horizon].
  ///   - trace: `rows` numbers.
  mutating func weightedTrace(
    _ weight: BlockMatrix, _ state: borrowing Matrix, at t: Double, into trace: inout [Double])

  /// The error to expect of an element of ∂E[x_0|u]/∂u, with the noise whitened and data of unit variance: 0 where the
  /// derivative is exact.
  ///
  /// Γ = Cov(x_0|u) follows from this derivative divided by √snr: a learned one says nothing of Γ where snr is small.
  var derivativeError: Double { get }

  /// Writes E[x_0|u] and Γh for every row, each at a time of its own, accurately at any signal-to-noise ratio.
  ///
  /// - Parameters:
  ///   - state: u, shape `[rows, blocks × dimension]`.
  ///   - times: a diffusion time for each row.
  ///   - directions: h, `dimension` numbers each.
  ///   - moments: the result, of as many rows and directions.
  mutating func posterior(
    _ state: borrowing Matrix, atTimes times: [Double], directions: [[Double]], into moments: inout PosteriorMoments)
}

extension DifferentiableScore {
  /// One `vjp` for each coordinate of each block that W reads: right for any score.
  public mutating func weightedTrace(
    _ weight: BlockMatrix, _ state: borrowing Matrix, at t: Double, into trace: inout [Double]
  ) {
    precondition(trace.count == state.rows, "\(trace.count) traces of \(state.rows) rows")
    var cotangent = Matrix(rows: state.rows, columns: state.columns)
    var product = Matrix(rows: state.rows, columns: state.columns)
    for row in trace.indices { trace[row] = 0 }
    for i in 0..<weight.size where weight.row(i) != BlockVector(size: weight.size, repeating: 0) {
      for k in 0..<dimension {
        cotangent.fill(0)
        for row in trace.indices {
          for j in 0..<weight.size { cotangent[row, j * dimension + k] = Float(weight[i, j]) }
        }
        vjp(state, at: t, cotangent: cotangent, into: &product)
        for row in trace.indices { trace[row] += Double(product[row, i * dimension + k]) }
      }
    }
  }
}

/// A probability density that is known up to a constant, with its gradient: what Langevin samplers without a process
/// need.
public protocol LogDensity {
  /// The number d of coordinates.
  var dimension: Int { get }

  /// Writes log p and ∇ log p of every row.
  ///
  /// - Parameters:
  ///   - points: shape `[rows, dimension]`.
  ///   - logDensity: `rows` numbers, right up to one constant.
  ///   - gradient: shape `[rows, dimension]`.
  mutating func evaluate(_ points: borrowing Matrix, logDensity: inout [Double], gradient: inout Matrix)
}

extension Kernel {
  /// The posterior mean E[x_0 | u] from the score, by Tweedie's formula.
  ///
  /// ```
  /// H s = M E[x_0|u] − u,   so   E[x_0|u] = Mᵀ(H⁻¹u + s) / (MᵀH⁻¹M)
  /// ```
  /// With two blocks this is the least-squares reading of two equations for one unknown, weighted by H⁻¹. Where a
  /// score's blocks agree it is exact; a score learned with errors in both loses less than from its last block alone,
  /// which for ε > 0 multiplies the error by ε²/(a²v²) at small times.
  ///
  /// - Parameters:
  ///   - state: u, shape `[rows, blocks × dimension]`.
  ///   - score: s at u, of the same shape.
  ///   - mean: the result, shape `[rows, dimension]`.
  public func denoise(_ state: borrowing Matrix, score: borrowing Matrix, into mean: inout Matrix) {
    let weights = tweedie
    mean.assign(weights.state, times: state, dimension: mean.columns)
    mean.add(weights.score, times: score, dimension: mean.columns)
  }

  /// The coefficients of `denoise`, in the first row of each matrix: H⁻¹M / snr for the state and
  /// M / snr for the score.
  public var tweedie: (state: BlockMatrix, score: BlockMatrix) {
    let first = BlockVector.first(mean.size).scaled(by: 1 / signalToNoise)
    return (first.outer(precisionMean), first.outer(mean))
  }
}
