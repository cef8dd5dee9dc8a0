extension Communicator {
  /// Rank `root`'s bytes on every rank; the others' argument is ignored.
  public func broadcast(_ bytes: [UInt8], root: Int = 0) throws -> [UInt8] {
    guard let link, size > 1 else { return bytes }
    var count = Int64(bytes.count)
    try unsafe link.broadcast(&count, count: 8, root: root)
    var result = rank == root ? bytes : [UInt8](repeating: 0, count: Int(count))
    try unsafe link.broadcast(&result, count: Int(count), root: root)
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

  /// As `allGather`, in single precision.
  public func allGather(singles local: [Float]) throws -> [Float] {
    guard size > 1 else { return local }
    let counts = try allGatherOne(Int64(local.count)).map { Int($0) }
    var all = [Float](repeating: 0, count: counts.reduce(0, +))
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
    guard let link, size > 1 else { return [local] }
    let counts = try allGatherOne(Int64(local.count)).map { Int($0) }
    let sections = Sections(counts: counts)
    var all = [UInt8](repeating: 0, count: counts.reduce(0, +))
    all.replaceSubrange(sections.range(rank), with: local)
    try unsafe link.allGather(inPlace: &all, sections: sections, of: .byte)
    return (0..<size).map { Array(all[sections.range($0)]) }
  }

  private func allGatherOne(_ value: Int64) throws -> [Int64] {
    guard let link, size > 1 else { return [value] }
    var all = [Int64](repeating: 0, count: size)
    try unsafe link.allGather(value, into: &all)
    return all
  }

  /// Completes a buffer of which each rank holds its own section.
  @unsafe public func allGatherInPlace(_ data: UnsafeMutablePointer<Double>, sections: borrowing Sections) throws {
    guard let link, size > 1 else { return }
    try unsafe link.allGather(inPlace: data, sections: sections, of: .double)
  }

  /// Completes a buffer of which each rank holds its own section.
  @unsafe public func allGatherInPlace(_ data: UnsafeMutablePointer<Float>, sections: borrowing Sections) throws {
    guard let link, size > 1 else { return }
    try unsafe link.allGather(inPlace: data, sections: sections, of: .float)
  }

  /// Plain MPI_Allreduce, only to compare speeds: its order of summation is the library's choice.
  @unsafe public func allReduceForComparison(_ data: UnsafeMutablePointer<Float>, count: Int) throws {
    guard let link, size > 1 else { return }
    try unsafe link.allReduce(data, count: count)
  }
}

/// Sections of a buffer, one for each rank.
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

  /// These sections, in any order, that do not overlap.
  public init(_ ranges: [Range<Int>]) {
    counts = ranges.map { Int32($0.count) }
    offsets = ranges.map { Int32($0.lowerBound) }
  }

  /// The elements of rank `rank`.
  public func range(_ rank: Int) -> Range<Int> { Int(offsets[rank])..<Int(offsets[rank] + counts[rank]) }
}
