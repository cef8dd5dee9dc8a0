internal import LinearAlgebra
internal import RealFunctions

// The radial feature ρ = ln(floor + x²/d) of the observed inputs x, one more number that the first layer sees.

extension NetworkPass {
  /// What keeps ρ and its derivative finite where x is zero: a hundredth of the inputs' deviation, squared.
  static let radialFloor = 1e-4

  /// x of one row, the inputs that come from the state.
  func observed(set: Int, row: Int) -> UnsafePointer<Float> {
    unsafe UnsafePointer(inputs[0].row(set * rows + row))
  }

  /// Writes ρ behind the inputs of the group's rows.
  func writeRadialFeatures() {
    guard architecture.radial else { return }
    for row in group.lowerBound * rows..<group.upperBound * rows {
      let x = unsafe inputs[0].row(row)
      unsafe x[architecture.inputs] = Float(log(floored(x)))
    }
  }

  /// ρ̇ = 2 xᵀẋ/(d (floor + x²/d)).
  func radialTangent(_ x: UnsafePointer<Float>, _ tangent: UnsafePointer<Float>) -> Float {
    var sum = 0.0
    for k in 0..<architecture.observed { unsafe sum.addProduct(Double(x[k]), Double(tangent[k])) }
    return unsafe Float(2 * sum / (Double(architecture.observed) * floored(x)))
  }

  /// Adds ρ̄ ∂ρ/∂x to the inputs' adjoint.
  func addRadialAdjoint(_ adjoint: Float, _ x: UnsafePointer<Float>, to inputs: UnsafeMutablePointer<Float>) {
    let factor = unsafe Float(2 * Double(adjoint) / (Double(architecture.observed) * floored(x)))
    for k in 0..<architecture.observed { unsafe inputs[k] = inputs[k].addingProduct(factor, x[k]) }
  }

  /// The floor plus the mean square of x, added in the order of the coordinates.
  private func floored(_ x: UnsafePointer<Float>) -> Double {
    var sum = 0.0
    for k in 0..<architecture.observed { unsafe sum.addProduct(Double(x[k]), Double(x[k])) }
    return Self.radialFloor + sum / Double(architecture.observed)
  }
}
