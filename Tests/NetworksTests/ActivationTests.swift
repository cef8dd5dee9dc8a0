import Testing

@testable import Networks

@Suite struct ActivationTests {
  @Test("what is not a number stays so: no activation repairs a diverging network in silence")
  func notANumber() {
    let values = [
      SiLU.valueAndDerivative(.nan), GELU.valueAndDerivative(.nan), ReLU.valueAndDerivative(.nan),
      Tanh.valueAndDerivative(.nan), Softplus.valueAndDerivative(.nan),
    ]
    #expect(values.map(\.value.isNaN) == [true, true, true, true, true])
  }

  @Test("relu is 0 up to and at 0, and the identity above")
  func relu() {
    for z in [-2, -0.0, 0, 1e-30, 3] as [Float] {
      let found = ReLU.valueAndDerivative(z)
      #expect(found.value == (z > 0 ? z : 0) && found.derivative == (z > 0 ? 1 : 0) && found.value.sign == .plus)
    }
  }
}
