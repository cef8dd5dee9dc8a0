internal import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// The sufficient statistic of a kernel at one time, and the way back from its score to the state's; see `ExactScore`.
struct StateReduction {
  /// p: z = pᵀu = x_0 + N(0, ν).
  private(set) var statistic = SIMD4<Double>(1, 0, 0, 0)
  /// q_i: q_iᵀu ~ N(0, 1), independent of z and of each other; one less than there are blocks.
  private(set) var rest: InlineArray<2, SIMD4<Double>> = [.zero, .zero]
  /// ν.
  private(set) var noise = 0.0
  /// The logarithm of |∂(z, q_iᵀu)/∂u| for one coordinate.
  private(set) var logJacobian = 0.0
  /// L of a kernel with one block and no data in it, M = 0, where there is no z; else nil.
  private(set) var pureNoise: Double?

  init() {}

  init(_ kernel: Kernel) {
    let (l, w) = (kernel.cholesky, kernel.whitenedMean)
    let (snr, c) = (kernel.signalToNoise, w.size)
    if c == 1, kernel.mean[0] == 0 {
      pureNoise = l[0, 0]
      return
    }
    if snr < 1 / Self.largestNoise {
      // Less of the data than any Double could show: as much as can be shown says the same, and overflows nowhere.
      let faint = Self.smallest(w)
      self = StateReduction(Kernel(mean: l * faint, covariance: kernel.covariance, cholesky: l))
      return
    }
    let reading = kernel.noisyData
    noise = 1 / snr
    for i in 0..<c { statistic[i] = reading[i] }
    let size = snr.squareRoot()
    logJacobian = -log(size)
    for i in 0..<c { logJacobian -= log(l[i, i]) }
    if c == 1 { logJacobian = log(abs(statistic[0])) }
    for (k, unit) in Self.complement(w, size).enumerated() {
      // L⁻ᵀ times the unit vector, by back substitution.
      for i in stride(from: c - 1, through: 0, by: -1) {
        var value = unit[i]
        for j in i + 1..<c { value -= l[j, i] * rest[k][j] }
        rest[k][i] = value / l[i, i]
      }
    }
  }

  /// The largest ν: x_0 given u is then x_0 itself to 1e-12.
  static let largestNoise = 1e24

  /// w with the length that makes the noise a little less than the largest.
  private static func smallest(_ w: BlockVector) -> BlockVector {
    let largest = (0..<w.size).reduce(0) { max($0, abs(w[$1])) }
    let scaled = largest > 0 ? w.scaled(by: 1 / largest) : .first(w.size)
    return scaled.scaled(by: 1.01 / (scaled.dot(scaled) * largestNoise).squareRoot())
  }

  /// Unit vectors that complete w/|w| to an orthonormal basis of c ≤ 3 dimensions.
  private static func complement(_ w: BlockVector, _ size: Double) -> [SIMD4<Double>] {
    switch w.size {
    case 1: return []
    case 2: return [SIMD4(-w[1], w[0], 0, 0) / size]
    default:
      // The other columns of the reflection that carries w to the first axis: the sign avoids cancellation.
      var normal = SIMD4(w[0], w[1], w[2], 0) / size
      normal[0] += normal[0] < 0 ? -1 : 1
      let twice = 2 / (normal * normal).sum()
      return (1..<3).map { k in
        var column = normal * (-twice * normal[k])
        column[k] += 1
        return column
      }
    }
  }

  /// Writes z in the law's own units, and q_iᵀu, one i after the other.
  func reduce(
    _ state: [Double], _ standardisation: Standardisation, z: inout [Double], rest y: inout [Double]
  ) {
    let d = z.count
    let (mean, scale) = (standardisation.mean.span, standardisation.scale.span)
    let blocks = state.count / d
    precondition(
      mean.count == d && scale.count == d && blocks * d == state.count, "\(mean.count), \(state.count) of \(d)")
    precondition(y.count >= (blocks - 1) * d, "\(y.count) numbers for the rest of \(blocks) blocks")
    let state = state.span
    var z = z.mutableSpan
    var y = y.mutableSpan
    for k in 0..<d {
      var sum = statistic[0] * state[k]
      for i in 1..<blocks { sum.addProduct(statistic[i], state[i &* d &+ k]) }
      z[k] = mean[k].addingProduct(scale[k], sum)
    }
    for i in 0..<blocks - 1 {
      for k in 0..<d {
        var sum = rest[i][0] * state[k]
        for j in 1..<blocks { sum.addProduct(rest[i][j], state[j &* d &+ k]) }
        y[i &* d &+ k] = sum
      }
    }
  }

  /// Writes p g − Σ q_i (q_iᵀu), with g = scale · gradient.
  func assemble(
    _ gradient: [Double], _ y: [Double], scale: [Double], into score: inout [Double]
  ) {
    let d = gradient.count
    let (gradient, y, scale) = (gradient.span, y.span, scale.span)
    var score = score.mutableSpan
    let blocks = score.count / d
    precondition(scale.count == d && blocks * d == score.count, "\(scale.count), \(score.count) of \(d)")
    precondition(y.count >= (blocks - 1) * d, "\(y.count) numbers for the rest of \(blocks) blocks")
    for i in 0..<blocks {
      for k in 0..<d {
        var sum = statistic[i] * scale[k] * gradient[k]
        for j in 0..<blocks - 1 { sum.addProduct(-rest[j][i], y[j &* d &+ k]) }
        score[i &* d &+ k] = sum
      }
    }
  }
}

/// ln 2π.
let logTwoPi = 1.8378770664093454836
