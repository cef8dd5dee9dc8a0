internal import CMachine
private import Glibc

/// A group of ranks that compute together.
///
/// A process that was not started by mpirun is rank 0 of 1 and never initialises MPI: every operation is then the
/// identity. All operations are collective: every rank of the group calls them in the same order.
@safe public final class Communicator {
  /// This process's place in the group, from 0.
  public let rank: Int
  /// The number of ranks.
  public let size: Int
  /// The threads of this rank, which share its work.
  public let threads: ThreadTeam
  /// Absent where the process is alone.
  let link: (any RankLink)?

  /// True on the rank that writes files and speaks.
  public var isRoot: Bool { rank == 0 }

  /// Who computes, in words: "1 rank", or "2 ranks of 4 threads".
  public var words: String {
    (size == 1 ? "1 rank" : "\(size) ranks") + (threads.count > 1 ? " of \(threads.count) threads" : "")
  }

  /// Place `rank` of `size` behind a link.
  package init(link: (any RankLink)?, rank: Int, size: Int, threads: ThreadTeam = .alone) {
    self.link = link
    self.rank = rank
    self.size = size
    self.threads = threads
  }

  /// A group of one that does not need MPI.
  public static var single: Communicator { Communicator(link: nil, rank: 0, size: 1) }

  /// The same group, with a rank's work shared by `count` threads.
  ///
  /// - Throws: `CommunicationError.threads` where the operating system refuses them.
  public func with(threads count: Int) throws(CommunicationError) -> Communicator {
    let team = count > 1 ? try ThreadTeam(count: count, rank: rank) : .alone
    return Communicator(link: link, rank: rank, size: size, threads: team)
  }

  /// Joins the group that the launcher made, or is alone.
  ///
  /// - Throws: `CommunicationError.unconnected` where a launcher started more tasks than MPI connects.
  public static func start() throws -> Communicator {
    let launched = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"].contains { environment($0) != nil }
    // MPI may add to the environment.
    let tasks = foreignTasks
    guard launched else {
      if let tasks { throw CommunicationError.unconnected(tasks: tasks) }
      return single
    }
    // Whatever ends the launcher, no rank outlives it.
    sgm_die_with_parent()
    let (link, rank, size) = try MPILink.start()
    let world = Communicator(link: link, rank: rank, size: size)
    if world.size == 1, let tasks {
      world.finish()
      throw CommunicationError.unconnected(tasks: tasks)
    }
    return world
  }

  /// The number of tasks, where it is above 1, that another launcher than Open MPI's started.
  ///
  /// MPI may not hear of them: N processes that all look alone would be N writers of one run folder.
  private static var foreignTasks: Int? {
    guard environment("OMPI_COMM_WORLD_SIZE") == nil else { return nil }
    let isTask = environment("SLURM_STEP_ID") != nil && environment("SLURM_PROCID") != nil
    // The step's own number first: a job may have more tasks than one of its steps.
    let names = ["PMI_SIZE"] + (isTask ? ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"] : [])
    let tasks = names.lazy.compactMap { environment($0).flatMap { Int($0) } }.first ?? 1
    return tasks > 1 ? tasks : nil
  }

  /// Ends MPI; no operation may follow.
  ///
  /// Call once, on the group from `start`.
  public func finish() { link?.finish() }

  /// Ends all ranks at once with this status.
  public func abort(status: Int32) -> Never {
    link?.abort(status: status)
    exit(status)
  }

  /// The ranks with the same colour form a new group, ordered by `key`.
  public func split(color: Int, key: Int) throws -> Communicator {
    guard let link else { return self }
    let part = try link.split(color: color, key: key)
    return Communicator(link: part.link, rank: part.rank, size: part.size, threads: threads)
  }

  /// Ends a group that `split` made; no operation of it may follow.
  public func free() throws { try link?.free() }

  /// Waits until all ranks are here.
  public func barrier() throws { try link?.barrier() }

  /// Whether this process is alone or the first of its group, as the launcher says; true before MPI starts and after.
  public static var isFirstProcess: Bool {
    let rank = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"].lazy.compactMap { environment($0) }.first
    return rank == nil || rank == "0"
  }

  private static func environment(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
