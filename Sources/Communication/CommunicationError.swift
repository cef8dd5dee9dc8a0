/// Errors of the communication layer.
public enum CommunicationError: StatusError, Equatable {
  /// An MPI call returned an error.
  case call(name: String, reason: String, rank: Int)
  /// Several processes were started, each of which believes to be alone.
  case unconnected(tasks: Int)
  /// The operating system refused a rank its threads.
  case threads(count: Int, reason: String, rank: Int)

  /// What happened and what to do.
  public var description: String {
    switch self {
    case .call(let name, let reason, let rank):
      "rank \(rank): \(name) failed: \(reason). The job cannot go on; resume it from its last checkpoint."
    case .unconnected(let tasks):
      "\(tasks) tasks were started, but MPI does not connect them: each would be rank 0 of 1. "
        + "Start with mpirun, or with srun --mpi=pmix where Open MPI was built with PMIx."
    case .threads(let count, let reason, let rank):
      "--threads \(count): the operating system refused rank \(rank) its threads: \(reason); take fewer"
    }
  }

  /// EX_PROTOCOL for MPI's errors, EX_CONFIG for a wrong launcher, EX_OSERR for threads.
  public var status: Int32 {
    switch self {
    case .call: 76
    case .unconnected: 78
    case .threads: 71
    }
  }
}
