/// Recursive halving, piece by piece, for a number of ranks that is a power of two.
///
/// The parameters are cut into pieces, in the order in which their gradients become whole. Each piece goes through rounds of
/// its own, so that the first pieces travel while the last ones are still computed. A rank then owns a part of every piece.
/// What is added to what does not depend on the pieces.
@safe final class HalvingExchange {
  private let link: any RankLink
  /// The rounds of each piece, as many for all.
  private let rounds: [[HalvingRounds.Round]]
  private let received: UnsafeMutablePointer<Float>
  /// Where in `received` the numbers of each piece go.
  private let places: [Int]
  /// For each piece, the rounds that are behind it.
  private var passed: [Int]
  /// The pieces under way or behind.
  private var begun = 0
  private var failure: (any Error)?
  private var sends, receives: [Transfer]

  /// Plans the exchange of a rank.
  ///
  /// - Parameters:
  ///   - link: the way to the other ranks.
  ///   - pieces: what the rank does with each piece.
  init(link: any RankLink, _ pieces: [HalvingRounds]) {
    self.link = link
    rounds = pieces.map(\.rounds)
    passed = Array(repeating: 0, count: pieces.count)
    var (places, next) = ([Int](), 0)
    for rounds in rounds {
      places.append(next)
      // No later round has more.
      next += rounds[0].kept.count
    }
    self.places = places
    unsafe received = .allocate(capacity: max(next, 1))
    unsafe sends = []
    unsafe receives = []
    unsafe sends.reserveCapacity(1)
    unsafe receives.reserveCapacity(1)
  }

  deinit { unsafe received.deallocate() }

  /// Sends off the first pieces, whose gradients on this rank are whole, and moves those under way on.
  ///
  /// - Parameters:
  ///   - gradient: this rank's sum. What is under way is overwritten.
  ///   - pieces: how many pieces are whole.
  func advance(_ gradient: UnsafeMutablePointer<Float>, pieces: Int) {
    guard failure == nil else { return }
    do {
      while begun < pieces { try unsafe begin(gradient) }
      _ = try link.poll { try unsafe pass($0, gradient) }
    } catch { failure = error }
  }

  /// Takes all pieces through all rounds; after an error every later call throws it too.
  func complete(_ gradient: UnsafeMutablePointer<Float>) throws {
    if let failure { throw failure }
    do {
      while begun < rounds.count { try unsafe begin(gradient) }
      try link.completeAll { try unsafe pass($0, gradient) }
    } catch {
      failure = error
      throw error
    }
    begun = 0
  }

  /// Completes a buffer of which each rank holds its own slice: the rounds in reverse.
  ///
  /// - Parameters:
  ///   - parameters: the buffer.
  ///   - meanwhile: called while the last messages, half of all bytes, are under way; what it is given moves them on.
  /// - Throws: `CommunicationError.call` where MPI fails.
  func gather(
    _ parameters: UnsafeMutablePointer<Float>, meanwhile: (_ poll: () -> Void) -> Void
  ) throws {
    for index in rounds[0].indices.reversed() {
      for (piece, rounds) in rounds.enumerated() {
        let (kept, sent) = (rounds[index].kept, rounds[index].sent)
        try unsafe post(
          piece, parameters, kept, for: sent, at: parameters + sent.lowerBound, with: rounds[index].peer)
      }
      if index == 0 { meanwhile { self.poll() } }
      if let failure { throw failure }
      try link.completeAll { _ in }
    }
  }

  private func poll() {
    do { _ = try link.poll { _ in } } catch { failure = error }
  }

  private func begin(_ gradient: UnsafeMutablePointer<Float>) throws {
    passed[begun] = 0
    try unsafe postRound(of: begun, gradient)
    begun += 1
  }

  /// Ends the round that a piece is in, and begins the next.
  private func pass(_ piece: Int, _ gradient: UnsafeMutablePointer<Float>) throws {
    let kept = rounds[piece][passed[piece]].kept
    unsafe add(received + places[piece], into: gradient + kept.lowerBound, count: kept.count)
    passed[piece] += 1
    if passed[piece] < rounds[piece].count { try unsafe postRound(of: piece, gradient) }
  }

  private func postRound(of piece: Int, _ gradient: UnsafeMutablePointer<Float>) throws {
    let round = rounds[piece][passed[piece]]
    try unsafe post(piece, gradient, round.sent, for: round.kept, at: received + places[piece], with: round.peer)
  }

  /// Sends a part of a buffer, and receives what the other rank sends of `kept`.
  private func post(
    _ piece: Int, _ buffer: UnsafeMutablePointer<Float>, _ sent: Range<Int>, for kept: Range<Int>,
    at target: UnsafeMutablePointer<Float>, with peer: Int
  ) throws {
    unsafe sends.removeAll(keepingCapacity: true)
    unsafe receives.removeAll(keepingCapacity: true)
    unsafe sends.append(Transfer(address: buffer + sent.lowerBound, count: sent.count, peer: peer, tag: piece))
    unsafe receives.append(Transfer(address: target, count: kept.count, peer: peer, tag: piece))
    try unsafe link.begin(piece, sends: sends, receives: receives)
  }
}
