internal import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// Kalman's update of x_0 given u by observations, with x_0 given u taken as a Gaussian of its mean and covariance Γ.
///
/// ```
/// shift = ΓHᵀ(HΓHᵀ + R)⁻¹ (y − Hx̂_0),   p(y|u) ≈ N(y; Hx̂_0, HΓHᵀ + R),   R = diag(sd²)
/// ```
/// Exact for Gaussian data. Γ from a learned derivative of error δ is wrong by δ/√snr: it need be neither positive nor
/// near the truth. It is held to what is known of the data, Γ_g = (Σ⁻¹ + snr)⁻¹ being that of Gaussian data:
/// - where snr is small Γ_g is nearly right and Γ nearly noise: they are averaged, Γ with the weight snr²/(snr² + δ²);
/// - the eigenvalues of HΓHᵀ beside HΓ_gHᵀ stay between 1/1000 and 1 + snr, where Γ is Σ: no observation can tell less of
///   the data than none, and between modes it may tell more than of Gaussian data;
/// - Γh is shortened across Γ_gh where it is longer than a covariance of these variances can be.
/// For an exact derivative δ = 0 and only rounding is held back. All of this is ours.
struct ObservationUpdate {
  private let given: Observations
  private let error: Double
  private let gaussian: [GaussianCovariance]
  private let variances: [Double]
  private let ranges: [ClosedRange<Double>]?
  private var system: GaussianSystem?
  private var work: Work
  /// x̂_0 moves by this, d numbers, after `update`.
  private(set) var shift: [Double]
  /// How many rows have been updated, and how many of them needed an eigenvalue held by more than half of itself.
  private(set) var counts = (rows: 0, held: 0)

  /// The update by some observations, of a derivative with a known error, of data that some draws describe.
  init(_ given: Observations, draws: DataDraws?, derivativeError: Double) {
    self.given = given
    error = derivativeError
    gaussian = given.rows.map { GaussianCovariance(draws, along: $0) }
    variances = draws?.variances ?? Array(repeating: 1, count: given.rows[0].count)
    ranges = draws.map { draws in given.rows.map { draws.range(along: $0) } }
    shift = Array(repeating: 0, count: given.rows[0].count)
    work = Work(observations: given.values.count, dimension: shift.count)
  }

  /// One row's numbers, in memory that all rows use.
  private struct Work {
    /// HΓHᵀ beside HΓ_gHᵀ, its eigenvectors, and a vector of one number for each observation.
    var matrix, vectors, vector: [Double]
    /// The eigenvalues as they are and as they are held.
    var raw, values: [Double]
    /// (HΓHᵀ + R)⁻¹ of the residual, in the eigenvectors' space.
    var weights: [Double]
    var factor: DenseCholesky
    /// Γ_gh̃ and (Γ − λΓ_g)h̃ of one eigenvector.
    var straight, across: [Double]
    /// The weight of Γ beside Γ_g.
    var share = 1.0

    init(observations m: Int, dimension d: Int) {
      vector = [Double](repeating: 0, count: m)
      (raw, values, weights) = (vector, vector, vector)
      matrix = [Double](repeating: 0, count: m * m)
      vectors = matrix
      factor = DenseCholesky(matrix, size: m)
      straight = [Double](repeating: 0, count: d)
      across = straight
    }
  }

  /// Updates one row.
  ///
  /// - Parameters:
  ///   - row: the row of `moments`, whose directions are the observations'.
  ///   - moments: E[x_0|u] and ΓHᵀ.
  ///   - snr: the signal-to-noise ratio at the row's time.
  /// - Returns: log p(y|u), up to a constant.
  mutating func update(row: Int, _ moments: borrowing PosteriorMoments, signalToNoise snr: Double) -> Double {
    if system?.signalToNoise != snr { system = GaussianSystem(given, gaussian, snr) }
    guard let system else { return 0 }
    let m = given.values.count
    hold(row, moments, system)
    system.restore(work.values, work.vectors, into: &work.matrix, &work.vector)
    for i in 0..<m { work.matrix[i * m + i] += given.deviations[i] * given.deviations[i] }
    work.factor.replace(by: work.matrix)
    for i in 0..<m {
      var predicted = 0.0
      for k in shift.indices { predicted.addProduct(given.rows[i][k], Double(moments.mean[row, k])) }
      if let range = ranges?[i] { predicted = min(max(predicted, range.lowerBound), range.upperBound) }
      work.weights[i] = given.values[i] - predicted
    }
    work.factor.solveLower(inPlace: &work.weights)
    let square = work.weights.reduce(0) { $0 + $1 * $1 }
    work.factor.solveUpper(inPlace: &work.weights)
    system.factor.multiplyUpper(inPlace: &work.weights)
    setShift(row, moments, system)
    return -0.5 * square - work.factor.halfLogDeterminant
  }

