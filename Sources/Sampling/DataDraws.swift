public import Diffusion
public import LinearAlgebra

/// Draws of the data's law in trained coordinates: what is known of x_0 before any observation.
///
/// They give the covariance Σ that bounds Γ = Cov(x_0|u), and the range outside of which no posterior mean lies. Samples
/// of the same score, without observations, serve: Σ is then the covariance that the score itself believes in.
public struct DataDraws: Sendable {
  /// The number of draws.
  public let count: Int
  /// The mean of each coordinate.
  public let mean: [Double]
  /// The variance of each coordinate.
  public let variances: [Double]
  /// The largest distance of a draw from the mean in each coordinate.
  public let largest: [Double]
  // Differences from the mean, row after row.
  private let centred: [Float]

  /// The draws in the rows of a matrix, at least two.
  public init(_ draws: borrowing Matrix) {
    precondition(draws.rows > 1, "\(draws.rows) draws")
    let (n, d) = (draws.rows, draws.columns)
    var (mean, variances) = ([Double](repeating: 0, count: d), [Double](repeating: 0, count: d))
    for r in 0..<n { for k in 0..<d { mean[k] += Double(draws[r, k]) / Double(n) } }
    var centred = [Float](repeating: 0, count: n * d)
    var largest = variances
    for r in 0..<n {
      for k in 0..<d {
        let away = Double(draws[r, k]) - mean[k]
        centred[r * d + k] = Float(away)
        variances[k] += away * away / Double(n - 1)
        largest[k] = max(largest[k], abs(away))
      }
    }
    (count, self.mean, self.variances, self.largest, self.centred) = (n, mean, variances, largest, centred)
  }

  /// The number d of coordinates.
  public var dimension: Int { mean.count }

  /// Whether every draw is finite.
  public var isFinite: Bool { variances.allSatisfy(\.isFinite) }

  /// Σv.
  func covarianceProduct(_ v: [Double]) -> [Double] {
    let along = projections(v)
    var product = [Double](repeating: 0, count: dimension)
    for r in 0..<count {
      let factor = along[r] / Double(count - 1)
      for k in 0..<dimension { product[k].addProduct(factor, Double(centred[r * dimension + k])) }
    }
    return product
  }

  /// The smallest and the largest hᵀx, with a quarter of their distance on either side.
  func range(along h: [Double]) -> ClosedRange<Double> {
    let (centre, along) = (zip(h, mean).reduce(0) { $0 + $1.0 * $1.1 }, projections(h))
    let (low, high) = (along.min() ?? 0, along.max() ?? 0)
    let margin = 0.25 * (high - low)
    return centre + low - margin...centre + high + margin
  }

  /// Where each coordinate of a sample given observations can lie.
  ///
  /// That is within ten times the farthest draw's distance from the mean and what the observations would move Gaussian
  /// data by. Of a coordinate that hardly ever varies the draws show less than there is: there three deviations
  /// of standardised data count as the farthest. A sample beyond says that a score has failed.
  public func plausible(given observations: Observations) -> [ClosedRange<Double>] {
    let images = observations.rows.map { covarianceProduct($0) }
    let m = images.count
    var system = [Double](repeating: 0, count: m * m)
    var residual = observations.values
    for i in 0..<m {
      for j in 0..<m { system[i * m + j] = zip(observations.rows[i], images[j]).reduce(0) { $0 + $1.0 * $1.1 } }
      system[i * m + i] += observations.deviations[i] * observations.deviations[i]
      residual[i] -= zip(observations.rows[i], mean).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let factor = DenseCholesky(system, size: m)
    let weights = factor.solveUpper(factor.solveLower(residual))
    return (0..<dimension).map { k in
      let shift = abs((0..<m).reduce(0) { $0 + images[$1][k] * weights[$1] })
      let reach = 10 * (max(largest[k], 3) + (shift.isFinite ? shift : 0))
      return mean[k] - reach...mean[k] + reach
    }
  }

  private func projections(_ v: [Double]) -> [Double] {
    (0..<count).map { r in
      var sum = 0.0
      for k in 0..<dimension { sum.addProduct(Double(centred[r * dimension + k]), v[k]) }
      return sum
    }
  }
}

/// Γh of Gaussian data of covariance Σ, for one direction h and any signal-to-noise ratio.
///
/// ```
/// (Σ⁻¹ + snr)⁻¹h = f(Σ)h ≈ Σ_j f(λ_j) v_j,   f(λ) = λ/(1 + snr λ)
/// ```
/// λ_j and v_j, the parts of h along Ritz vectors, from Lanczos' process with full orthogonalisation: exact up to 24
/// dimensions, beyond with the accuracy of 24 moments of Σ along h.
struct GaussianCovariance {
  private var parts: [(value: Double, vector: [Double])] = []

