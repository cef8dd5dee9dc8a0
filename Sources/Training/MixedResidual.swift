internal import LinearAlgebra

/// Σ ρ² of one row where κ is a matrix, ρ = κF − y for every coordinate; writes `scale` · κᵀρ, in the order of the blocks.
@unsafe func mixedResidual(
  _ gain: BlockMatrix, _ f: UnsafePointer<Float>, _ y: UnsafePointer<Float>, dimension d: Int,
  gradient: UnsafeMutablePointer<Float>?, scale: Float
) -> Double {
  var sum = 0.0
  let blocks = gain.size
  for k in 0..<d {
    var residual = BlockVector(size: blocks, repeating: 0)
    for i in 0..<blocks {
      var value = unsafe -Double(y[i * d + k])
      for o in 0..<blocks { unsafe value += gain[i, o] * Double(f[o * d + k]) }
      residual[i] = value
    }
    sum += residual.dot(residual)
    guard let gradient = unsafe gradient else { continue }
    let slope = gain.transpose * residual
    for o in 0..<blocks { unsafe gradient[o * d + k] = Float(Double(scale) * slope[o]) }
  }
  return sum
}
