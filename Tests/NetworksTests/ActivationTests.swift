import Foundation
import Testing

@testable import Networks

/// Value, first and second derivative of an activation in Double, each from its own formula.
private func reference(_ activation: Activation, _ z: Double) -> (value: Double, first: Double, second: Double) {
  let s = 1 / (1 + exp(-z))
  switch activation {
  case .silu: return (z * s, s + z * s * (1 - s), s * (1 - s) * (2 + z * (1 - 2 * s)))
  case .gelu:
    // ½z(1 + tanh y), y = √(2/π)(z + 0.044715 z³).
    let c = (2 / Double.pi).squareRoot()
    let (y, dy, ddy) = (c * (z + 0.044715 * z * z * z), c * (1 + 0.134145 * z * z), c * 0.26829 * z)
    let t = tanh(y)
    let dt = 1 - t * t
    return (
      0.5 * z * (1 + t), 0.5 * (1 + t) + 0.5 * z * dt * dy, dt * dy + 0.5 * z * (dt * ddy - 2 * t * dt * dy * dy)
    )
  case .relu: return (max(z, 0), z > 0 ? 1 : 0, 0)
  case .tanh: return (tanh(z), 1 - tanh(z) * tanh(z), -2 * tanh(z) * (1 - tanh(z) * tanh(z)))
  case .softplus: return (log1p(exp(z)), s, s * (1 - s))
  }
}

@Suite struct ActivationTests {
  private static let points = stride(from: Float(-8), through: 8, by: 0.01).map { $0 }

  /// What the network's own loop over a layer makes of some preactivations: values, and derivatives in their place.
  private func applied(_ activation: Activation, _ z: [Float]) -> (values: [Float], derivatives: [Float]) {
    var (kept, values) = (z, [Float](repeating: 0, count: z.count))
    unsafe activation.apply(
      &kept, rows: 1, width: z.count, skip: nil, skipStride: 0, into: &values, hStride: z.count, keepDerivative: true)
    return (values, kept)
  }

  @Test("values and derivatives are those of the formulas", arguments: Activation.allCases)
  func derivatives(activation: Activation) {
    let (values, derivatives) = applied(activation, Self.points)
    for (i, z) in Self.points.enumerated() where activation != .relu || z != 0 {
      let exact = reference(activation, Double(z))
      // Float rounding of a few terms of size 8; an exponential right to 1.5e-7.
      #expect(abs(Double(values[i]) - exact.value) < 2e-6, "\(z)")
      #expect(abs(Double(derivatives[i]) - exact.first) < 3e-6, "\(z)")
    }
  }

  @Test("second derivatives are those of the formulas", arguments: Activation.allCases.filter(\.isSmooth))
  func curvatures(activation: Activation) {
    var found = [Float](repeating: 0, count: Self.points.count)
    unsafe activation.writeCurvature(of: Self.points, into: &found, count: found.count)
    for (i, z) in Self.points.enumerated() {
      // As above, in products of up to four factors; gelu's inner slope reaches 8.
      #expect(abs(Double(found[i]) - reference(activation, Double(z)).second) < 2e-5, "\(z)")
    }
  }

  @Test("the reference's derivatives are its values' differences", arguments: Activation.allCases)
  func differences(activation: Activation) {
    let h = 1e-4
    for z in [-3.1, -0.7, 0.2, 1.9] {
      let (low, here, high) = (
        reference(activation, z - h), reference(activation, z), reference(activation, z + h)
      )
      // Central differences: h² times a third derivative below 1.
      #expect(abs((high.value - low.value) / (2 * h) - here.first) < 1e-7)
      #expect(abs((high.first - low.first) / (2 * h) - here.second) < 1e-7)
    }
  }

  @Test("what is not a number stays so: no activation repairs a diverging network in silence")
  func notANumber() {
    for activation in Activation.allCases { #expect(applied(activation, [.nan]).values[0].isNaN, "\(activation)") }
  }

  @Test("relu is 0 up to and at 0, and the identity above")
  func relu() {
    let points = [-2, -0.0, 0, 1e-30, 3] as [Float]
    let (values, derivatives) = applied(.relu, points)
    for (i, z) in points.enumerated() {
      #expect(values[i] == (z > 0 ? z : 0) && derivatives[i] == (z > 0 ? 1 : 0) && values[i].sign == .plus)
    }
  }

  @Test("a skip adds each row's own numbers, with strides of its own")
  func skips() {
    var z: [Float] = [1, -1, 2, -2]
    let skip: [Float] = [10, 20, 99, 30, 40, 99]
    var h = [Float](repeating: -7, count: 8)
    unsafe Activation.relu.apply(
      &z, rows: 2, width: 2, skip: skip, skipStride: 3, into: &h, hStride: 4, keepDerivative: false)
    #expect(h == [11, 20, -7, -7, 32, 40, -7, -7])
  }
}