  /// Of unit covariance where there are no draws.
  init(_ draws: DataDraws?, along h: [Double]) {
    guard let draws else {
      parts = [(1, h)]
      return
    }
    let length = Self.dot(h, h).squareRoot()
    var basis = [h.map { $0 / length }]
    var (diagonal, below) = ([Double](), [Double]())
    while basis.count <= min(h.count, 24) {
      var next = draws.covarianceProduct(basis[basis.count - 1])
      diagonal.append(Self.dot(next, basis[basis.count - 1]))
      // Twice is enough.
      for _ in 0..<2 {
        for vector in basis {
          let along = Self.dot(next, vector)
          for k in next.indices { next[k] -= along * vector[k] }
        }
      }
      let rest = Self.dot(next, next).squareRoot()
      if !(rest > 1e-7 * (diagonal.max() ?? 0)) || basis.count == min(h.count, 24) { break }
      below.append(rest)
      basis.append(next.map { $0 / rest })
    }
    let n = diagonal.count
    var tridiagonal = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      tridiagonal[i * n + i] = diagonal[i]
      if i > 0 { (tridiagonal[i * n + i - 1], tridiagonal[(i - 1) * n + i]) = (below[i - 1], below[i - 1]) }
    }
    let (values, vectors) = symmetricEigen(tridiagonal, size: n)
    parts = (0..<n).map { j in
      var vector = [Double](repeating: 0, count: h.count)
      for i in 0..<n {
        for k in h.indices { vector[k].addProduct(length * vectors[j] * vectors[i * n + j], basis[i][k]) }
      }
      return (max(values[j], 0), vector)
    }
  }

  /// The product at a signal-to-noise ratio.
  func product(signalToNoise snr: Double) -> [Double] {
    var product = [Double](repeating: 0, count: parts[0].vector.count)
    for part in parts {
      let factor = part.value / (1 + snr * part.value)
      for k in product.indices { product[k].addProduct(factor, part.vector[k]) }
    }
    return product
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}

extension DataDraws {
  /// Draws from a score itself, without observations: 1,024 by 40 steps of `DPMSolverMultistep`, equal in noise level, to
  /// σ = 0.01.
  public static func drawn<S: Score & ~Copyable>(from score: inout S, seed: UInt64) -> DataDraws {
    let process = score.process
    let times = TimeGrid.logSNR.times(steps: 40, of: process, to: process.time(ofNoise: 0.01))
    var generator = Generator(
      process: process, dimension: score.dimension, sampler: DPMSolverMultistep(), times: times, denoises: true,
      seed: seed)
    var all = Matrix(rows: 4 * Generator.rows, columns: score.dimension)
    var chunk = Matrix(rows: Generator.rows, columns: score.dimension)
    for c in 0..<4 {
      generator.generate(chunk: c, score: &score, into: &chunk)
      for row in 0..<chunk.rows { all.copyRow(c * chunk.rows + row, of: chunk, row) }
    }
    return DataDraws(all)
  }
}
