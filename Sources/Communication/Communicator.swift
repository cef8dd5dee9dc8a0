internal import CMPI
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
  let handle: MPI_Comm?

  /// True on the rank that writes files and speaks.
  public var isRoot: Bool { rank == 0 }

  private init(handle: MPI_Comm?, rank: Int, size: Int) {
    unsafe self.handle = unsafe handle
    self.rank = rank
    self.size = size
  }

  /// A group of one that does not need MPI.
  public static var single: Communicator { unsafe Communicator(handle: nil, rank: 0, size: 1) }

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
    try check(sgm_mpi_start(), "MPI_Init_thread", rank: 0)
    let world = try unsafe wrap(sgm_mpi_world())
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
  public func finish() {
    if unsafe handle != nil { MPI_Finalize() }
  }

  /// Ends all ranks at once with this status.
  public func abort(status: Int32) -> Never {
    if let handle = unsafe handle { unsafe MPI_Abort(handle, status) }
    exit(status)
  }

  /// The ranks with the same colour form a new group, ordered by `key`.
  public func split(color: Int, key: Int) throws -> Communicator {
    guard let handle = unsafe handle else { return .single }
    var part = unsafe sgm_mpi_null()
    try check(.split, unsafe MPI_Comm_split(handle, Int32(color), Int32(key), &part))
    unsafe MPI_Comm_set_errhandler(part, sgm_mpi_errors_return())
    return try unsafe Self.wrap(part)
  }

  /// Ends a group that `split` made; no operation of it may follow.
  public func free() throws {
    var part = unsafe handle
    guard unsafe part != nil else { return }
    try Self.check(unsafe MPI_Comm_free(&part), "MPI_Comm_free", rank: rank)
  }

  /// Waits until all ranks are here.
  public func barrier() throws {
    guard let handle = unsafe handle else { return }
    try check(.barrier, unsafe MPI_Barrier(handle))
  }

  private static func wrap(_ handle: MPI_Comm?) throws -> Communicator {
    var rank: Int32 = 0
    var size: Int32 = 1
    try check(unsafe MPI_Comm_rank(handle, &rank), "MPI_Comm_rank", rank: 0)
    try check(unsafe MPI_Comm_size(handle, &size), "MPI_Comm_size", rank: Int(rank))
    return unsafe Communicator(handle: handle, rank: Int(rank), size: Int(size))
  }

  /// Whether this process is alone or the first of its group, as the launcher says; true before MPI starts and after.
  public static var isFirstProcess: Bool {
    let rank = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"].lazy.compactMap { environment($0) }.first
    return rank == nil || rank == "0"
  }

  private static func environment(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  func check(_ status: Int32, _ call: String) throws { try Self.check(status, call, rank: rank) }

  /// Carries out a call to the other ranks, in sight of whoever watches.
  func check(_ call: MessageCall, _ body: @autoclosure () -> Int32) throws {
    sgm_pulse_enter(call.rawValue)
    let status = body()
    sgm_pulse_leave()
    try Self.check(status, call.description, rank: rank)
  }

  private static func check(_ status: Int32, _ call: String, rank: Int) throws {
    guard status != 0 else { return }
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING) + 1)
    var length: Int32 = 0
    unsafe MPI_Error_string(status, &text, &length)
    let reason = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    throw CommunicationError.call(name: call, reason: reason, rank: rank)
  }
}
