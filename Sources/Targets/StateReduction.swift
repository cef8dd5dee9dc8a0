internal import Diffusion
internal import Glibc
internal import LinearAlgebra

/// The sufficient statistic of a kernel at one time, and the way back from its score to the state's; see `ExactScore`.
struct StateReduction {
  /// p: z = pᵀu = x_0 + N(0, ν).
  private(set) var statistic = SIMD2<Double>(1, 0)
  /// q: qᵀu ~ N(0, 1), independent of z; zero with one block.
  private(set) var rest = SIMD2<Double>.zero
  /// ν.
  private(set) var noise = 0.0
  /// The logarithm of |∂(z, qᵀu)/∂u| for one coordinate.
  private(set) var logJacobian = 0.0

  init() {}

  init(_ kernel: Kernel) {
    let (l, w) = (kernel.cholesky, kernel.whitenedMean)
    let snr = kernel.signalToNoise
    let direction = kernel.precisionMean
    noise = 1 / snr
    if w.size == 1 {
      statistic = SIMD2(direction[0] / snr, 0)
      logJacobian = log(abs(statistic[0]))
    } else {
      statistic = SIMD2(direction[0], direction[1]) / snr
      // L⁻ᵀ (−w_v, w_x) / |w|, by back substitution.
      let size = snr.squareRoot()
      let last = w[0] / (size * l[1, 1])
      rest = SIMD2((-w[1] / size - l[1, 0] * last) / l[0, 0], last)
      logJacobian = -log(size * l[0, 0] * l[1, 1])
    }
  }

  /// Writes z in the law's own units, and qᵀu.
  func reduce(
    _ state: [Double], _ standardisation: Standardisation, z: inout [Double], rest y: inout [Double]
  ) {
    let d = z.count
    let (mean, scale) = (standardisation.mean.span, standardisation.scale.span)
    precondition(mean.count == d && scale.count == d && y.count == d, "\(mean.count), \(scale.count) of \(d)")
    let state = state.span
    var z = z.mutableSpan
    let (px, pv, qx, qv) = (statistic[0], statistic[1], rest[0], rest[1])
    if state.count == d {
      for k in 0..<d { z[k] = mean[k].addingProduct(scale[k], px * state[k]) }
      return
    }
    precondition(state.count == 2 * d, "\(state.count) numbers for two blocks of \(d)")
    let (x, v) = (state.extracting(0..<d), state.extracting(d..<2 * d))
    var y = y.mutableSpan
    for k in 0..<d {
      z[k] = mean[k].addingProduct(scale[k], (px * x[k]).addingProduct(pv, v[k]))
      y[k] = (qx * x[k]).addingProduct(qv, v[k])
    }
  }

  /// Writes p g − q (qᵀu), with g = scale · gradient.
  func assemble(
    _ gradient: [Double], _ y: [Double], scale: [Double], into score: inout [Double]
  ) {
    let d = gradient.count
    let (gradient, y, scale) = (gradient.span, y.span, scale.span)
    precondition(y.count == d && scale.count == d, "\(y.count), \(scale.count) of \(d)")
    let (px, pv, qx, qv) = (statistic[0], statistic[1], rest[0], rest[1])
    var score = score.mutableSpan
    if score.count == d {
      for k in 0..<d { score[k] = px * scale[k] * gradient[k] }
      return
    }
    precondition(score.count == 2 * d, "\(score.count) numbers for two blocks of \(d)")
    for k in 0..<d { score[k] = (px * scale[k] * gradient[k]).addingProduct(-qx, y[k]) }
    for k in 0..<d { score[d &+ k] = (pv * scale[k] * gradient[k]).addingProduct(-qv, y[k]) }
  }
}

/// ln 2π.
let logTwoPi = 1.8378770664093454836
