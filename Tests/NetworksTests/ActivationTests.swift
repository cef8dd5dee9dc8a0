import Foundation
import LinearAlgebra
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
    let (kept, values) = (Row(z), Row(z.map { _ in 0 }))
    // Half of each number is the bias.
    unsafe kept.buffer.base.update(from: z.map { 0.5 * $0 }, count: z.count)
    unsafe activation.apply(kept.buffer, bias: z.map { 0.5 * $0 }, into: values.buffer, plus: nil, (1, z.count))
    return (values.numbers, kept.numbers)
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
    let (z, result) = (Row(Self.points), Row(Self.points))
    let bias = [Float](repeating: 0, count: Self.points.count)
    unsafe activation.writeCurvature(of: z.buffer, bias: bias, into: result.buffer, (1, Self.points.count))
    let found = result.numbers
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

  @Test("in place, each row of a tile takes its values, with the bias of its column and a stride of its own")
  func inPlace() {
    let z = Row([1, -1, 99, 2, -2, 99])
    unsafe Activation.relu.apply(Buffer(base: z.buffer.base, stride: 3), bias: [0, 10], into: nil, plus: nil, (2, 2))
    #expect(z.numbers == [1, 9, 99, 2, 8, 99])
  }

  @Test("what skips a layer is added to the value, in place and beside it, and not to the derivative")
  func skipped() {
    let (z, copy, h, x) = (Row([1, -1, 2]), Row([1, -1, 2]), Row([0, 0, 0]), Row([10, 20, 30]))
    unsafe Activation.relu.apply(z.buffer, bias: [0, 0, 1], into: h.buffer, plus: x.buffer, (1, 3))
    #expect(h.numbers == [11, 20, 33] && z.numbers == [1, 0, 1])
    unsafe Activation.relu.apply(copy.buffer, bias: [0, 0, 1], into: nil, plus: x.buffer, (1, 3))
    #expect(copy.numbers == [11, 20, 33])
  }
}

/// One row of numbers in memory of its own.
@safe private final class Row {
  private let matrix: Matrix
  let buffer: Buffer

  init(_ numbers: [Float]) {
    matrix = Matrix(rows: 1, columns: numbers.count)
    unsafe buffer = Buffer(base: matrix.pointer, stride: numbers.count)
    unsafe buffer.base.update(from: numbers, count: numbers.count)
  }

  var numbers: [Float] { (0..<matrix.count).map { matrix[0, $0] } }
}
