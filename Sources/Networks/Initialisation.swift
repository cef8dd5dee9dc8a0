public import LinearAlgebra
internal import Randomness

extension NetworkArchitecture {
  /// Fresh parameters: weights N(0, 1/n), biases and the whole last layer zero.
  ///
  /// n is the number of inputs of the same kind: those from the state or the layer before, the embedding's features, the one
  /// radial feature, or the Fourier features of the input.
  ///
  /// Row r of layer l's weight is drawn by global index r at step l of the initialisation stream, so that it depends on
  /// nothing but the seed and the shape.
  public func initialParameters(seed: UInt64) -> Matrix {
    let layout = ParameterLayout(self)
    let parameters = Matrix(rows: 1, columns: layout.count)
    for (l, layer) in layers.enumerated().dropLast() {
      var weight = Matrix(rows: layer.outputs, columns: layer.inputs)
      RandomStream(seed: seed, purpose: .initialisation, step: UInt64(l)).fillNormals(&weight, firstIndex: 0)
      // State and features count alike, whatever their numbers: two coordinates would drown among 64 features.
      let own = l == 0 ? inputs : layer.width
      let scales = (state: 1 / Float(own).squareRoot(), features: 1 / Float(embedding.features).squareRoot())
      func derived(_ k: Int) -> Float { radial && k == 0 ? 1 : 1 / Float(fourierFeatures).squareRoot() }
      let target = unsafe parameters.pointer + layout.weight(l).offset
      for i in 0..<weight.count {
        let column = i % layer.inputs
        let scale = column < own ? scales.state : column < layer.width ? derived(column - own) : scales.features
        unsafe target[i] = scale * weight.pointer[i]
      }
    }
    return parameters
  }
}
