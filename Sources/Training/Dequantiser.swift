internal import LinearAlgebra
public import Networks
internal import RealFunctions

/// The laws of the noise that gives levels a density.
public enum DequantisationKind: String, Sendable, CaseIterable {
  /// `uniform`: over the cell of the level.
  case uniform
  /// `variational`: a law that a network of its own says of each row, and that learns from the bound.
  case variational
}

/// The noise that levels get, and the network that says its law where it is learned.
public struct DequantisationOptions: Sendable, Equatable {
  /// Which law.
  public var kind = DequantisationKind.uniform
  /// Units of the network's hidden layers.
  public var widths = [256, 256]

  /// The defaults.
  public init() {}
}

/// Variational dequantisation: a law q(u|x) of the noise of levels, which a network beside the score's says of each row.
///
/// ```
/// y = x + w (u − ½),   u = S(a),   a = μ + σe,   e = ln(v/(1 − v)),   v uniform on (0, 1);   S(a) = 1/(1 + exp(−a))
/// [μ | ℓ] = network(x),   ln σ = 5 tanh(ℓ/5)
/// ln q(u|x) = Σ_j [ln S′(e_j) − ln S′(a_j) − ln σ_j]
/// −ln P(x) ≤ E_q[−ln p(y) + ln q(u|x)] − Σ ln w
/// ```
/// Ho, Chen, Srinivas, Duan and Abbeel 2019, arXiv 1902.00275, section 3.1; for scores Song, Durkan, Murray and Ermon 2021,
/// arXiv 2101.09258. They take a flow of coupling layers for q. Here the coordinates of u are independent given x, and e is logistic:
/// μ = 0 and σ = 1 is uniform noise itself, with which training begins, as a new network's last layer is 0. Columns whose numbers are no levels stay as they are.
public struct Dequantiser: Sendable, Equatable {
  /// The name of its part of the parameters.
  static let part = "dequantiser"
  /// How far ln σ goes.
  static let range = 5.0

  /// From d to 2d numbers.
  public let network: NetworkArchitecture
  /// The frequencies of its embedding, which is that of level 0 for every row.
  let frequencies: [Float]

  /// A law for rows of d numbers, conditions not among them.
  public init(dimension: Int, widths: [Int]) {
    let embedding = TimeEmbedding(kind: .sinusoidal, features: 2)
    network = NetworkArchitecture(
      inputs: dimension, outputs: 2 * dimension, widths: widths, activation: .silu, residual: true,
      embedding: embedding)
    frequencies = embedding.frequencies(seed: 0)
  }

  /// d.
  var dimension: Int { network.inputs }

  /// Its part of the parameters.
  var further: ParameterLayout.Further {
    .init(Self.part, tensors: ParameterLayout(network).entries.map { (name: $0.name, shape: $0.shape) })
  }

  /// Where the part lies in a layout.
  func elements(of layout: ParameterLayout) -> Range<Int> {
    guard let part = layout.further.first(where: { $0.name == Self.part }) else {
      preconditionFailure("no dequantiser")
    }
    return part.range
  }
}

/// The logistic function at a number, and its slope.
struct Logistic {
  /// S(a) = 1/(1 + exp(−a)).
  let share: Double
  /// ln S′(a), S′ = S(1 − S); no number is too large for it.
  let logSlope: Double

  init(_ a: Double) {
    let e = exp(-abs(a))
    share = a < 0 ? e / (1 + e) : 1 / (1 + e)
    logSlope = -abs(a) - 2 * log(1 + e)
  }
}
