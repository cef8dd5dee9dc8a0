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
    var residual = [Double](repeating: 0, count: m)
    for i in 0..<m {
      var predicted = 0.0
      for k in shift.indices { predicted.addProduct(given.rows[i][k], Double(moments.mean[row, k])) }
      if let range = ranges?[i] { predicted = min(max(predicted, range.lowerBound), range.upperBound) }
      residual[i] = given.values[i] - predicted
    }
    let held = hold(row, moments, system)
    var total = system.restore(held.values, held.vectors)
    for i in 0..<m { total[i * m + i] += given.deviations[i] * given.deviations[i] }
    let factor = DenseCholesky(total, size: m)
    let whitened = factor.solveLower(residual)
    let weights = system.factor.multiplyUpper(factor.solveUpper(whitened))
    setShift(row, moments, system, held, weights)
    return -0.5 * whitened.reduce(0) { $0 + $1 * $1 } - factor.diagonal.reduce(0) { $0 + log($1) }
  }

  /// The eigenvalues of HΓHᵀ beside HΓ_gHᵀ: as they are and as they are held, with their vectors.
  private struct Held {
    var raw: [Double]
    var values: [Double]
    var vectors: [Double]
    var share: Double
  }

  private mutating func hold(_ row: Int, _ moments: borrowing PosteriorMoments, _ system: GaussianSystem) -> Held {
    let (m, snr) = (given.values.count, system.signalToNoise)
    let share = error > 0 ? snr * snr / (snr * snr + error * error) : 1
    var matrix = [Double](repeating: 0, count: m * m)
    for i in 0..<m {
      for j in 0..<m {
        var sum = 0.0
        for k in shift.indices {
          sum.addProduct(given.rows[i][k], product(j, row, k, moments, system, share))
        }
        matrix[i * m + j] += 0.5 * sum
        matrix[j * m + i] += 0.5 * sum
      }
    }
    let (raw, vectors) = symmetricEigen(system.whiten(matrix), size: m)
    let (low, high) = error > 0 ? (1e-3, 1 + snr) : (1e-9, Double.infinity)
    let values = raw.map { $0.isNaN ? 1 : min(max($0, low), high) }
    counts.rows += 1
    if zip(raw, values).contains(where: { !(abs($0 - $1) <= 0.5 * $1) }) { counts.held += 1 }
    return Held(raw: raw, values: values, vectors: vectors, share: share)
  }

  /// Element k of Γh_i, averaged with Γ_gh_i.
  private func product(
    _ i: Int, _ row: Int, _ k: Int, _ moments: borrowing PosteriorMoments, _ system: GaussianSystem, _ share: Double
  ) -> Double {
    let known = system.products[i][k]
    guard share > 0 else { return known }
    return known + share * (Double(moments.products[i * moments.mean.rows + row, k]) - known)
  }

  /// Σ_j c_j (λ'_j Γ_g h̃_j + f_j (Γ − λ_j Γ_g) h̃_j), h̃_j the combinations of observations that the eigenvectors name.
  private mutating func setShift(
    _ row: Int, _ moments: borrowing PosteriorMoments, _ system: GaussianSystem, _ held: Held, _ weights: [Double]
  ) {
    let m = given.values.count
    for k in shift.indices { shift[k] = 0 }
    for j in 0..<m {
      let combination = system.factor.solveUpper((0..<m).map { held.vectors[$0 * m + j] })
      let along = (0..<m).reduce(0) { $0 + held.vectors[$1 * m + j] * weights[$1] }
      var (straight, across) = ([Double](repeating: 0, count: shift.count), [Double](repeating: 0, count: shift.count))
      var longest = 0.0
      for k in shift.indices {
        for i in 0..<m where combination[i] != 0 {
          straight[k].addProduct(combination[i], system.products[i][k])
          across[k].addProduct(combination[i], product(i, row, k, moments, system, held.share))
        }
        across[k].addProduct(-held.raw[j], straight[k])
        longest = max(longest, abs(across[k]) / max(variances[k] * held.values[j], 1e-300).squareRoot())
      }
      // |Γh̃|_k² ≤ Γ_kk h̃ᵀΓh̃ for a covariance.
      let factor = error > 0 ? (longest > 1 ? 1 / longest : longest.isNaN ? 0 : 1) : 1
      for k in shift.indices { shift[k] += along * (held.values[j] * straight[k] + factor * across[k]) }
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

  /// L⁻¹ A L⁻ᵀ.
  func whiten(_ matrix: [Double]) -> [Double] {
    let m = factor.size
    var half = matrix
    for i in 0..<m {
      let row = factor.solveLower(Array(matrix[i * m..<(i + 1) * m]))
      for j in 0..<m { half[i * m + j] = row[j] }
    }
    var result = half
    for j in 0..<m {
      let column = factor.solveLower((0..<m).map { half[$0 * m + j] })
      for i in 0..<m { result[i * m + j] = column[i] }
    }
    for i in 0..<m {
      for j in 0..<i {
        let middle = 0.5 * (result[i * m + j] + result[j * m + i])
        (result[i * m + j], result[j * m + i]) = (middle, middle)
      }
    }
    return result
  }

  /// L V diag(values) Vᵀ Lᵀ.
  func restore(_ values: [Double], _ vectors: [Double]) -> [Double] {
    let m = factor.size
    var result = [Double](repeating: 0, count: m * m)
    for j in 0..<m {
      let image = (0..<m).map { i in (0...i).reduce(0) { $0 + factor.factor[i * m + $1] * vectors[$1 * m + j] } }
      for i in 0..<m { for k in 0..<m { result[i * m + k] += values[j] * image[i] * image[k] } }
    }
    return result
  }
}
