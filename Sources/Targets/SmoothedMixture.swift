internal import RealFunctions

/// A Gaussian mixture blurred by noise: the mixture of N(μ_k, v_k + q).
///
/// ```
/// ∇ log p(z) = −Σ_k π_k(z) (z − μ_k) / (v_k + q),   π_k(z) ∝ w_k N(z; μ_k, v_k + q)
/// ```
/// Coordinates past the last in which components differ do not enter π and are done once, not once per component.
struct SmoothedMixture: DifferentiableLaw {
  let dimension: Int
  private let components: Int
  /// The number of leading coordinates in which some components differ.
  private let distinct: Int
  private let logWeights: [Double]
  private let means: [Double]
  private let variances: [Double]
  // For the noise at hand, component after component: 1/(v + q), ln w − ½ Σ ln(v + q) over distinct coordinates.
  private var precisions: [Double]
  private var noise: [Double]
  private var offsets: [Double]
  private var commonOffset = 0.0
  private var posterior: [Double]
  /// Room for a mean: taken by `swap`, so that no product with a derivative allocates.
  var spare: [Double]

  init(_ mixture: GaussianMixture) {
    dimension = mixture.dimension
    components = mixture.weights.count
    logWeights = mixture.weights.map { log($0) }
    means = Array(mixture.means.joined())
    variances = Array(mixture.variances.joined())
    let differs = { (i: Int) in
      mixture.means.contains { $0[i] != mixture.means[0][i] }
        || mixture.variances.contains { $0[i] != mixture.variances[0][i] }
    }
    distinct = ((0..<mixture.dimension).last(where: differs) ?? -1) + 1
    precisions = Array(repeating: 0, count: means.count)
    noise = Array(repeating: 0, count: mixture.dimension)
    offsets = Array(repeating: 0, count: components)
    posterior = offsets
    spare = noise
  }

  mutating func prepare(noise: [Double]) {
    self.noise = noise
    for i in means.indices { precisions[i] = 1 / (variances[i] + noise[i % dimension]) }
    for k in 0..<components {
      offsets[k] = logWeights[k]
      for i in 0..<distinct { offsets[k] += 0.5 * log(precisions[k * dimension + i]) }
    }
    commonOffset = -0.5 * Double(dimension) * logTwoPi
    for i in distinct..<dimension { commonOffset += 0.5 * log(precisions[i]) }
  }

  mutating func evaluate(_ z: [Double], into gradient: inout [Double]) -> Double {
    precondition(z.count == dimension && gradient.count == dimension, "\(z.count), \(gradient.count) of \(dimension)")
    let z = z.span
    let logDistinct = weigh(z)
    var gradient = gradient.mutableSpan
    let (precisions, means) = (precisions.span, means.span)
    for i in 0..<distinct { gradient[i] = 0 }
    for k in 0..<components where posterior[k] > 0 {
      let (share, start) = (-posterior[k], k * dimension)
      for i in 0..<distinct {
        gradient[i].addProduct(share * precisions[start &+ i], z[i] - means[start &+ i])
      }
    }
    var squares = 0.0
    for i in distinct..<dimension {
      gradient[i] = precisions[i] * (means[i] - z[i])
      squares.addProduct(gradient[i], z[i] - means[i])
    }
    return logDistinct + commonOffset + 0.5 * squares
  }

  /// ∇²log p v = Σ_k π_k (a_k (a_kᵀv) − Λ_k v) − g (gᵀv), a_k = −Λ_k (z − μ_k), g = Σ π_k a_k.
  mutating func hessianProduct(_ z: [Double], _ v: [Double], into result: inout [Double]) {
    precondition(z.count == dimension && v.count == dimension && result.count == dimension, "\(v.count) numbers")
    var mean: [Double] = []
    swap(&mean, &spare)
    defer { swap(&mean, &spare) }
    for i in 0..<distinct { (mean[i], result[i]) = (0, 0) }
    for k in 0..<components where posterior[k] > 0 {
      let start = k * dimension
      var along = 0.0
      for i in 0..<distinct { along += precisions[start + i] * (means[start + i] - z[i]) * v[i] }
      for i in 0..<distinct {
        let slope = precisions[start + i] * (means[start + i] - z[i])
        mean[i].addProduct(posterior[k], slope)
        result[i].addProduct(posterior[k], slope * along - precisions[start + i] * v[i])
      }
    }
    let along = (0..<distinct).reduce(0) { $0 + mean[$1] * v[$1] }
    for i in 0..<distinct { result[i] -= mean[i] * along }
    for i in distinct..<dimension { result[i] = -precisions[i] * v[i] }
  }

  /// π, after `evaluate`.
  var shares: [Double] { posterior }

  /// The posterior mean of coordinate i in component k, given z_i.
  func componentMean(_ k: Int, _ i: Int, _ z: Double) -> Double {
    let place = k * dimension + i
    return (noise[i] * means[place] + variances[place] * z) * precisions[place]
  }

  /// Its posterior variance.
  func componentVariance(_ k: Int, _ i: Int) -> Double {
    let place = k * dimension + i
    return noise[i] * variances[place] * precisions[place]
  }

  // Fills `posterior` with π and returns the logarithm of the sum it was divided by.
  private mutating func weigh(_ z: borrowing Span<Double>) -> Double {
    var largest = -Double.infinity
    for k in 0..<components {
      var exponent = 0.0
      let start = k * dimension
      for i in 0..<distinct {
        let away = z[i] - means[start &+ i]
        exponent.addProduct(away * away, precisions[start &+ i])
      }
      posterior[k] = offsets[k] - 0.5 * exponent
      largest = max(largest, posterior[k])
    }
    var total = 0.0
    for k in 0..<components {
      posterior[k] = DoubleMath.exponential(posterior[k] - largest)
      total += posterior[k]
    }
    for k in 0..<components { posterior[k] /= total }
    return largest + log(total)
  }
}
