internal import LinearAlgebra

extension Activation {
  /// Whether the second derivative exists everywhere.
  public var isSmooth: Bool { self != .relu }

  /// Writes act″(z), absolute error below 1e-6, for `count` numbers.
  @unsafe func writeCurvature(
    of z: UnsafePointer<Float>, into curvature: UnsafeMutablePointer<Float>, count: Int
  ) {
    switch self {
    case .silu: for i in 0..<count { unsafe curvature[i] = SiLU.secondDerivative(z[i]) }
    case .gelu: for i in 0..<count { unsafe curvature[i] = GELU.secondDerivative(z[i]) }
    case .relu: preconditionFailure("relu has no second derivative")
    case .tanh: for i in 0..<count { unsafe curvature[i] = Tanh.secondDerivative(z[i]) }
    case .softplus: for i in 0..<count { unsafe curvature[i] = Softplus.secondDerivative(z[i]) }
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
