/// Stages (i) and (iv) of the step's exchange: each rank receives what it lacks of its own slice of the gradient and
/// finishes the canonical tree in order; later every rank receives the other slices of what was made from it.
///
/// Where the number of ranks N is a power of two, both stages take log₂ N messages for each piece of the parameters and
/// less than one float a parameter each, and pieces may set out before the gradient is whole. For other numbers of ranks
/// each rank receives the others' maximal nodes of its slice from each of them.
@safe public final class TreeExchange {
  /// The slices of the parameters, one for each rank; a slice may be empty.
  public let slices: [Slice]
  /// How this rank adds its own shards' gradients.
  public let local: LocalSums
  /// This rank's shards.
  public let shards: Range<Int>

  private let communicator: Communicator
  private let block: Int
  private let halving: HalvingExchange?
  /// The slices, where they are one range each; kept, so that a warm step allocates nothing.
  private let sections: Sections?
  private let nodeCounts: [Int]
  private let finalSteps: [CanonicalTree.Step]
  private let received: UnsafeMutablePointer<Float>
  private var sends: [Transfer]
  private var receives: [Transfer]
  private var addresses: [UnsafeMutablePointer<Float>]
  private var slots: [UnsafeMutablePointer<Float>]

  /// Plans the exchange.
  ///
  /// - Parameters:
  ///   - communicator: the ranks that share the shards.
  ///   - tree: the order of additions over all shards.
  ///   - parameters: the number of parameters.
  ///   - pieces: what of the gradient may travel on its own, in the order in which it becomes whole; by default the whole.
  ///     They begin at whole blocks.
  ///   - block: slices are whole blocks of this many parameters, so that sums over blocks do not depend on the ranks.
  public init(
    communicator: Communicator, tree: CanonicalTree, parameters: Int, pieces: [Range<Int>]? = nil, block: Int
  ) {
    (self.communicator, self.block) = (communicator, block)
    let size = communicator.size
    let halves = size & (size - 1) == 0
    // For other numbers of ranks a rank's slice is one range, and all of the gradient is one piece.
    let bounds = (halves ? pieces ?? [0..<parameters] : [0..<parameters]).map { piece in
      precondition(piece.lowerBound % block == 0, "a piece begins at \(piece.lowerBound), within a block of \(block)")
      let blocks = (piece.count + block - 1) / block
      return (0...size).map { min(piece.lowerBound + $0 * blocks / size * block, piece.upperBound) }
    }
    halving = communicator.link.flatMap { link in
      guard halves, size > 1 else { return nil }
      return HalvingExchange(link: link, bounds.map { HalvingRounds(rank: communicator.rank, bounds: $0) })
    }
    let parts = halves ? HalvingRounds.owners(ranks: size) : Array(0..<size)
    var ranges: [[Range<Int>]] = Array(repeating: [], count: size)
    for piece in bounds {
      for (part, owner) in parts.enumerated() { ranges[owner].append(piece[part]..<piece[part + 1]) }
    }
    slices = ranges.map { Slice($0) }
    sections = halving == nil ? Sections(slices.map(\.whole)) : nil
    shards = tree.range(rank: communicator.rank, of: size)
    local = LocalSums(shards, parts: communicator.threads.count)
    let nodes = (0..<size).map { CanonicalTree.maximalNodes(of: tree.range(rank: $0, of: size)) }
    nodeCounts = nodes.map(\.count)
    finalSteps = CanonicalTree.steps(summing: Array(nodes.joined())).steps

    let own = slices[communicator.rank]
    let others = nodeCounts.reduce(0, +) - nodeCounts[communicator.rank]
    unsafe received = .allocate(capacity: halving == nil ? max(others * own.count, 1) : 1)
    unsafe sends = []
    unsafe receives = []
    unsafe addresses = []
    unsafe slots = []
    unsafe sends.reserveCapacity(nodeCounts[communicator.rank] * size)
    unsafe receives.reserveCapacity(others)
    unsafe addresses.reserveCapacity(finalSteps.count)
    unsafe slots.reserveCapacity(finalSteps.count)
  }

  deinit { unsafe received.deallocate() }

  /// Adds up what the threads have summed; afterwards the slots `local.nodes` hold this rank's maximal nodes.
  ///
  /// - Parameters:
  ///   - gradients: `local.slotCount` buffers, `stride` floats apart.
  ///   - stride: the floats from one buffer to the next.
  ///   - count: the number of parameters.
  @unsafe public func addParts(_ gradients: UnsafeMutablePointer<Float>, stride: Int, count: Int) {
    guard !local.additions.isEmpty else { return }
    communicator.threads.forEachRange(of: count, block: block) { elements in
      for addition in local.additions {
        unsafe add(
          gradients + (addition.from * stride + elements.lowerBound),
          into: gradients + (addition.into * stride + elements.lowerBound), count: elements.count)
      }
    }
  }

