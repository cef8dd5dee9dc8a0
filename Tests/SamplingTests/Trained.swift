import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Randomness
import Sampling
import Targets
import Training

/// A network trained for about a second on draws of a law in standardised coordinates.
func trainedScore(
  on process: any ForwardProcess, dimension: Int = 2, output: NetworkOutput = .posteriorMean, steps: Int = 2000,
  draw: (inout Matrix) -> Void
) throws -> NetworkScore {
  let model = ScoreModel(
    process: process, dimension: dimension, output: output, conditioning: .data, widths: [64, 64], activation: .silu,
    residual: true, embedding: TimeEmbedding(kind: .sinusoidal, features: 8), seed: 1)
  var options = TrainingOptions()
  options.batch = 512
  options.minimumTime = process.time(ofNoise: 0.01)
  options.timeLaw = .logNormal(mean: -0.5, deviation: 1.5)
  options.optimiser.learningRate = 4e-3
  options.optimiser.schedule = .cosine
  options.optimiser.steps = steps
  let data = ShardedRows(
    assignment: ShardAssignment(rows: 40_000, shards: 4, seed: 1), shards: 0..<4, dimension: dimension, seed: 1)
  draw(&data.rows)
  let trainer = Trainer(
    model: model, objective: .denoising, options: options, data: data, tree: CanonicalTree(shards: 4),
    communicator: .single, seed: 1)
  for _ in 0..<steps { _ = try trainer.takeStep() }
  return NetworkScore(model: model, parameters: try trainer.gatherAverage())
}

/// A Gaussian mixture of any covariances in the plane, with its exact law given linear observations.
struct PlaneMixture {
  var weights: [Double]
  var means: [[Double]]
  /// xx, xy, yy of each component.
  var covariances: [[Double]]

  /// Two standardised coordinates of correlation ρ.
  static func gaussian(correlation rho: Double) -> PlaneMixture {
    PlaneMixture(weights: [1], means: [[0, 0]], covariances: [[1, rho, 1]])
  }

  /// Three modes of deviations about 0.3 that are some three deviations apart; mean about 0 and variance about 1.
  static let modes = PlaneMixture(
    weights: [0.3, 0.3, 0.4], means: [[-1.2, 0.85], [1.05, 0.65], [0.1, -1.15]],
    covariances: [[0.09, 0.02, 0.06], [0.06, -0.02, 0.1], [0.08, 0, 0.08]])

  /// Fills rows with draws.
  func draw(_ rows: inout Matrix) {
    RandomStream(seed: 5, purpose: .targetDraw).fillNormals(&rows, firstIndex: 0)
    for r in 0..<rows.rows {
      var variates = RandomStream(seed: 6, purpose: .targetDraw).row(UInt64(r))
      let u = variates.nextUniform()
      var (k, sum) = (0, weights[0])
      while k < weights.count - 1 && u > sum { (k, sum) = (k + 1, sum + weights[k + 1]) }
      let c = covariances[k]
      let first = c[0].squareRoot()
      let second = (c[2] - c[1] * c[1] / c[0]).squareRoot()
      let (a, b) = (Double(rows[r, 0]), Double(rows[r, 1]))
      rows[r, 0] = Float(means[k][0] + first * a)
      rows[r, 1] = Float(means[k][1] + c[1] / first * a + second * b)
    }
  }

  /// The law given observations, one after another (Kalman's update of each component, Bayes' rule for the weights).
  func given(_ observations: Observations) -> PlaneMixture {
    var law = self
    for (i, h) in observations.rows.enumerated() {
      let noise = observations.deviations[i] * observations.deviations[i]
      var logs: [Double] = []
      for k in law.weights.indices {
        let (c, m) = (law.covariances[k], law.means[k])
        let gain = [c[0] * h[0] + c[1] * h[1], c[1] * h[0] + c[2] * h[1]]
        let total = h[0] * gain[0] + h[1] * gain[1] + noise
        let residual = observations.values[i] - h[0] * m[0] - h[1] * m[1]
        law.means[k] = [m[0] + gain[0] * residual / total, m[1] + gain[1] * residual / total]
        law.covariances[k] = [
          c[0] - gain[0] * gain[0] / total, c[1] - gain[0] * gain[1] / total, c[2] - gain[1] * gain[1] / total,
        ]
        logs.append(log(law.weights[k]) - 0.5 * (residual * residual / total + log(total)))
      }
      let largest = logs.max() ?? 0
      let sum = logs.reduce(0) { $0 + exp($1 - largest) }
      law.weights = logs.map { exp($0 - largest) / sum }
    }
    return law
  }

  /// Mean and standard deviation of hᵀx.
  func moments(along h: [Double]) -> (mean: Double, deviation: Double) {
    let centres = means.map { h[0] * $0[0] + h[1] * $0[1] }
    let mean = zip(weights, centres).reduce(0) { $0 + $1.0 * $1.1 }
    let variance = weights.indices.reduce(0) { sum, k in
      let c = covariances[k]
      let spread = h[0] * h[0] * c[0] + 2 * h[0] * h[1] * c[1] + h[1] * h[1] * c[2]
      return sum + weights[k] * (spread + (centres[k] - mean) * (centres[k] - mean))
    }
    return (mean, variance.squareRoot())
  }

  /// The component of the largest posterior weight at a point.
  func component(of x: [Double]) -> Int {
    let logs = weights.indices.map { k in
      let c = covariances[k]
      let determinant = c[0] * c[2] - c[1] * c[1]
      let (a, b) = (x[0] - means[k][0], x[1] - means[k][1])
      return log(weights[k]) - 0.5 * log(determinant)
        - 0.5 * (c[2] * a * a - 2 * c[1] * a * b + c[0] * b * b) / determinant
    }
    return logs.indices.max { logs[$0] < logs[$1] } ?? 0
  }
}
