/// The forward processes by name.
public enum ProcessKind: String, Sendable, CaseIterable {
  /// `OrnsteinUhlenbeck`.
  case ornsteinUhlenbeck = "ornstein-uhlenbeck"
  /// `VariancePreserving`.
  case variancePreserving = "variance-preserving"
  /// `SubVariancePreserving`.
  case subVariancePreserving = "sub-variance-preserving"
  /// `VarianceExploding`.
  case varianceExploding = "variance-exploding"
  /// `CriticallyDampedLangevin`.
  case criticallyDampedLangevin = "critically-damped-langevin"
  /// `LinearProcess.phaseSpaceLangevin`.
  case phaseSpaceLangevin = "phase-space-langevin"
  /// `LinearProcess.thirdOrderLangevin`.
  case thirdOrderLangevin = "third-order-langevin"
  /// `FlowMatching`.
  case flowMatching = "flow-matching"
  /// `AnnealedPath`.
  case annealed

  /// The horizon unless another is asked for.
  public var usualHorizon: Double {
    switch self {
    case .ornsteinUhlenbeck: 4
    case .flowMatching: 0.999
    case .variancePreserving, .subVariancePreserving, .varianceExploding, .criticallyDampedLangevin,
      .phaseSpaceLangevin, .thirdOrderLangevin, .annealed:
      1
    }
  }

  /// The schedule unless another is asked for; nil for a process without.
  public var usualSchedule: NoiseSchedule.Kind? {
    switch self {
    case .variancePreserving, .subVariancePreserving: .linear
    case .criticallyDampedLangevin, .phaseSpaceLangevin, .thirdOrderLangevin: .constant
    case .ornsteinUhlenbeck, .varianceExploding, .flowMatching, .annealed: nil
    }
  }

  /// The constant β unless another is asked for: e^{−βT} leaves as little of the data as the others.
  public var usualBeta: Double {
    switch self {
    case .phaseSpaceLangevin: 8
    case .thirdOrderLangevin: 6
    case .ornsteinUhlenbeck, .variancePreserving, .subVariancePreserving, .varianceExploding,
      .criticallyDampedLangevin, .flowMatching, .annealed:
      4
    }
  }
}
