public import LinearAlgebra
internal import Randomness

extension NetworkArchitecture {
  /// Fresh parameters: weights N(0, 1/inputs), biases and the whole last layer zero.
  ///
  /// Row r of layer l's weight is drawn by global index r at step l of the initialisation stream, so that it depends on
  /// nothing but the seed and the shape.
  public func initialParameters(seed: UInt64) -> Matrix {
    let layout = ParameterLayout(self)
    let parameters = Matrix(rows: 1, columns: layout.count)
    for (l, layer) in layers.enumerated().dropLast() {
      var weight = Matrix(rows: layer.outputs, columns: layer.inputs)
      RandomStream(seed: seed, purpose: .initialisation, step: UInt64(l)).fillNormals(&weight, firstIndex: 0)
      let scale = 1 / Float(layer.inputs).squareRoot()
      let target = unsafe parameters.pointer + layout.weight(l).offset
      for i in 0..<weight.count { unsafe target[i] = scale * weight.pointer[i] }
    }
    return parameters
  }
}
