public import Diffusion
public import LinearAlgebra

/// A sampler of any family, by its name.
///
/// The case is the family: it says how the sampler is run.
public enum SamplerChoice: Sendable, Equatable {
  /// Steps along a grid of times that all samples share.
  case stepping(SamplerKind)
  /// Steps whose lengths each sample chooses for itself.
  case adaptive(AdaptiveSamplerKind)
  /// A chain for a known density, without a process.
  case chain(ChainKind)
}

extension SamplerChoice: RawRepresentable, CaseIterable {
  /// All samplers, family by family.
  public static let allCases =
    SamplerKind.allCases.map(Self.stepping) + AdaptiveSamplerKind.allCases.map(Self.adaptive)
    + ChainKind.allCases.map(Self.chain)

  /// The name.
  public var rawValue: String {
    switch self {
    case .stepping(let kind): kind.rawValue
    case .adaptive(let kind): kind.rawValue
    case .chain(let kind): kind.rawValue
    }
  }

  /// The sampler of this name.
  public init?(rawValue: String) {
    guard let found = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = found
  }

  /// The sampler unless another is asked for.
  public static let usual = SamplerChoice.stepping(.dpmSolver)

  /// The number of steps unless another is asked for: what a measurement over all processes found enough.
  public var usualSteps: Int { self == .stepping(.dpmSolver) ? 50 : 250 }

  /// The grid unless another is asked for.
  public var usualGrid: TimeGrid {
    [.stepping(.dpmSolver), .stepping(.ancestral), .stepping(.consistentAnnealed)].contains(self) ? .logSNR : .quadratic
  }

  /// What the sampler asks of a process; nil where it needs none.
  public func requirement(_ options: SamplerOptions) -> ProcessRequirement? {
    switch self {
    case .stepping(let kind): kind.make(options).requirement
    case .adaptive: .linear
    case .chain: nil
    }
  }
}

/// The adaptive samplers by name.
public enum AdaptiveSamplerKind: String, Sendable, CaseIterable {
  /// `AdaptiveEuler`.
  case adaptiveEuler = "adaptive-euler"
  /// `DormandPrince`.
  case dormandPrince = "dormand-prince"

  /// The sampler of this name.
  public func make(_ options: SamplerOptions = SamplerOptions()) -> any AdaptiveSampler {
    switch self {
    case .adaptiveEuler: AdaptiveEuler(tolerance: options.tolerance)
    case .dormandPrince: DormandPrince(tolerance: options.tolerance)
    }
  }
}

/// A sampler whose steps `predictor-corrector` corrects: a `SamplerKind` that can be one.
public struct Predictor: RawRepresentable, CaseIterable, Sendable, Equatable {
  /// The sampler.
  public let kind: SamplerKind

  /// All samplers that can be a predictor.
  public static let allCases = SamplerKind.allCases.compactMap(Self.init)
  /// The usual one.
  public static let eulerMaruyama = Predictor(kind: .eulerMaruyama)

  private init(kind: SamplerKind) { self.kind = kind }

  /// The predictor that a sampler is; nil where it cannot be one.
  public init?(_ kind: SamplerKind) {
    guard kind.canPredict else { return nil }
    self.kind = kind
  }

  /// The predictor of this name.
  public init?(rawValue: String) {
    guard let kind = SamplerKind(rawValue: rawValue) else { return nil }
    self.init(kind)
  }

  /// The sampler's name.
  public var rawValue: String { kind.rawValue }
}

/// The law that generation starts from.
public enum StartingChoice: String, Sendable, CaseIterable {
  /// `prior`: the process's.
  case prior
  /// `moments`: the Gaussian with p_T's moments for data of mean 0 and variance 1.
  case moments

  /// The covariance of the law: the prior's, or H + MMᵀ at the start.
  public func covariance(of process: any ForwardProcess) -> BlockMatrix {
    guard self == .moments else { return process.priorCovariance }
    let kernel = process.kernel(at: process.start)
    return kernel.covariance + kernel.mean.outer(kernel.mean)
  }
}

/// How samples given observations or fixed coordinates are drawn.
public enum ConditioningMethod: String, Sendable, CaseIterable {
  /// `particles`: `ParticleGenerator`.
  case particles
  /// `guidance`: any sampler, guided by `ObservedScore` or with the fixed coordinates held.
  case guidance
}
