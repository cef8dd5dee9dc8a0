import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Randomness
import RealFunctions
import TestSupport
import Testing

@testable import Training

/// Variational dequantisation: its density against quadrature, and the bound with an exact score.
@Suite struct DequantiserTests {
  static func model(
    _ process: any ForwardProcess = VariancePreserving(), d: Int = 1, conditions: Int = 0, widths: [Int] = [16, 16],
    output: NetworkOutput = .posteriorMean, weight: LossWeight? = nil, isLearned: Bool = true
  ) -> ScoreModel {
    var model = ScoreModel(
      process: process, dimension: d, conditions: conditions, output: output, conditioning: .data, weight: weight,
      widths: widths, activation: .silu, residual: true, embedding: TimeEmbedding(kind: .sinusoidal, features: 4),
      seed: 1)
    if isLearned { model.dequantiser = Dequantiser(dimension: d, widths: [12, 12]) }
    return model
  }

  /// Fresh parameters, but for one law of the noise for every row: μ and ln σ of each column.
  private static func parameters(_ model: ScoreModel, means: [Double], logDeviations: [Double]) throws -> Matrix {
    var parameters = model.initialParameters(seed: 3)
    let dequantiser = try #require(model.dequantiser)
    let bias = ParameterLayout(dequantiser.network).bias(dequantiser.network.layerCount - 1)
    let first = dequantiser.elements(of: model.layout).lowerBound + bias.offset
    for (j, (mean, log)) in zip(means, logDeviations).enumerated() {
      parameters[0, first + j] = Float(mean)
      parameters[0, first + means.count + j] = Float(5 * atanh(log / 5))
    }
    return parameters
  }

  private static func dequantiser(_ model: ScoreModel, _ parameters: consuming Matrix) throws -> NetworkDequantiser {
    let dequantiser = NetworkDequantiser(model: model, parameters: parameters)
    return try #require(dequantiser)
  }

  /// E_q of ln q(u) − ln f(u), by a million of midpoints of v, with q's density written out anew.
  private static func divergence(_ mean: Double, _ logDeviation: Double, _ logDensity: (Double) -> Double) -> Double {
    let (count, sigma) = (1_000_000, Foundation.exp(logDeviation))
    return (0..<count).reduce(0.0) { sum, i in
      let v = (Double(i) + 0.5) / Double(count)
      let u = 1 / (1 + Foundation.exp(-mean - sigma * Foundation.log(v / (1 - v))))
      // Of v = S((logit u − μ)/σ) the slope is v(1 − v)/(σ u (1 − u)).
      return sum + Foundation.log(v * (1 - v) / (sigma * u * (1 - u))) - logDensity(u)
    } / Double(count)
  }

  // MARK: The law

  @Test("a fresh dequantiser's noise is uniform noise of the same numbers, and columns without levels stay")
  func fresh() throws {
    let model = Self.model(d: 3)
    let dequantiser = try Self.dequantiser(model, model.initialParameters(seed: 1))
    let noise = try #require(Dequantisation(widths: [0.5, 0, 2]))
    let stream = RandomStream(seed: 5, purpose: .dequantisation)
    var rows = normals(300, 3, seed: 2)
    var known = normals(300, 3, seed: 2)
    let densities = dequantiser.add(noise, to: &rows, stream)
    noise.add(to: &known, firstIndex: 0, stream)
    // Two roundings of logarithms up to 17.
    #expect(densities.count == 300 && densities.allSatisfy { abs($0) < 1e-13 })
    let worst = (0..<rows.count).reduce(0) { unsafe max($0, abs(rows.pointer[$1] - known.pointer[$1])) }
    // Both round a number of size 4 to single precision.
    #expect(worst < 1e-6, "\(worst)")
  }

