internal import LinearAlgebra

/// The non-linearity between layers.
public enum Activation: String, Sendable, CaseIterable {
  /// z·σ(z).
  case silu
  /// ½z(1 + tanh(√(2/π)(z + 0.044715z³))), the usual approximation of z·Φ(z).
  case gelu
  /// max(z, 0).
  case relu
  /// tanh z.
  case tanh
  /// ln(1 + eᶻ).
  case softplus
}

/// A function and its derivative, both from one exponential.
protocol Nonlinearity {
  static func valueAndDerivative(_ z: Float) -> (value: Float, derivative: Float)
}

enum SiLU: Nonlinearity {
  @inline(__always) static func valueAndDerivative(_ z: Float) -> (value: Float, derivative: Float) {
    let s = 1 / (1 + Elementary.expNegative(z))
    let h = z * s
    return (h, s.addingProduct(h, 1 - s))
  }
}

enum GELU: Nonlinearity {
  @inline(__always) static func valueAndDerivative(_ z: Float) -> (value: Float, derivative: Float) {
    let c: Float = 0.797_884_560_802_865_4
    let z2 = z * z
    let t = Tanh.value(c * z * Float(1).addingProduct(0.044715, z2))
    let slope = c * Float(1).addingProduct(0.134145, z2)
    let half = Float(0.5).addingProduct(0.5, t)
    return (z * half, half.addingProduct(0.5 * z * slope, 1 - t * t))
  }
}

enum ReLU: Nonlinearity {
  @inline(__always) static func valueAndDerivative(_ z: Float) -> (value: Float, derivative: Float) {
    // This way round NaN stays NaN.
    z <= 0 ? (0, 0) : (z, 1)
  }
}

enum Tanh: Nonlinearity {
  // Absolute error below 2e-7: the cancellation near 0 costs relative accuracy only.
  @inline(__always) static func value(_ z: Float) -> Float { 1 - 2 / (1 + Elementary.exp(2 * z)) }

  @inline(__always) static func valueAndDerivative(_ z: Float) -> (value: Float, derivative: Float) {
    let t = value(z)
    return (t, 1 - t * t)
  }
}

enum Softplus: Nonlinearity {
  @inline(__always) static func valueAndDerivative(_ z: Float) -> (value: Float, derivative: Float) {
    let e = Elementary.exp(-abs(z))
    let s = 1 / (1 + e)
    return (max(z, 0) + Elementary.log(1 + e), z < 0 ? e * s : s)
  }
}

extension Activation {
  /// Applies the activation to a tile of pre-activations.
  ///
  /// - Parameters:
  ///   - z: pre-activations without their bias; overwritten by the derivative, or by the value where `h` is nil.
  ///   - bias: added to every row first.
  ///   - h: takes the value.
  ///   - skipped: added to the value where the layer is skipped as well.
  ///   - size: the tile's.
  @unsafe func apply(
    _ z: Buffer, bias: UnsafePointer<Float>, into h: Buffer?, plus skipped: Buffer?, _ size: (rows: Int, columns: Int)
  ) {
    switch self {
    case .silu: unsafe run(SiLU.self, z, bias, h, skipped, size)
    case .gelu: unsafe run(GELU.self, z, bias, h, skipped, size)
    case .relu: unsafe run(ReLU.self, z, bias, h, skipped, size)
    case .tanh: unsafe run(Tanh.self, z, bias, h, skipped, size)
    case .softplus: unsafe run(Softplus.self, z, bias, h, skipped, size)
    }
  }

  @inline(__always)
  private func run<F: Nonlinearity>(
    _ f: F.Type, _ z: Buffer, _ bias: UnsafePointer<Float>, _ h: Buffer?, _ skipped: Buffer?,
    _ size: (rows: Int, columns: Int)
  ) {
    for row in 0..<size.rows {
      let z = unsafe z.row(row)
      switch unsafe (h?.row(row), skipped?.row(row)) {
      case (let h?, let x?):
        for j in 0..<size.columns {
          let (value, slope) = unsafe F.valueAndDerivative(z[j] + bias[j])
          unsafe h[j] = value + x[j]
          unsafe z[j] = slope
        }
      case (let h?, nil): for j in 0..<size.columns { unsafe (h[j], z[j]) = F.valueAndDerivative(z[j] + bias[j]) }
      case (nil, let x?):
        for j in 0..<size.columns { unsafe z[j] = F.valueAndDerivative(z[j] + bias[j]).value + x[j] }
      case (nil, nil): for j in 0..<size.columns { unsafe z[j] = F.valueAndDerivative(z[j] + bias[j]).value }
      }
    }
  }
}
