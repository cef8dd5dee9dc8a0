import LinearAlgebra
import Randomness
import RealFunctions
import Targets
import Testing

@Suite struct PosteriorSimulatorTests {
  private func draws(_ target: some Target, _ count: Int) -> Matrix {
    var rows = Matrix(rows: count, columns: target.dimension + target.conditions)
    target.draw(RandomStream(seed: 5, purpose: .targetDraw), firstIndex: 0, into: &rows)
    return rows
  }

  private func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let n = Double(a.count)
    let (p, q) = (a.reduce(0, +) / n, b.reduce(0, +) / n)
    let c = zip(a, b).reduce(0.0) { $0 + ($1.0 - p) * ($1.1 - q) }
    let (s, t) = (a.reduce(0.0) { $0 + ($1 - p) * ($1 - p) }, b.reduce(0.0) { $0 + ($1 - q) * ($1 - q) })
    return c / (s * t).squareRoot()
  }

  @Test("slcp's points have the means, scales and correlation that θ says") func simpleLikelihood() {
    let n = 40_000
    let rows = draws(SimpleLikelihood(), n)
    var (first, second, product, cross) = ([Double](), [Double](), [Double](), 0.0)
    for r in 0..<n {
      let theta = (0..<5).map { Double(rows[r, $0]) }
      let a = (Double(rows[r, 7]) - theta[0]) / (theta[2] * theta[2])
      let b = (Double(rows[r, 8]) - theta[1]) / (theta[3] * theta[3])
      let rho = sinh(theta[4]) / cosh(theta[4])
      first.append(a)
      second.append(b)
      product.append(a * b - rho)
      cross += (Double(rows[r, 5]) - theta[0]) / (theta[2] * theta[2]) * a
    }
    // Five standard errors: the products have variances of at most 2; small scales lose digits in single precision.
    let error = 5 * (2 / Double(n)).squareRoot()
    #expect(abs(first.reduce(0) { $0 + $1 * $1 } / Double(n) - 1) < 2 * error)
    #expect(abs(second.reduce(0) { $0 + $1 * $1 } / Double(n) - 1) < 2 * error)
    #expect(abs(product.reduce(0, +) / Double(n)) < 2 * error)
    // Two points are independent.
    #expect(abs(cross / Double(n)) < 2 * error)
  }

  @Test("gaussian-linear's posterior is half of x, with half of the variance") func linear() {
    let n = 100_000
    let rows = draws(LinearGaussianSimulator(), n)
    let (x, rest) = (
      (0..<n).map { Double(rows[$0, 13]) }, (0..<n).map { Double(rows[$0, 3]) - 0.5 * Double(rows[$0, 13]) }
    )
    #expect(abs(correlation(x, rest)) < 5 / Double(n).squareRoot())
    // Five standard errors of a variance of 0.05.
    #expect(abs(rest.reduce(0) { $0 + $1 * $1 } / Double(n) - 0.05) < 5 * 0.05 * (2 / Double(n)).squareRoot())
  }

  @Test("gaussian-mixture's noise is wide in half of the pairs, the same for both coordinates") func twoNoises() {
    let n = 50_000
    let rows = draws(TwoNoisesSimulator(), n)
    var (wide, fourth) = (0, [0.0, 0.0])
    for r in 0..<n {
      let noise = (0..<2).map { Double(rows[r, 2 + $0]) - Double(rows[r, $0]) }
      if noise[0] * noise[0] + noise[1] * noise[1] > 0.25 { wide += 1 }
      fourth[0] += noise[0] * noise[0] * noise[1] * noise[1] / Double(n)
      fourth[1] += noise[0] * noise[0] / Double(n)
    }
    // P(‖N(0, I)‖² > ¼) = e^{−1/8}; of the narrow ones e^{−12.5}.
    #expect(abs(Double(wide) / Double(n) - 0.5 * exp(-0.125)) < 5 * (0.25 / Double(n)).squareRoot())
    #expect(abs(fourth[0] - 0.5) < 0.05 && abs(fourth[1] - 0.505) < 0.02, "\(fourth)")
  }

  @Test("bernoulli-glm spikes more often where its offset is high, and its prior is the benchmark's") func spikes() {
    let n = 20_000
    let rows = draws(SpikeSimulator(), n)
    let (offset, count) = ((0..<n).map { Double(rows[$0, 0]) }, (0..<n).map { Double(rows[$0, 10]) })
    #expect(correlation(offset, count) > 0.8)
    #expect(count.allSatisfy { $0 >= 0 && $0 <= 100 && $0 == $0.rounded() })
    // A tap's sum rises with the tap.
    #expect(correlation((0..<n).map { Double(rows[$0, 3]) }, (0..<n).map { Double(rows[$0, 13]) }) > 0.3)
    // NumPy's inverse of FᵀF.
    let known = [1, 2.8125, 3.34868144, 2.40891022, 1.4795062, 1.21096247, 1.14320898, 0.96158691, 0.77490754]
    let found = SpikeSimulator().standardisation.scale[1...9].map { $0 * $0 }
    for (a, b) in zip(found, known) { #expect(abs(a - b) < 1e-8, "\(a) for \(b)") }
  }
}
