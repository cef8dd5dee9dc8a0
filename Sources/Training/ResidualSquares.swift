/// Σ (κf − y)² over some outputs of a row; `gradient` takes `scale` · κ (κf − y).
///
/// Eight explicit lanes: the order of additions is written here, not left to the vectoriser.
@unsafe func residualSquares(
  _ f: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ n: Int, gain: Float,
  gradient: UnsafeMutablePointer<Float>?, scale: Float
) -> Double {
  let slope = scale * gain
  let whole = n / 8 * 8
  var lanes = SIMD8<Float>.zero
  for start in Swift.stride(from: 0, to: whole, by: 8) {
    let residual = unsafe gain * load(f + start) - load(y + start)
    lanes.addProduct(residual, residual)
    if let gradient = unsafe gradient { unsafe store(slope * residual, to: gradient + start) }
  }
  var rest: Float = 0
  for i in whole..<n {
    let residual = unsafe gain * f[i] - y[i]
    rest.addProduct(residual, residual)
    if let gradient = unsafe gradient { unsafe gradient[i] = slope * residual }
  }
  return Double(lanes.sum()) + Double(rest)
}

@inline(__always)
private func load(_ x: UnsafePointer<Float>) -> SIMD8<Float> {
  unsafe UnsafeRawPointer(x).loadUnaligned(as: SIMD8<Float>.self)
}

@inline(__always)
private func store(_ value: SIMD8<Float>, to x: UnsafeMutablePointer<Float>) {
  unsafe UnsafeMutableRawPointer(x).storeBytes(of: value, as: SIMD8<Float>.self)
}
