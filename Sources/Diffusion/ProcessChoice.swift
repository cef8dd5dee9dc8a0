/// A forward process of any family, by its name.
public enum ProcessChoice: Sendable, Equatable {
  /// A diffusion of real numbers.
  case real(ProcessKind)
  /// A chain of discrete states.
  case discrete(DiscreteProcessKind)
}

extension ProcessChoice: RawRepresentable, CaseIterable {
  /// All processes, family by family.
  public static let allCases = ProcessKind.allCases.map(Self.real) + DiscreteProcessKind.allCases.map(Self.discrete)

  /// The name.
  public var rawValue: String {
    switch self {
    case .real(let kind): kind.rawValue
    case .discrete(let kind): kind.rawValue
    }
  }

  /// The process of this name.
  public init?(rawValue: String) {
    guard let found = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = found
  }
}

extension ProcessOptions {
  /// The process of any family.
  public var choice: ProcessChoice {
    get { chain.map { .discrete($0) } ?? .real(kind) }
    set {
      switch newValue {
      case .real(let kind): (self.kind, chain) = (kind, nil)
      case .discrete(let kind): chain = kind
      }
    }
  }

  /// The chain of discrete states for K levels; nil for a process on real numbers.
  ///
  /// The discretised Gaussian's β_t is that of `discrete-linear`: β · 1/T, with β linear from `betaMinimum` to `betaMaximum`.
  public func makeChain(levels: Int) -> DiscreteProcess? {
    chain.map { kind in
      DiscreteProcess(
        kind, levels: levels, steps: chainSteps,
        noise: (betaMinimum / Double(chainSteps), betaMaximum / Double(chainSteps)))
    }
  }
}
