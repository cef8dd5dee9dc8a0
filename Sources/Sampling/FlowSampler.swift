internal import Diffusion

/// A sampler that draws no noise: a sample is a function of the state that it starts from.
public struct FlowSampler: RawRepresentable, CaseIterable, Sendable, Equatable {
  /// The sampler; `ddim` with its usual η = 0.
  public let kind: SamplerKind

  /// All such samplers.
  public static let allCases = SamplerKind.allCases.compactMap(Self.init)
  /// The usual one.
  public static let usual = FlowSampler(kind: .dpmSolver)

  private init(kind: SamplerKind) { self.kind = kind }

  /// The flow's sampler that a sampler is; nil where it draws noise.
  public init?(_ kind: SamplerKind) {
    guard kind.followsFlow else { return nil }
    self.kind = kind
  }

  /// The sampler of this name.
  public init?(rawValue: String) {
    guard let kind = SamplerKind(rawValue: rawValue) else { return nil }
    self.init(kind)
  }

  /// The sampler's name.
  public var rawValue: String { kind.rawValue }
}

extension SamplerKind {
  /// Whether the sampler, with its usual numbers, draws no noise after the state that it starts from.
  ///
  /// Seen on steps under the variance-preserving process, which every sampler serves.
  public var followsFlow: Bool {
    let (process, sampler) = (VariancePreserving(), make())
    let (r, t, s) = (0.5, 0.499, 0.498)
    let stages = sampler.step(process, from: r, to: t) + sampler.step(process, from: t, to: s, after: r)
    return stages.allSatisfy { $0.noise == nil }
  }
}
