/// The error that all ranks throw when one of them failed within `Communicator.agree`.
public struct AgreedError: StatusError, Equatable {
  /// The failing rank's own words.
  public let description: String
  /// The failing rank's exit status.
  public let status: Int32
  /// The lowest rank that failed.
  public let rank: Int
}
