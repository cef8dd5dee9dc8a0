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
    let s = 1 / (1 + Elementary.exp(-z))
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
  /// Applies the activation to rows of pre-activations.
  ///
  /// - Parameters:
  ///   - z: `[rows, width]`, overwritten by the derivative where `keepDerivative` is true.
  ///   - rows: the number of rows.
  ///   - width: the number of columns.
  ///   - skip: what is added to the value, or `nil`.
  ///   - skipStride: the distance between rows of `skip`.
  ///   - h: takes value (+ skip).
  ///   - hStride: the distance between rows of `h`.
  ///   - keepDerivative: whether derivatives will be needed.
  @unsafe func apply(
    _ z: UnsafeMutablePointer<Float>, rows: Int, width: Int, skip: UnsafePointer<Float>?, skipStride: Int,
    into h: UnsafeMutablePointer<Float>, hStride: Int, keepDerivative: Bool
  ) {
    let shape = Shape(rows: rows, width: width, skipStride: skipStride, hStride: hStride)
    switch self {
    case .silu: unsafe run(SiLU.self, z, skip, h, shape, keepDerivative)
    case .gelu: unsafe run(GELU.self, z, skip, h, shape, keepDerivative)
    case .relu: unsafe run(ReLU.self, z, skip, h, shape, keepDerivative)
    case .tanh: unsafe run(Tanh.self, z, skip, h, shape, keepDerivative)
    case .softplus: unsafe run(Softplus.self, z, skip, h, shape, keepDerivative)
    }
  }

  private struct Shape {
    let rows, width, skipStride, hStride: Int
  }

  @inline(__always)
  private func run<F: Nonlinearity>(
    _ f: F.Type, _ z: UnsafeMutablePointer<Float>, _ skip: UnsafePointer<Float>?, _ h: UnsafeMutablePointer<Float>,
    _ shape: Shape, _ keepDerivative: Bool
  ) {
    for row in 0..<shape.rows {
      let z = unsafe z + row * shape.width
      let h = unsafe h + row * shape.hStride
      if keepDerivative {
        for j in 0..<shape.width {
          let (value, derivative) = unsafe F.valueAndDerivative(z[j])
          unsafe h[j] = value
          unsafe z[j] = derivative
        }
      } else {
        for j in 0..<shape.width { unsafe h[j] = F.valueAndDerivative(z[j]).value }
      }
      if let skip = unsafe skip {
        let skip = unsafe skip + row * shape.skipStride
        for j in 0..<shape.width { unsafe h[j] += skip[j] }
      }
    }
  }
}
