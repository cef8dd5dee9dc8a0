public import Diffusion
public import LinearAlgebra

/// Linear observations y = Hx + noise of the data, in trained coordinates.
public struct Observations: Sendable {
  /// H, one row of d numbers for each observation.
  public let rows: [[Double]]
  /// y.
  public let values: [Double]
  /// The standard deviation of each observation's noise; 0 for none.
  public let deviations: [Double]

  /// Observations of given rows, values and noises, one of each.
  public init(rows: [[Double]], values: [Double], deviations: [Double]) {
    precondition(!rows.isEmpty && rows.count == values.count && rows.count == deviations.count, "\(rows.count) rows")
    precondition(rows.allSatisfy { $0.count == rows[0].count }, "rows of different lengths")
    self.rows = rows
    self.values = values
    self.deviations = deviations
  }
}

/// The score of p_t given linear observations of the data, from the score of p_t.
///
/// ```
/// ∇log p_t(u|y) ≈ ∇log p_t(u) + (∂x̂_0/∂u)ᵀ Hᵀ (HΓHᵀ + diag(sd²))⁻¹ (y − Hx̂_0),   Γ = Cov(x_0|u)
/// ∂x̂_0/∂u = Γ (H_t⁻¹M)ᵀ
/// ```
/// x_0 given u is taken as the Gaussian of its true mean and covariance, both from the score and its derivative (Tweedie's
/// formulas): exact for Gaussian data, an approximation for any other, best at small t. Finzi et al. 2023, arXiv
/// 2306.07526; Boys et al. 2023, arXiv 2310.06721; Song et al. 2023 (ΠGDM) put r²I for Γ. One `vjp` for each observation
/// and evaluation.
public struct ObservedScore<Base: DifferentiableScore>: Score {
  private var base: Base
  private let observations: Observations
  private let work: ObservedWork

  /// The score of `base` given observations in trained coordinates.
  public init(_ base: Base, given observations: Observations) {
    precondition(observations.rows[0].count == base.dimension, "\(observations.rows[0].count) of \(base.dimension)")
    self.base = base
    self.observations = observations
    work = ObservedWork(count: observations.rows.count, columns: base.process.blocks * base.dimension, base.dimension)
  }

  /// The process of `base`.
  public var process: any ForwardProcess { base.process }
  /// d.
  public var dimension: Int { base.dimension }

  /// The corrected score of 256 rows.
  public mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    let kernel = process.kernel(at: t)
    base.evaluate(state, at: t, into: &score)
    kernel.denoise(state, score: score, into: &work.mean)
    let reading = PosteriorMeanReading(kernel)
    for i in observations.rows.indices {
      work.setCotangent(observations.rows[i], reading.score)
      base.vjp(state, at: t, cotangent: work.cotangent, into: &work.product)
      work.keep(i, observations.rows[i], reading.state)
    }
    for row in 0..<state.rows { work.correct(row, observations, kernel, &score) }
  }
}

/// The buffers of an observed score; one owner, never shared.
private final class ObservedWork {
  var mean: Matrix
  var cotangent: Matrix
  var product: Matrix
  // ∂(H_i x̂_0)/∂u, observation after observation.
  private var slopes: Matrix
  private let dimension: Int
  private let count: Int
  private var system: [Double]
  private var residual: [Double]

  init(count: Int, columns: Int, _ dimension: Int) {
    self.count = count
    self.dimension = dimension
    mean = Matrix(rows: Generator.rows, columns: dimension)
    cotangent = Matrix(rows: Generator.rows, columns: columns)
    product = Matrix(rows: Generator.rows, columns: columns)
    slopes = Matrix(rows: count * Generator.rows, columns: columns)
    system = Array(repeating: 0, count: count * count)
    residual = Array(repeating: 0, count: count)
  }

  /// q ⊗ h in every row: x̂_0 = pᵀu + qᵀs.
  func setCotangent(_ h: [Double], _ q: BlockVector) {
    for b in 0..<q.size {
      for k in 0..<dimension {
        let value = Float(q[b] * h[k])
        for row in 0..<cotangent.rows { cotangent[row, b * dimension + k] = value }
      }
    }
  }

  /// Adds what the state itself gives to Jᵀ(q ⊗ h).
  func keep(_ i: Int, _ h: [Double], _ p: BlockVector) {
    for row in 0..<product.rows {
      for b in 0..<p.size {
        for k in 0..<dimension {
          let column = b * dimension + k
          slopes[i * Generator.rows + row, column] = Float(Double(product[row, column]) + p[b] * h[k])
        }
      }
    }
  }

  /// Adds Σ_i w_i ∂(H_i x̂_0)/∂u, w = (HΓHᵀ + diag(sd²))⁻¹ (y − Hx̂_0).
  func correct(_ row: Int, _ given: Observations, _ kernel: Kernel, _ score: inout Matrix) {
    let snr = kernel.signalToNoise
    for i in 0..<count {
      var predicted = 0.0
      for k in 0..<dimension { predicted += given.rows[i][k] * Double(mean[row, k]) }
      residual[i] = given.values[i] - predicted
      for j in 0..<count {
        // Γ H_j is Mᵀ∂(H_j x̂_0)/∂u / snr.
        var sum = 0.0
        for b in 0..<kernel.mean.size {
          for k in 0..<dimension {
            let slope = Double(slopes[j * Generator.rows + row, b * dimension + k])
            sum += kernel.mean[b] / snr * given.rows[i][k] * slope
          }
        }
        system[i * count + j] = sum
      }
    }
    for i in 0..<count {
      for j in 0..<i {
        let middle = 0.5 * (system[i * count + j] + system[j * count + i])
        (system[i * count + j], system[j * count + i]) = (middle, middle)
      }
    }
    for i in 0..<count { system[i * count + i] += given.deviations[i] * given.deviations[i] }
    solve()
    for i in 0..<count {
      for column in 0..<score.columns {
        score[row, column] += Float(residual[i] * Double(slopes[i * Generator.rows + row, column]))
      }
    }
  }

  /// Solves system · w = residual in place by Cholesky's factorisation.
  ///
  /// A learned score's Γ need not be positive: a pivot below a millionth of its diagonal is held there.
  private func solve() {
    for i in 0..<count {
      for j in 0...i {
        var sum = system[i * count + j]
        let diagonal = abs(sum)
        for k in 0..<j { sum -= system[i * count + k] * system[j * count + k] }
        system[i * count + j] =
          i == j ? max(sum, 1e-6 * diagonal, 1e-30).squareRoot() : sum / system[j * count + j]
      }
    }
    for i in 0..<count {
      for k in 0..<i { residual[i] -= system[i * count + k] * residual[k] }
      residual[i] /= system[i * count + i]
    }
    for i in (0..<count).reversed() {
      for k in i + 1..<max(i + 1, count) { residual[i] -= system[k * count + i] * residual[k] }
      residual[i] /= system[i * count + i]
    }
  }
}