  /// Finds the eigenvalues of HΓHᵀ beside HΓ_gHᵀ, and holds them.
  private mutating func hold(_ row: Int, _ moments: borrowing PosteriorMoments, _ system: GaussianSystem) {
    let (m, snr) = (given.values.count, system.signalToNoise)
    work.share = error > 0 ? snr * snr / (snr * snr + error * error) : 1
    for i in work.matrix.indices { work.matrix[i] = 0 }
    for i in 0..<m {
      for j in 0..<m {
        var sum = 0.0
        for k in shift.indices { sum.addProduct(given.rows[i][k], product(j, row, k, moments, system)) }
        work.matrix[i * m + j] += 0.5 * sum
        work.matrix[j * m + i] += 0.5 * sum
      }
    }
    system.whiten(&work.matrix, &work.vector)
    diagonalise(&work.matrix, &work.vectors, size: m)
    let (low, high) = error > 0 ? (1e-3, 1 + snr) : (1e-9, Double.infinity)
    var isHeld = false
    for j in 0..<m {
      let raw = work.matrix[j * m + j]
      let value = raw.isNaN ? 1 : min(max(raw, low), high)
      if !(abs(raw - value) <= 0.5 * value) { isHeld = true }
      (work.raw[j], work.values[j]) = (raw, value)
    }
    counts.rows += 1
    if isHeld { counts.held += 1 }
  }

  /// Element k of Γh_i, averaged with Γ_gh_i.
  private func product(
    _ i: Int, _ row: Int, _ k: Int, _ moments: borrowing PosteriorMoments, _ system: GaussianSystem
  ) -> Double {
    let known = system.products[i][k]
    guard work.share > 0 else { return known }
    return known + work.share * (Double(moments.products[i * moments.mean.rows + row, k]) - known)
  }

  /// Σ_j c_j (λ'_j Γ_g h̃_j + f_j (Γ − λ_j Γ_g) h̃_j), h̃_j the combinations of observations that the eigenvectors name.
  private mutating func setShift(_ row: Int, _ moments: borrowing PosteriorMoments, _ system: GaussianSystem) {
    let m = given.values.count
    for k in shift.indices { shift[k] = 0 }
    for j in 0..<m {
      var along = 0.0
      for i in 0..<m {
        along += work.vectors[i * m + j] * work.weights[i]
        work.vector[i] = work.vectors[i * m + j]
      }
      system.factor.solveUpper(inPlace: &work.vector)
      var longest = 0.0
      for k in shift.indices {
        var (straight, across) = (0.0, 0.0)
        for i in 0..<m where work.vector[i] != 0 {
          straight.addProduct(work.vector[i], system.products[i][k])
          across.addProduct(work.vector[i], product(i, row, k, moments, system))
        }
        across.addProduct(-work.raw[j], straight)
        longest = max(longest, abs(across) / max(variances[k] * work.values[j], 1e-300).squareRoot())
        (work.straight[k], work.across[k]) = (straight, across)
      }
      // |Γh̃|_k² ≤ Γ_kk h̃ᵀΓh̃ for a covariance.
      let factor = error > 0 ? (longest > 1 ? 1 / longest : longest.isNaN ? 0 : 1) : 1
      for k in shift.indices { shift[k] += along * (work.values[j] * work.straight[k] + factor * work.across[k]) }
    }
  }
}

/// Γ_gHᵀ and HΓ_gHᵀ = LLᵀ at one signal-to-noise ratio.
private struct GaussianSystem {
  let signalToNoise: Double
  let products: [[Double]]
  let factor: DenseCholesky

  init(_ given: Observations, _ gaussian: [GaussianCovariance], _ snr: Double) {
    signalToNoise = snr
    products = gaussian.map { $0.product(signalToNoise: snr) }
    let m = given.rows.count
    var matrix = [Double](repeating: 0, count: m * m)
    for i in 0..<m {
      for j in 0..<m { matrix[i * m + j] = zip(given.rows[i], products[j]).reduce(0) { $0 + $1.0 * $1.1 } }
      // A direction in which the data does not vary is given a millionth of its length, not none.
      matrix[i * m + i] += 1e-12 * given.rows[i].reduce(0) { $0 + $1 * $1 } / (1 + snr)
    }
    factor = DenseCholesky(matrix, size: m)
  }

  /// A ← L⁻¹ A L⁻ᵀ, with room for one row.
  func whiten(_ a: inout [Double], _ vector: inout [Double]) {
    let m = factor.size
    for i in 0..<m {
      for j in 0..<m { vector[j] = a[i * m + j] }
      factor.solveLower(inPlace: &vector)
      for j in 0..<m { a[i * m + j] = vector[j] }
    }
    for j in 0..<m {
      for i in 0..<m { vector[i] = a[i * m + j] }
      factor.solveLower(inPlace: &vector)
      for i in 0..<m { a[i * m + j] = vector[i] }
    }
    for i in 0..<m {
      for j in 0..<i {
        let middle = 0.5 * (a[i * m + j] + a[j * m + i])
        (a[i * m + j], a[j * m + i]) = (middle, middle)
      }
    }
  }

  /// L V diag(values) Vᵀ Lᵀ, with room for one column.
  func restore(_ values: [Double], _ vectors: [Double], into result: inout [Double], _ image: inout [Double]) {
    let m = factor.size
    for i in result.indices { result[i] = 0 }
    for j in 0..<m {
      for i in 0..<m {
        var sum = 0.0
        for k in 0...i { sum += factor.factor[i * m + k] * vectors[k * m + j] }
        image[i] = sum
      }
      for i in 0..<m { for k in 0..<m { result[i * m + k] += values[j] * image[i] * image[k] } }
    }
  }
}
