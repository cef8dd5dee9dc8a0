/// A call to the other ranks, as heartbeats and errors name it.
///
/// Every rank makes the same calls in the same order, so that a count of them tells who has arrived where.
public enum MessageCall: Int32, Sendable, CaseIterable, CustomStringConvertible {
  /// None yet.
  case none
  case broadcast
  case allGather
  case allGatherVarying
  case allReduce
  case barrier
  case split
  /// Point-to-point transfers of the exchange, when nothing is left but to wait for them.
  case exchange

  /// The name of the MPI function.
  public var description: String {
    switch self {
    case .none: "no call"
    case .broadcast: "MPI_Bcast"
    case .allGather: "MPI_Allgather"
    case .allGatherVarying: "MPI_Allgatherv"
    case .allReduce: "MPI_Allreduce"
    case .barrier: "MPI_Barrier"
    case .split: "MPI_Comm_split"
    case .exchange: "MPI_Waitall"
    }
  }
}
