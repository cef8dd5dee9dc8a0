internal import CMPI
internal import CMachine

extension Communicator {
  /// Rank `root`'s bytes on every rank; the others' argument is ignored.
  public func broadcast(_ bytes: [UInt8], root: Int = 0) throws -> [UInt8] {
    guard let handle = unsafe handle, size > 1 else { return bytes }
    var count = Int64(bytes.count)
    try check(.broadcast, unsafe MPI_Bcast(&count, 8, sgm_mpi_byte(), Int32(root), handle))
    var result = rank == root ? bytes : [UInt8](repeating: 0, count: Int(count))
    try check(.broadcast, unsafe MPI_Bcast(&result, Int32(count), sgm_mpi_byte(), Int32(root), handle))
    return result
  }

  /// The concatenation of all ranks' numbers in rank order; counts may differ.
  public func allGather(_ local: [Double]) throws -> [Double] {
    guard size > 1 else { return local }
    let counts = try allGatherOne(Int64(local.count)).map { Int($0) }
    var all = [Double](repeating: 0, count: counts.reduce(0, +))
    let start = counts[..<rank].reduce(0, +)
    all.replaceSubrange(start..<start + local.count, with: local)
    try unsafe all.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      try unsafe allGatherInPlace(base, sections: Sections(counts: counts))
    }
    return all
  }

  /// Every rank's bytes, on every rank.
  public func allGather(_ local: [UInt8]) throws -> [[UInt8]] {
    guard let handle = unsafe handle, size > 1 else { return [local] }
    let counts = try allGatherOne(Int64(local.count)).map { Int($0) }
    let sections = Sections(counts: counts)
    var all = [UInt8](repeating: 0, count: counts.reduce(0, +))
    all.replaceSubrange(sections.range(rank), with: local)
    try check(
      .allGatherVarying,
      unsafe sgm_mpi_all_gather_in_place(&all, sections.counts, sections.offsets, sgm_mpi_byte(), handle))
    return (0..<size).map { Array(all[sections.range($0)]) }
  }

  private func allGatherOne(_ value: Int64) throws -> [Int64] {
    guard let handle = unsafe handle, size > 1 else { return [value] }
    var value = value
    var all = [Int64](repeating: 0, count: size)
    try check(.allGather, unsafe MPI_Allgather(&value, 8, sgm_mpi_byte(), &all, 8, sgm_mpi_byte(), handle))
    return all
  }

  /// Completes a buffer of which each rank holds its own section.
  @unsafe public func allGatherInPlace(_ data: UnsafeMutablePointer<Double>, sections: borrowing Sections) throws {
    guard let handle = unsafe handle, size > 1 else { return }
    let (counts, offsets) = (sections.counts, sections.offsets)
    try check(
      .allGatherVarying, unsafe sgm_mpi_all_gather_in_place(data, counts, offsets, sgm_mpi_double(), handle))
  }

  /// Completes a buffer of which each rank holds its own section.
  @unsafe public func allGatherInPlace(_ data: UnsafeMutablePointer<Float>, sections: borrowing Sections) throws {
    guard let handle = unsafe handle, size > 1 else { return }
    let (counts, offsets) = (sections.counts, sections.offsets)
    try check(
      .allGatherVarying, unsafe sgm_mpi_all_gather_in_place(data, counts, offsets, sgm_mpi_float(), handle))
  }

  /// Plain MPI_Allreduce, only to compare speeds: its order of summation is the library's choice.
  @unsafe public func allReduceForComparison(_ data: UnsafeMutablePointer<Float>, count: Int) throws {
    guard let handle = unsafe handle, size > 1 else { return }
    try check(
      .allReduce, unsafe MPI_Allreduce(sgm_mpi_in_place(), data, Int32(count), sgm_mpi_float(), sgm_mpi_sum(), handle))
  }

  /// Posts all transfers at once and waits for them; requests are the caller's, so that nothing is allocated.
  @unsafe func exchange(
    sends: [Transfer], receives: [Transfer], requests: inout RequestBuffer
  ) throws {
    guard let handle = unsafe handle else { return }
    sgm_pulse_enter(MessageCall.exchange.rawValue)
    defer { sgm_pulse_leave() }
    var posted = 0
    // The formatter would join `unsafe` and `t`.
    // swift-format-ignore
    for unsafe t in unsafe receives where unsafe t.count > 0 {
      try check(
        unsafe MPI_Irecv(
          t.address, Int32(t.count), sgm_mpi_float(), Int32(t.peer), Int32(t.tag), handle, requests.base + posted),
        "MPI_Irecv")
      posted += 1
    }
    // The formatter would join `unsafe` and `t`.
    // swift-format-ignore
    for unsafe t in unsafe sends where unsafe t.count > 0 {
      try check(
        unsafe MPI_Isend(
          t.address, Int32(t.count), sgm_mpi_float(), Int32(t.peer), Int32(t.tag), handle, requests.base + posted),
        "MPI_Isend")
      posted += 1
    }
    try check(unsafe sgm_mpi_wait_all(Int32(posted), requests.base), "MPI_Waitall")
  }
}

/// Consecutive sections of a buffer, one for each rank.
public struct Sections: Sendable {
  /// The sections' lengths.
  public let counts: [Int32]
  /// The sections' first elements.
  public let offsets: [Int32]

  /// Sections of these lengths, one after another.
  public init(counts: [Int]) {
    self.counts = counts.map { Int32($0) }
    var offsets = [Int32](repeating: 0, count: counts.count)
    for i in counts.indices.dropFirst() { offsets[i] = offsets[i - 1] + Int32(counts[i - 1]) }
    self.offsets = offsets
  }

  /// The elements of rank `rank`.
  public func range(_ rank: Int) -> Range<Int> { Int(offsets[rank])..<Int(offsets[rank] + counts[rank]) }
}

/// One message of floats.
@unsafe struct Transfer {
  let address: UnsafeMutablePointer<Float>
  let count: Int
  let peer: Int
  let tag: Int
}

/// Room for MPI's request handles.
@safe struct RequestBuffer: ~Copyable {
  let base: UnsafeMutablePointer<MPI_Request?>
  init(capacity: Int) { unsafe base = .allocate(capacity: max(capacity, 1)) }
  deinit { unsafe base.deallocate() }
}

/// The message-passing library, for example `Open MPI v4.1.4`.
public func messagePassingVersion() -> String {
  var text = [CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING) + 1)
  var length: Int32 = 0
  unsafe MPI_Get_library_version(&text, &length)
  let whole = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return String(whole.prefix { $0 != "," && $0 != "\0" })
}
