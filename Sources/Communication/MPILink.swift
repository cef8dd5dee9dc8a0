internal import CMPI
internal import CMachine

/// A group of ranks that MPI connects.
@safe final class MPILink: RankLink {
  private let handle: MPI_Comm
  private let rank: Int
  // By number; kept, so that a warm step allocates nothing.
  private var groups: [Group] = []

  private init(_ handle: MPI_Comm, rank: Int) {
    unsafe self.handle = unsafe handle
    self.rank = rank
  }

  /// Starts MPI and joins the group that its launcher made.
  static func start() throws -> (link: MPILink, rank: Int, size: Int) {
    try check(sgm_mpi_start(), "MPI_Init_thread", rank: 0)
    return try unsafe wrap(sgm_mpi_world())
  }

  private static func wrap(_ handle: MPI_Comm) throws -> (link: MPILink, rank: Int, size: Int) {
    var rank: Int32 = 0
    var size: Int32 = 1
    try check(unsafe MPI_Comm_rank(handle, &rank), "MPI_Comm_rank", rank: 0)
    try check(unsafe MPI_Comm_size(handle, &size), "MPI_Comm_size", rank: Int(rank))
    return unsafe (MPILink(handle, rank: Int(rank)), Int(rank), Int(size))
  }

  func broadcast(_ data: UnsafeMutableRawPointer, count: Int, root: Int) throws {
    try check(.broadcast, unsafe MPI_Bcast(data, Int32(count), sgm_mpi_byte(), Int32(root), handle))
  }

  func allGather(_ value: Int64, into all: UnsafeMutablePointer<Int64>) throws {
    var value = value
    try check(.allGather, unsafe MPI_Allgather(&value, 8, sgm_mpi_byte(), all, 8, sgm_mpi_byte(), handle))
  }

  func allGather(
    inPlace data: UnsafeMutableRawPointer, sections: borrowing Sections, of element: GatheredElement
  ) throws {
    let (counts, offsets) = (sections.counts, sections.offsets)
    let type =
      switch element {
      case .byte: unsafe sgm_mpi_byte()
      case .float: unsafe sgm_mpi_float()
      case .double: unsafe sgm_mpi_double()
      }
    try check(.allGatherVarying, unsafe sgm_mpi_all_gather_in_place(data, counts, offsets, type, handle))
  }

  func allReduce(_ data: UnsafeMutablePointer<Float>, count: Int) throws {
    try check(
      .allReduce, unsafe MPI_Allreduce(sgm_mpi_in_place(), data, Int32(count), sgm_mpi_float(), sgm_mpi_sum(), handle))
  }

  /// The transfers of one group.
  @safe private final class Group {
    var requests: UnsafeMutablePointer<MPI_Request?>
    var capacity = 2
    var posted: Int32 = 0
    var isOpen = false

    init() { unsafe requests = .allocate(capacity: capacity) }

    deinit { unsafe requests.deallocate() }

    func reserve(_ count: Int) {
      guard count > capacity else { return }
      unsafe requests.deallocate()
      unsafe requests = .allocate(capacity: count)
      capacity = count
    }
  }

  func begin(_ number: Int, sends: [Transfer], receives: [Transfer]) throws {
    while groups.count <= number { groups.append(Group()) }
    let group = groups[number]
    precondition(!group.isOpen, "group \(number) begun twice")
    group.reserve(unsafe sends.count + receives.count)
    (group.posted, group.isOpen) = (0, true)
    // The formatter would join `unsafe` and `t`.
    // swift-format-ignore
    for unsafe t in unsafe receives where unsafe t.count > 0 {
      try check(
        unsafe MPI_Irecv(
          t.address, Int32(t.count), sgm_mpi_float(), Int32(t.peer), Int32(t.tag), handle,
          group.requests + Int(group.posted)),
        "MPI_Irecv")
      group.posted += 1
    }
    // The formatter would join `unsafe` and `t`.
    // swift-format-ignore
    for unsafe t in unsafe sends where unsafe t.count > 0 {
      try check(
        unsafe MPI_Isend(
          t.address, Int32(t.count), sgm_mpi_float(), Int32(t.peer), Int32(t.tag), handle,
          group.requests + Int(group.posted)),
        "MPI_Isend")
      group.posted += 1
    }
  }

  func poll(_ completed: (Int) throws -> Void) throws -> Bool {
    for (number, group) in groups.enumerated() {
      while group.isOpen {
        var flag: Int32 = 0
        try check(unsafe sgm_mpi_test_all(group.posted, group.requests, &flag), "MPI_Testall")
        guard flag != 0 else { break }
        group.isOpen = false
        try completed(number)
      }
    }
    return groups.contains(where: \.isOpen)
  }

  func completeAll(_ completed: (Int) throws -> Void) throws {
    sgm_pulse_enter(MessageCall.exchange.rawValue)
    defer { sgm_pulse_leave() }
    while try poll(completed) {
      // Of several groups any may be the next.
      let number = groups.firstIndex(where: \.isOpen)
      guard let number, groups.lastIndex(where: \.isOpen) == number else { continue }
      let group = groups[number]
      try check(unsafe sgm_mpi_wait_all(group.posted, group.requests), "MPI_Waitall")
      group.isOpen = false
      try completed(number)
    }
  }

  func barrier() throws { try check(.barrier, unsafe MPI_Barrier(handle)) }

  func split(color: Int, key: Int) throws -> (link: any RankLink, rank: Int, size: Int) {
    var part = unsafe sgm_mpi_null()
    try check(.split, unsafe MPI_Comm_split(handle, Int32(color), Int32(key), &part))
    guard let part = unsafe part else { preconditionFailure("MPI_Comm_split made no group") }
    unsafe MPI_Comm_set_errhandler(part, sgm_mpi_errors_return())
    return try unsafe Self.wrap(part)
  }

  func free() throws {
    var part: MPI_Comm? = unsafe handle
    try check(unsafe MPI_Comm_free(&part), "MPI_Comm_free")
  }

  func finish() { MPI_Finalize() }

  func abort(status: Int32) { unsafe MPI_Abort(handle, status) }

  private func check(_ status: Int32, _ call: String) throws { try Self.check(status, call, rank: rank) }

  /// Carries out a call to the other ranks, in sight of whoever watches.
  private func check(_ call: MessageCall, _ body: @autoclosure () -> Int32) throws {
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

/// The message-passing library, for example `Open MPI v4.1.4`.
public func messagePassingVersion() -> String {
  var text = [CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING) + 1)
  var length: Int32 = 0
  unsafe MPI_Get_library_version(&text, &length)
  let whole = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return String(whole.prefix { $0 != "," && $0 != "\0" })
}