  /// Sends off what it can of a gradient that is still being computed, and moves on what is under way.
  ///
  /// To be called now and then, from the thread that calls `complete`. Errors are kept for `complete`. Nothing happens where
  /// the number of ranks is no power of two.
  ///
  /// - Parameters:
  ///   - gradients: as in `complete`.
  ///   - pieces: how many pieces there are, from the first on, whose sums over this rank's shards are whole.
  @unsafe public func advance(_ gradients: UnsafeMutablePointer<Float>, pieces: Int) {
    unsafe halving?.advance(gradients, pieces: pieces)
  }

  /// Completes the sum over all shards for this rank's slice.
  ///
  /// - Parameters:
  ///   - gradients: `local.slotCount` buffers, `stride` floats apart, of which the slots `local.nodes` hold this rank's
  ///     maximal nodes. They are overwritten.
  ///   - stride: the floats from one buffer to the next, at least the number of parameters.
  /// - Returns: where the sum of the first parameter would be. The numbers of this rank's slice are there, at their own
  ///   indices, until the next call; no other may be read.
  /// - Throws: `CommunicationError.call` where MPI fails.
  @unsafe public func complete(
    _ gradients: UnsafeMutablePointer<Float>, stride: Int
  ) throws -> UnsafeMutablePointer<Float> {
    let rank = communicator.rank
    if let halving {
      // The rank's shards are one node, and a node's sum lies where its leftmost shard's gradient was: in the first slot.
      try unsafe halving.complete(gradients)
      return unsafe gradients
    }
    let own = slices[rank].whole
    unsafe sends.removeAll(keepingCapacity: true)
    unsafe receives.removeAll(keepingCapacity: true)
    unsafe addresses.removeAll(keepingCapacity: true)
    var next = unsafe received
    for peer in 0..<communicator.size {
      for node in 0..<nodeCounts[peer] {
        if peer == rank {
          unsafe addresses.append(gradients + (local.nodes[node] * stride + own.lowerBound))
        } else {
          unsafe addresses.append(next)
          unsafe receives.append(Transfer(address: next, count: own.count, peer: peer, tag: node))
          unsafe next += own.count
        }
      }
      guard peer != rank else { continue }
      let slice = slices[peer].whole
      for node in 0..<nodeCounts[rank] {
        let address = unsafe gradients + (local.nodes[node] * stride + slice.lowerBound)
        unsafe sends.append(Transfer(address: address, count: slice.count, peer: peer, tag: node))
      }
    }
    try unsafe communicator.link?.exchange(sends: sends, receives: receives)
    return unsafe sumNodes(count: own.count) - own.lowerBound
  }

  /// Completes a buffer of all parameters, of which each rank holds its own slice.
  ///
  /// - Parameters:
  ///   - parameters: the buffer.
  ///   - meanwhile: what to do while numbers are under way, before they are sent where the number of ranks is no power of
  ///     two. It may neither read nor write the buffer. What it is given is to be called now and then, from the thread that
  ///     calls `gather`, and moves the numbers on.
  /// - Throws: `CommunicationError.call` where MPI fails.
  @unsafe public func gather(
    _ parameters: UnsafeMutablePointer<Float>, meanwhile: (_ poll: () -> Void) -> Void = { _ in }
  ) throws {
    if let halving { return try unsafe halving.gather(parameters, meanwhile: meanwhile) }
    meanwhile {}
    if let sections { try unsafe communicator.allGatherInPlace(parameters, sections: sections) }
  }

  // The stack of slots holds addresses: a node is summed where it lies.
  private func sumNodes(count: Int) -> UnsafeMutablePointer<Float> {
    unsafe slots.removeAll(keepingCapacity: true)
    for (index, step) in finalSteps.enumerated() {
      unsafe slots.append(addresses[index])
      for addition in step.additions {
        unsafe add(slots[addition.from], into: slots[addition.into], count: count)
        unsafe slots.removeLast()
      }
    }
    return unsafe slots[0]
  }
}

/// into[i] += from[i].
@unsafe public func add(_ from: UnsafePointer<Float>, into: UnsafeMutablePointer<Float>, count: Int) {
  for i in 0..<count { unsafe into[i] += from[i] }
}