  @Test(
    "the noise's density is the one of its draws: the weights p/q have the cells' masses for their mean",
    arguments: [(0.8, -0.4), (-1.5, 0.3), (0, 0.6)])
  func weights(mean: Double, logDeviation: Double) throws {
    let model = Self.model()
    let parameters = try Self.parameters(model, means: [mean], logDeviations: [logDeviation])
    let dequantiser = try Self.dequantiser(model, parameters)
    let noise = try #require(Dequantisation(widths: [1]))
    // Of σ ≤ ½ the weights would have no variance.
    let (levels, count) = ([-1.5, -0.5, 0.5, 1.5], 40_000)
    for (k, x) in levels.enumerated() {
      var rows = Matrix(rows: count, columns: 1)
      rows.fill(Float(x))
      let densities = dequantiser.add(noise, to: &rows, RandomStream(seed: UInt64(k), purpose: .dequantisation))
      let terms = (0..<count).map { r in
        let y = Double(rows[r, 0])
        return (
          weight: Foundation.exp(-0.5 * y * y - densities[r]) / (2 * Double.pi).squareRoot(), density: densities[r]
        )
      }
      let mass = normalProbability(x + 0.5) - normalProbability(x - 0.5)
      let (weight, error) = moments(terms.map(\.weight))
      #expect(abs(weight - mass) < 4 * error, "\(weight) ± \(error) for \(mass)")
      #expect(error < 0.05 * mass)
      // ln q itself: its mean is q's divergence from uniform noise.
      let (entropy, spread) = moments(terms.map(\.density))
      let known = Self.divergence(mean, logDeviation) { _ in 0 }
      #expect(abs(entropy - known) < 4 * spread, "\(entropy) ± \(spread) for \(known)")
      #expect(known > 0.01)
    }
  }

  @Test("extreme laws have finite noise within the cell, and finite densities", arguments: [-80.0, 80])
  func extremes(mean: Double) throws {
    let model = Self.model()
    for logDeviation in [-4.9, 4.9] {
      let parameters = try Self.parameters(model, means: [mean], logDeviations: [logDeviation])
      let dequantiser = try Self.dequantiser(model, parameters)
      var rows = Matrix(rows: 256, columns: 1)
      let densities = dequantiser.add(
        try #require(Dequantisation(widths: [1])), to: &rows, RandomStream(seed: 1, purpose: .dequantisation))
      #expect(densities.allSatisfy { $0.isFinite })
      #expect((0..<256).allSatisfy { abs(rows[$0, 0]) <= 0.5 })
    }
  }

  private func moments(_ values: [Double]) -> (mean: Double, error: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(values.count) / Double(values.count)).squareRoot())
  }

  // MARK: The bound

  @Test(
    "with the exact score of N(0, 1) the bound is that of quadrature, and above −ln P",
    arguments: [(0, 0), (0.8, -0.7), (-1, 0.4)] as [(Double, Double)])
  func bound(mean: Double, logDeviation: Double) throws {
    // An untrained network's score is that of N(0, 1), which the process keeps.
    let model = Self.model()
    let parameters = try Self.parameters(model, means: [mean], logDeviations: [logDeviation])
    // Cells of width 1.2 about −1, 0.2 and 1.4, each as often.
    let (levels, width, count) = ([-1, 0.2, 1.4], 1.2, 99_999)
    var rows = Matrix(rows: count, columns: 1)
    for r in 0..<count { rows[r, 0] = Float(levels[r % 3]) }
    let evaluator = HeldOutLoss(
      model: model, minimumTime: 1e-3, law: .logUniform, rows: rows,
      dequantisation: Dequantisation(widths: [Float(width)]), seed: 5, communicator: .single)
    let found = try evaluator.evaluate(parameters)
    var (known, entropy) = (0.0, 0.0)
    for x in levels {
      known +=
        Self.divergence(mean, logDeviation) { u in
          let y = x + width * (u - 0.5)
          return -0.5 * y * y - 0.5 * Foundation.log(2 * Double.pi) + Foundation.log(width)
        } / 3
      entropy -= Foundation.log(normalProbability(x + width / 2) - normalProbability(x - width / 2)) / 3
    }
    // One time for each row: a row's standard deviation is about 5, so that this is four standard errors.
    #expect(abs(found - known) < 0.065, "\(found) for \(known)")
    #expect(known > entropy)
  }
}
