internal import Diffusion

/// The built-in data laws, by the names that experiment files use.
public enum TargetKind: String, Sendable, CaseIterable {
  case gaussian
  case eightGaussians = "eight-gaussians"
  case mg25
  case diamond
  case funnel
  case twoMoons = "two-moons"
  case checkerboard
  case swissRoll = "swiss-roll"
  case twoMoonsSimulator = "two-moons-simulator"
  case studentTMixture = "student-t-mixture"
  case simpleLikelihood = "slcp-simulator"
  case linearGaussian = "gaussian-linear-simulator"
  case twoNoises = "gaussian-mixture-simulator"
  case spikes = "bernoulli-glm-simulator"

  /// The number of columns after the data's that condition.
  public var conditions: Int {
    switch self {
    case .twoMoonsSimulator, .twoNoises: 2
    case .simpleLikelihood: 8
    case .linearGaussian, .spikes: 10
    case .gaussian, .eightGaussians, .mg25, .diamond, .funnel, .twoMoons, .checkerboard, .swissRoll, .studentTMixture: 0
    }
  }

  /// Whether the score of the law's marginals is known exactly.
  public var hasExactScore: Bool {
    guard let target = try? make(dimension: dimensions.lowerBound) else { return false }
    return target.score(under: OrnsteinUhlenbeck(horizon: 1), in: .identity(target.dimension)) != nil
  }

  /// The dimensions the law exists in.
  public var dimensions: ClosedRange<Int> {
    switch self {
    case .gaussian, .studentTMixture: 1...Int.max
    case .mg25, .funnel: 2...Int.max
    case .eightGaussians, .diamond, .twoMoons, .checkerboard, .swissRoll, .twoMoonsSimulator, .twoNoises: 2...2
    case .simpleLikelihood: 5...5
    case .linearGaussian, .spikes: 10...10
    }
  }

  /// The law in a given dimension; `gaussian` is N(0, I).
  ///
  /// - Throws: `TargetError` if the law does not exist in that dimension.
  public func make(dimension: Int) throws(TargetError) -> any Target {
    guard dimensions.contains(dimension) else { throw .dimension(dimension, of: self) }
    return switch self {
    case .gaussian:
      GaussianMixture(
        mean: Array(repeating: 0, count: dimension), variance: Array(repeating: 1, count: dimension))
    case .eightGaussians: GaussianMixture.eightGaussians
    case .mg25: GaussianMixture.mg25(dimension: dimension)
    case .diamond: GaussianMixture.diamond
    case .funnel: Funnel(dimension: dimension)
    case .twoMoons: TwoMoons()
    case .checkerboard: Checkerboard()
    case .swissRoll: SwissRoll()
    case .twoMoonsSimulator: TwoMoonsSimulator()
    case .studentTMixture: StudentTMixture(dimension: dimension)
    case .simpleLikelihood: SimpleLikelihood()
    case .linearGaussian: LinearGaussianSimulator()
    case .twoNoises: TwoNoisesSimulator()
    case .spikes: SpikeSimulator()
    }
  }
}

/// What can be wrong with a request for a target.
public enum TargetError: Error, Equatable, CustomStringConvertible {
  /// The law does not exist in this dimension.
  case dimension(Int, of: TargetKind)

  /// What was asked for and which dimension to set.
  public var description: String {
    switch self {
    case .dimension(let dimension, let kind):
      let range = kind.dimensions
      let only = range.lowerBound == range.upperBound
      let need = (only ? "dimension" : "a dimension of at least") + " \(range.lowerBound)"
      return "the target '\(kind.rawValue)' has no form in dimension \(dimension): set \(need)"
    }
  }
}
