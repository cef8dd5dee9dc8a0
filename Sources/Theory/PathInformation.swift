public import Diffusion
public import LinearAlgebra
internal import RealFunctions
public import Sampling

extension SamplerStage {
  /// R with |Rδ|² = |N⁺Gδ|²: by how much an error δ of the score moves the stage, in units of its noise.
  ///
  /// Nil where the stage has no noise or the score acts where there is none: two chains are then mutually singular.
  public var informationRoot: BlockMatrix? {
    guard let score, let noise else { return nil }
    let covariance = (noise * noise.transpose).symmetricPart
    let floor = 1e-12 * covariance.largestEigenvalue
    let range = covariance.applyingSymmetric { $0 > floor ? 1 : 0 }
    guard (range * score - score).norm <= 1e-9 * score.norm else { return nil }
    let inverse = covariance.applyingSymmetric { $0 > floor ? 1 / $0 : 0 }
    return (score.transpose * inverse * score).symmetricPart.applyingSymmetric { max($0, 0).squareRoot() }
  }
}

/// Σ over rows of |Rδ|², δ the difference of two scores: half its mean over a chain, summed over the stages, is the
/// divergence of the chain's path from that with the other score (the chain rule; Girsanov's theorem in discrete time).
///
/// - Parameters:
///   - first: a score's values, shape `[rows, blocks × dimension]`.
///   - second: another's.
///   - root: R.
///   - dimension: d.
/// - Returns: the sum.
public func informationSum(
  _ first: borrowing Matrix, _ second: borrowing Matrix, root: BlockMatrix, dimension: Int
) -> Double {
  var gap = Matrix(rows: first.rows, columns: first.columns)
  gap.assign(root, times: first, dimension: dimension)
  gap.add(root.scaled(by: -1), times: second, dimension: dimension)
  return squareSum(gap)
}

/// Σ of squares of all elements.
public func squareSum(_ matrix: borrowing Matrix) -> Double {
  var sum = 0.0
  let span = matrix.span
  for k in span.indices { sum += Double(span[k]) * Double(span[k]) }
  return sum
}

/// A bound on KL(p_T‖prior) for any data, from its second moment alone.
///
/// ```
/// KL(p_T‖N(0, S)) ≤ E KL(N(M x_0, H)‖N(0, S)) = ½d (tr S⁻¹H − c − ln det S⁻¹H) + ½ MᵀS⁻¹M E|x_0|²
/// ```
/// as the divergence is convex. It bounds the divergence of everything that one sampler makes of the two starts.
///
/// - Parameters:
///   - process: the forward process, run to its horizon.
///   - dimension: d.
///   - secondMoment: E|x_0|².
/// - Returns: the bound.
public func mixingBound(_ process: any ForwardProcess, dimension: Int, secondMoment: Double) -> Double {
  let kernel = process.kernel(at: process.horizon)
  let inverse = process.priorCovariance.inverse
  let ratio = inverse * kernel.covariance
  let excess = ratio.trace - Double(kernel.mean.size) - log(ratio.determinant)
  return 0.5 * Double(dimension) * excess + 0.5 * kernel.mean.dot(inverse * kernel.mean) * secondMoment
}
