public import LinearAlgebra
public import Randomness
internal import RealFunctions

/// Rows (θ | x) of a Bernoulli generalised linear model of spikes: an offset and a filter of nine taps, and ten sums.
///
/// ```
/// θ_1 ~ N(0, 2),   F(θ_2 … θ_10) ~ N(0, I),   F = (1 − S)² + diag √(i/9), S the shift by one tap
/// y_t ~ Bernoulli(1/(1 + e^{−(Xθ)_t})),   x = Xᵀy,   X = (1, I_t, I_{t−1}, … I_{t−8}), t = 1 … 100
/// ```
/// I is one white noise, the benchmark's: NumPy's `RandomState(42).randn(100)`. Lueckmann et al. 2021, arXiv 2101.04653,
/// after Gonçalves et al. 2020.
public struct SpikeSimulator: Target, Equatable {
  /// The simulator; it has no parameters.
  public init() {}

  /// An offset and nine taps θ.
  public var dimension: Int { 10 }

  /// The number of spikes and nine sums of the stimulus before them.
  public var conditions: Int { 10 }

  /// The stimulus at t = 1 … 100.
  private static let stimulus: [Double] = [
    0.49671414, -0.1382643, 0.64768857, 1.5230298, -0.23415338, -0.23413695, 1.5792128, 0.7674347, -0.46947438,
    0.54256004, -0.46341768, -0.46572974, 0.24196227, -1.9132802, -1.7249179, -0.5622875, -1.0128311, 0.31424734,
    -0.9080241, -1.4123037, 1.4656488, -0.2257763, 0.0675282, -1.4247482, -0.54438275, 0.11092259, -1.1509936,
    0.37569803, -0.6006387, -0.29169375, -0.6017066, 1.8522782, -0.013497225, -1.0577109, 0.82254493, -1.2208437,
    0.2088636, -1.9596701, -1.328186, 0.19686124, 0.73846656, 0.17136829, -0.115648285, -0.30110368, -1.478522,
    -0.7198442, -0.46063876, 1.0571222, 0.3436183, -1.7630402, 0.32408398, -0.38508227, -0.676922, 0.6116763,
    1.0309995, 0.93128014, -0.83921754, -0.3092124, 0.33126342, 0.9755451, -0.47917423, -0.18565898, -1.1063349,
    -1.1962066, 0.8125258, 1.35624, -0.07201012, 1.0035329, 0.361636, -0.6451197, 0.3613956, 1.5380366,
    -0.03582604, 1.5646436, -2.619745, 0.8219025, 0.08704707, -0.29900736, 0.09176078, -1.9875689, -0.21967189,
    0.35711256, 1.4778941, -0.5182702, -0.8084936, -0.501757, 0.9154021, 0.32875112, -0.5297602, 0.51326746,
    0.09707755, 0.968645, -0.70205307, -0.32766214, -0.39210814, -1.4635149, 0.2961203, 0.26105526, 0.005113457,
    -0.23458713,
  ]

  /// A draw takes 110 variates of its index: θ, then a uniform number for each time.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    precondition(rows.columns == 20, "\(rows.columns) columns for ten parameters and ten conditions")
    let stimulus = Self.stimulus
    for row in 0..<rows.rows {
      var variates = stream.row(firstIndex + UInt64(row))
      var theta = [Double(2).squareRoot() * variates.nextNormal()]
      theta += Self.filter((0..<9).map { _ in variates.nextNormal() })
      var sums = [Double](repeating: 0, count: 10)
      for t in stimulus.indices {
        let taps = 0..<min(9, t + 1)
        let potential = taps.reduce(theta[0]) { $0 + theta[$1 + 1] * stimulus[t - $1] }
        guard variates.nextUniform() < 1 / (1 + exp(-potential)) else { continue }
        sums[0] += 1
        for k in taps { sums[k + 1] += stimulus[t - k] }
      }
      for k in 0..<10 { (rows[row, k], rows[row, 10 + k]) = (Float(theta[k]), Float(sums[k])) }
    }
  }

  /// The solution f of F f = z: F has three diagonals, 1 + √(i/9), −2 and 1.
  private static func filter(_ z: [Double]) -> [Double] {
    var f: [Double] = []
    for i in z.indices {
      let known = z[i] + (i > 0 ? 2 * f[i - 1] : 0) - (i > 1 ? f[i - 2] : 0)
      f.append(known / (1 + (Double(i) / 9).squareRoot()))
    }
    return f
  }

  /// E x = ½ Xᵀ1 by symmetry and Var θ from F⁻¹; the variances of x are those of 200,000 draws.
  public var standardisation: Standardisation { Self.moments }

  private static let moments: Standardisation = {
    var parameters = [Double](repeating: 0, count: 10)
    parameters[0] = 2
    for k in 0..<9 {
      let column = filter((0..<9).map { $0 == k ? 1 : 0 })
      for i in 0..<9 { parameters[i + 1] += column[i] * column[i] }
    }
    let stimulus = Self.stimulus
    let means = [50] + (0..<9).map { k in 0.5 * stimulus.dropLast(k).reduce(0, +) }
    let count = 200_000
    var rows = Matrix(rows: count, columns: 20)
    SpikeSimulator().draw(RandomStream(seed: 0, purpose: .targetDraw), firstIndex: 0, into: &rows)
    let spreads = (0..<10).map { k in
      (0..<count).reduce(0.0) { sum, r in
        let away = Double(rows[r, 10 + k]) - means[k]
        return sum + away * away / Double(count)
      }
    }
    return Standardisation(mean: [Double](repeating: 0, count: 10) + means, variance: parameters + spreads)
  }()
}
