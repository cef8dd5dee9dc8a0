internal import LinearAlgebra

extension Activation {
  /// Whether the second derivative exists everywhere.
  public var isSmooth: Bool { self != .relu }

  /// Writes act″(z + bias) of a tile, absolute error below 1e-6.
  @unsafe func writeCurvature(
    of z: Buffer, bias: UnsafePointer<Float>, into curvature: Buffer, _ size: (rows: Int, columns: Int)
  ) {
    switch self {
    case .silu: unsafe map(z, bias, curvature, size, SiLU.secondDerivative)
    case .gelu: unsafe map(z, bias, curvature, size, GELU.secondDerivative)
    case .relu: preconditionFailure("relu has no second derivative")
    case .tanh: unsafe map(z, bias, curvature, size, Tanh.secondDerivative)
    case .softplus: unsafe map(z, bias, curvature, size, Softplus.secondDerivative)
    }
  }

  @inline(__always)
  private func map(
    _ z: Buffer, _ bias: UnsafePointer<Float>, _ result: Buffer, _ size: (rows: Int, columns: Int),
    _ f: (Float) -> Float
  ) {
    for row in 0..<size.rows {
      let (z, result) = unsafe (z.row(row), result.row(row))
      for j in 0..<size.columns { unsafe result[j] = f(z[j] + bias[j]) }
    }
  }
}

extension SiLU {
  /// s(1−s)(2 + z(1−2s)), s the logistic function.
  @inline(__always) static func secondDerivative(_ z: Float) -> Float {
    let s = 1 / (1 + Elementary.exp(-z))
    return s * (1 - s) * Float(2).addingProduct(z, 1 - 2 * s)
  }
}

extension GELU {
  /// t′ + ½z t″ of t = tanh g(z): t′ = (1−t²)g′, t″ = (1−t²)(g″ − 2t g′²).
  @inline(__always) static func secondDerivative(_ z: Float) -> Float {
    let c: Float = 0.797_884_560_802_865_4
    let z2 = z * z
    let t = Tanh.value(c * z * Float(1).addingProduct(0.044715, z2))
    let slope = c * Float(1).addingProduct(0.134145, z2)
    let bend = (c * 0.26829 * z).addingProduct(-2 * t * slope, slope)
    return (1 - t * t) * slope.addingProduct(0.5 * z, bend)
  }
}

extension Tanh {
  /// −2t(1−t²).
  @inline(__always) static func secondDerivative(_ z: Float) -> Float {
    let t = value(z)
    return -2 * t * (1 - t * t)
  }
}

extension Softplus {
  /// s(1−s).
  @inline(__always) static func secondDerivative(_ z: Float) -> Float {
    let e = Elementary.exp(-abs(z))
    let s = 1 / (1 + e)
    return e * s * s
  }
}
