public import Diffusion
public import LinearAlgebra
public import Randomness

/// A mixture of Gaussians with diagonal covariances; with one component, a Gaussian.
///
/// ```
/// p(x) = Σ_k w_k N(x; μ_k, diag(v_k))
/// ```
public struct GaussianMixture: Target, Equatable {
  /// w, positive, of sum 1.
  public let weights: [Double]
  /// μ, one row of d numbers per component.
  public let means: [[Double]]
  /// v, one row of d numbers per component; zeros are allowed.
  public let variances: [[Double]]

  // What a draw needs: Σ_{i ≤ k} w_i, and μ and √v rounded to Float.
  private let cumulative: [Double]
  private let centers: [Float]
  private let deviations: [Float]

  /// The mixture of given components; weights are divided by their sum.
  public init(weights: [Double], means: [[Double]], variances: [[Double]]) {
    let count = weights.count
    precondition(count > 0 && means.count == count && variances.count == count, "\(count), \(means.count) components")
    precondition(weights.allSatisfy { $0 > 0 }, "weights must be positive: \(weights)")
    let d = means[0].count
    precondition(d > 0 && (means + variances).allSatisfy { $0.count == d }, "components differ in dimension")
    precondition(variances.joined().allSatisfy { $0 >= 0 }, "variances must not be negative")
    let total = weights.reduce(0, +)
    self.weights = weights.map { $0 / total }
    self.means = means
    self.variances = variances
    var sum = 0.0
    cumulative = self.weights.map { weight in
      sum += weight
      return sum
    }
    centers = means.joined().map(Float.init)
    deviations = variances.joined().map { Float($0.squareRoot()) }
  }

  /// The Gaussian of given means and variances, d of each.
  public init(mean: [Double], variance: [Double]) { self.init(weights: [1], means: [mean], variances: [variance]) }

  /// The number d of coordinates that the components share.
  public var dimension: Int { means[0].count }

  /// A draw takes the normals of its index and, with more than one component, the first uniform number after them.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    let d = dimension
    precondition(rows.columns == d, "\(rows.columns) columns for a law of \(d)")
    stream.fillNormals(&rows, firstIndex: firstIndex)
    let blocks = UInt32((d + 3) / 4)
    for row in 0..<rows.rows {
      var component = 0
      if weights.count > 1 {
        var variates = stream.row(firstIndex + UInt64(row), firstBlock: blocks)
        let u = variates.nextUniform()
        while component < weights.count - 1 && u > cumulative[component] { component += 1 }
      }
      var values = rows.mutableRow(row)
      let start = component * d
      for k in 0..<d { values[k] = centers[start + k].addingProduct(deviations[start + k], values[k]) }
    }
  }

  /// Mean Σ w μ and variance Σ w (v + (μ − mean)²).
  public var standardisation: Standardisation {
    var mean = [Double](repeating: 0, count: dimension)
    var variance = mean
    for (k, weight) in weights.enumerated() {
      for i in mean.indices { mean[i].addProduct(weight, means[k][i]) }
    }
    for (k, weight) in weights.enumerated() {
      for i in mean.indices {
        let away = means[k][i] - mean[i]
        variance[i].addProduct(weight, variances[k][i].addingProduct(away, away))
      }
    }
    return Standardisation(mean: mean, variance: variance)
  }

  /// The exact score, in closed form; by quadrature over the mixing variable where the noise is Student-t.
  public func score(under process: any ForwardProcess, in standardisation: Standardisation) -> (any Score)? {
    if case .studentT(let degrees) = process.noise {
      return ExactScore(
        HeavyTailedLaw(SmoothedMixture(self), degrees: degrees), under: process, in: standardisation)
    }
    return ExactScore(SmoothedMixture(self), under: process, in: standardisation)
  }

  /// The density in closed form; nil if a component has no spread in some coordinate.
  public func density(in standardisation: Standardisation) -> (any LogDensity)? {
    guard variances.joined().allSatisfy({ $0 > 0 }) else { return nil }
    return LawDensity(SmoothedMixture(self), in: standardisation)
  }
}
