import Foundation
import Networks

/// The network of `NetworkArchitecture` written down a second time, in Double and without a library: the oracle.
struct DoubleNetwork {
  let architecture: NetworkArchitecture
  let frequencies: [Float]
  var parameters: [Double]

  func forward(state: [Double], level: Float) -> [Double] {
    let angles = frequencies.map { 2 * Double.pi * Double($0) * Double(level) }
    let features = angles.map { sin($0) } + angles.map { cos($0) }
    let layout = ParameterLayout(architecture)
    let x = Array(state.prefix(architecture.inputs - architecture.conditions))
    var h = state
    if architecture.radial { h.append(log(1e-4 + x.reduce(0) { $0 + $1 * $1 } / Double(x.count))) }
    for n in architecture.frequencies {
      h += x.map { sin(pow(2, Double(n)) * Double.pi * $0) } + x.map { cos(pow(2, Double(n)) * Double.pi * $0) }
    }
    for (l, layer) in architecture.layers.enumerated() {
      let seen = layer.inputs > layer.width ? h + features : h
      let weight = layout.weight(l)
      let z = (0..<layer.outputs).map { o in
        (0..<layer.inputs).reduce(parameters[layout.bias(l).offset + o]) { sum, i in
          sum + parameters[weight.offset + o * layer.inputs + i] * seen[i]
        }
      }
      if l == architecture.layerCount - 1 {
        guard architecture.shrinkage else { return tellingWords(z, x, level) }
        let f = (0..<architecture.outputs).map {
          z[$0] + (x.indices.contains($0) ? z[architecture.outputs + $0] * x[$0] : 0)
        }
        return tellingWords(f, x, level)
      }
      let skip = layer.skips ? h : [Double](repeating: 0, count: layer.outputs)
      h = zip(z, skip).map { activation($0) + $1 }
    }
    return h
  }

  /// 1/σ² of a level, mild enough that no word is certain.
  static func signal(_ level: Float) -> Double { exp(-Double(level)) }

  /// F in the columns of words by Bayes' rule over a block's points, from logits.
  private func tellingWords(_ logits: [Double], _ x: [Double], _ level: Float) -> [Double] {
    guard let words = architecture.words else { return logits }
    let variance = 1 / Self.signal(level)
    let y = x.map { $0 * (1 + variance).squareRoot() }
    var f = logits
    for block in words.blocks {
      let columns = Array(block)
      func point(_ ones: Int?) -> [Double] {
        columns.map { ((ones == $0 ? 1 : 0) - Double(words.centre[$0])) / Double(words.scale[$0]) }
      }
      var points = columns.map { (point($0), Double(words.logPrior[$0]) + logits[$0]) }
      if columns.count == 1 { points.append((point(nil), 0)) }
      let weights = points.map { e, logit in
        exp(logit - zip(columns, e).reduce(0) { $0 + pow(y[$1.0] - $1.1, 2) } / (2 * variance))
      }
      for (place, k) in columns.enumerated() {
        let mean = zip(points, weights).reduce(0) { $0 + $1.0.0[place] * $1.1 } / weights.reduce(0, +)
        f[k] = ((1 + variance).squareRoot() * mean - x[k]) / variance.squareRoot()
      }
    }
    return f
  }

  private func activation(_ z: Double) -> Double {
    switch architecture.activation {
    case .silu: z / (1 + exp(-z))
    case .gelu: 0.5 * z * (1 + tanh((2 / Double.pi).squareRoot() * (z + 0.044715 * z * z * z)))
    case .relu: max(z, 0)
    case .tanh: tanh(z)
    case .softplus: log1p(exp(z))
    }
  }
}
