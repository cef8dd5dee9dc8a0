internal import LinearAlgebra
internal import RealFunctions

/// How well chains have mixed, the worst over all coordinates and log π.
public struct ChainDiagnostics: Sendable, Equatable {
  /// The largest split-R̂: near 1 where halves of chains agree.
  public var splitRHat: Double
  /// The smallest effective sample size of all draws kept.
  public var effectiveSampleSize: Double
  /// The draws kept.
  public var draws: Int
}

/// Split-R̂ and effective sample size of one quantity.
///
/// ```
/// R̂² = (n−1)/n + B/(nW),   ESS = mn / (1 + 2Σ ρ_t)
/// ```
/// Each chain is split into halves, B and W the variances between and within them; ρ_t = 1 − (W − mean autocovariance) /
/// var⁺, summed in pairs while a pair is positive, pairs not rising. Gelman et al., Bayesian Data Analysis (2013),
/// section 11.4; Vehtari et al. 2021, arXiv 1903.08008, whose ranks are not taken here.
///
/// - Parameter chains: draws of each chain, all of one length of at least 4.
/// - Returns: split-R̂ and effective sample size, and the draws in all halves.
public func chainDiagnostics(_ chains: [[Double]]) -> ChainDiagnostics {
  let half = (chains.first?.count ?? 0) / 2
  precondition(half >= 2, "chains of \(2 * half) draws")
  let halves = chains.flatMap { [Array($0.prefix(half)), Array($0.suffix(half))] }
  let (m, n) = (Double(halves.count), Double(half))
  let means = halves.map { $0.reduce(0, +) / n }
  let centred = zip(halves, means).map { chain, mean in chain.map { $0 - mean } }
  let mean = means.reduce(0, +) / m
  let between = n / (m - 1) * means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  // Mean over chains of Σ_i x_i x_{i+t} / n.
  func autocovariance(_ lag: Int) -> Double {
    var sum = 0.0
    for chain in centred {
      let x = chain.span
      for i in 0..<half - lag { sum += x[i] * x[i &+ lag] }
    }
    return sum / (m * n)
  }
  let within = autocovariance(0) * n / (n - 1)
  let total = within * (n - 1) / n + between / n
  guard within > 0 else {
    return ChainDiagnostics(
      splitRHat: between > 0 ? .infinity : 1, effectiveSampleSize: between > 0 ? 0 : m * n, draws: Int(m * n))
  }
  func correlation(_ lag: Int) -> Double { 1 - (within - autocovariance(lag)) / total }
  var (sum, last, lag) = (0.0, Double.infinity, 0)
  while lag + 1 < half {
    let pair = min(last, (lag == 0 ? 1 : correlation(lag)) + correlation(lag + 1))
    guard pair > 0 else { break }
    sum += pair
    last = pair
    lag += 2
  }
  // 1 + 2Σ_{t ≥ 1} ρ = 2 (sum of pairs) − 1; antithetic chains may count for more than their draws, by log₁₀ of these.
  let time = max(2 * sum - 1, 1 / log10(m * n))
  return ChainDiagnostics(
    splitRHat: (total / within).squareRoot(), effectiveSampleSize: m * n / time, draws: Int(m * n))
}

/// Draws of all chains of a chunk, thinned to at most 256 each.
struct ChainHistory {
  private static let most = 256
  private let every: Int
  private var seen = 0
  private let chains: Int
  private let dimension: Int
  // One array for each coordinate and one for log π: draw after draw, all chains.
  private var values: [[Float]]

  init(chains: Int, steps: Int, dimension: Int) {
    every = (steps + Self.most - 1) / Self.most
    self.chains = chains
    self.dimension = dimension
    values = Array(repeating: [], count: dimension + 1)
  }

  mutating func append(_ state: borrowing Matrix, _ logDensity: [Double]) {
    seen += 1
    guard seen % every == 0 else { return }
    for k in 0..<dimension { for row in 0..<chains { values[k].append(state[row, k]) } }
    for row in 0..<chains { values[dimension].append(Float(logDensity[row])) }
  }

  /// The worst of all quantities; nil with fewer than four draws a chain.
  var diagnostics: ChainDiagnostics? {
    let draws = values[0].count / chains
    guard draws >= 4 else { return nil }
    var worst = ChainDiagnostics(splitRHat: 0, effectiveSampleSize: .infinity, draws: 0)
    for quantity in values {
      let each = chainDiagnostics(
        (0..<chains).map { chain in (0..<draws).map { Double(quantity[$0 * chains + chain]) } })
      worst.splitRHat = max(worst.splitRHat, each.splitRHat)
      worst.effectiveSampleSize = min(worst.effectiveSampleSize, each.effectiveSampleSize)
      worst.draws = each.draws
    }
    return worst
  }
}
