internal import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// States u_t of the forward process for given data, from the kernel or carried forward by transitions.
///
/// ```
/// kernel:      u_t = M x_0 + L e
/// transitions: u_0 = (x_0, √Σ_0 n),  u_{k+1} = Φ u_k + C^½ e_k,  t_k = k t / n
/// ```
/// Both have the same law; the second asks for nothing but transitions between near times.
struct StateDraws {
  let process: any ForwardProcess
  let dimension: Int
  /// The number of transitions; 0 for the kernel.
  let steps: Int

  /// Normals for each row.
  var normals: Int {
    let c = process.blocks
    return dimension * (steps == 0 ? c : c - 1 + c * steps)
  }

  /// Writes one state, block after block; `kernel` is the process's at t.
  @unsafe func write(
    at t: Double, _ kernel: Kernel, data: UnsafePointer<Float>, normals z: UnsafePointer<Float>,
    into u: UnsafeMutablePointer<Float>
  ) {
    let (c, d) = (process.blocks, dimension)
    guard steps > 0 else {
      for i in 0..<c {
        let mean = Float(kernel.mean[i])
        for k in 0..<d { unsafe u[i * d + k] = mean * data[k] }
        for j in 0...i {
          let factor = Float(kernel.cholesky[i, j])
          for k in 0..<d { unsafe u[i * d + k] = u[i * d + k].addingProduct(factor, z[j * d + k]) }
        }
      }
      return
    }
    unsafe u.update(from: data, count: d)
    for i in 1..<max(c, 2) where i < c {
      let deviation = Float(process.initialVariance[i].squareRoot())
      for k in 0..<d { unsafe u[i * d + k] = deviation * z[(i - 1) * d + k] }
    }
    var next = unsafe z + (c - 1) * d
    for step in 0..<steps {
      let transition = process.transition(
        from: t * Double(step) / Double(steps), to: t * Double(step + 1) / Double(steps))
      unsafe carry(u, by: transition, next)
      unsafe next += c * d
    }
  }

  private func carry(_ u: UnsafeMutablePointer<Float>, by transition: Transition, _ z: UnsafePointer<Float>) {
    let (c, d) = (process.blocks, dimension)
    let root = transition.covariance.cholesky()
    for k in 0..<d {
      // Blocks of one coordinate, in Double: a factor like 1 − h rounded to Float would be wrong in every step.
      var old = BlockVector(size: c, repeating: 0)
      var e = old
      for i in 0..<c { unsafe (old[i], e[i]) = (Double(u[i * d + k]), Double(z[i * d + k])) }
      let new = transition.map * old + root * e
      for i in 0..<c { unsafe u[i * d + k] = Float(new[i]) }
    }
  }
}

/// One row's score as the network says it, and how its error counts.
///
/// ```
/// s = −P u + Q F,   loss = weight · rᵀ D r for a residual r of scores
/// ```
/// D weighs blocks as the likelihood does. The weight is λ over the number of outputs: λ = 1 for `likelihood`, else
/// λ = o / tr(QᵀDQ) for o output blocks, so that F's errors count alike at every time.
struct ScoreTerms {
  var whitening = BlockMatrix.zero(1)
  var precision = BlockMatrix.zero(1)
  var output = BlockMatrix.zero(1)
  /// QᵀD.
  var projection = BlockMatrix.zero(1)
  var diffusion = BlockMatrix.zero(1)
  var inputBlocks = 1
  var outputBlocks = 1
  var weight = 0.0

  init() {}

  init(_ model: ScoreModel, _ c: ScoreCoefficients, at draw: TimeSampler.Draw) {
    (whitening, precision, output) = (c.whitening, c.precision, c.output)
    (inputBlocks, outputBlocks) = (c.inputBlocks, c.outputBlocks)
    diffusion = model.process.diffusion(at: draw.time)
    projection = output.transpose * diffusion
    let size = (projection * output).trace
    let lambda =
      model.weight == .likelihood
      ? model.process.rate(at: draw.time) : size > 0 ? Double(outputBlocks) / size : 0
    weight = lambda * draw.weight / Double(outputBlocks * model.dimension)
  }

  /// rᵀDr of r = QF − y over all coordinates.
  ///
  /// - Parameters:
  ///   - f: F, `[outputs]`.
  ///   - y: `[blocks × d]`.
  ///   - d: the number of coordinates.
  ///   - gradient: takes `slope` times QᵀDr, or nil.
  ///   - slope: the factor.
  /// - Returns: the sum.
  @unsafe func square(
    _ f: UnsafePointer<Float>, minus y: UnsafePointer<Float>, dimension d: Int,
    gradient: UnsafeMutablePointer<Float>?, slope: Double
  ) -> Double {
    let c = output.size
    var sum = 0.0
    for k in 0..<d {
      var r = BlockVector(size: c, repeating: 0)
      for i in 0..<c {
        var s = unsafe -Double(y[i * d + k])
        for o in 0..<outputBlocks { unsafe s += output[i, o] * Double(f[o * d + k]) }
        r[i] = s
      }
      sum += r.dot(diffusion * r)
      guard let gradient = unsafe gradient else { continue }
      let g = projection * r
      for o in 0..<outputBlocks { unsafe gradient[o * d + k] = Float(slope * g[o]) }
    }
    return sum
  }
}
