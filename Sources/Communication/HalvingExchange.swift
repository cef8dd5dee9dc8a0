/// Recursive halving, piece by piece, for a number of ranks that is a power of two.
///
/// The parameters are cut into pieces, in the order in which their gradients become whole. Each piece goes through the
/// rounds of `HalvingRounds` on its own, so that the first pieces travel while the last ones are still computed. Pieces
/// change neither who owns what in the end nor what is added to what.
@safe final class HalvingExchange {
  private let link: any RankLink
  private let rounds: [HalvingRounds.Round]
  private let pieces: [Range<Int>]
  /// What comes in: an element has the same place in every round, counted from the first that this rank keeps.
  private let received: UnsafeMutablePointer<Float>
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
  ///   - rounds: what the rank does, in order.
  ///   - pieces: ranges that cover all parameters, the same on every rank.
  init(link: any RankLink, rounds: [HalvingRounds.Round], pieces: [Range<Int>]) {
    (self.link, self.rounds, self.pieces) = (link, rounds, pieces)
    passed = Array(repeating: 0, count: pieces.count)
    unsafe received = .allocate(capacity: max(rounds[0].kept.count, 1))
    unsafe sends = []
    unsafe receives = []
    unsafe sends.reserveCapacity(1)
    unsafe receives.reserveCapacity(1)
  }

  deinit { unsafe received.deallocate() }

  /// Sends off the next pieces whose gradients on this rank are whole, and moves those under way on.
  ///
  /// - Parameters:
  ///   - gradient: this rank's sum, of which the exchange overwrites what it has sent off.
  ///   - whole: the elements that will not change any more.
  func advance(_ gradient: UnsafeMutablePointer<Float>, whole: Range<Int>) {
    guard failure == nil else { return }
    do {
      while begun < pieces.count, whole.clamped(to: pieces[begun]) == pieces[begun] { try unsafe begin(gradient) }
      _ = try link.poll { try unsafe pass($0, gradient) }
    } catch { failure = error }
  }

  /// Takes all pieces through all rounds.
  func complete(_ gradient: UnsafeMutablePointer<Float>) throws {
    if let failure { throw failure }
    while begun < pieces.count { try unsafe begin(gradient) }
    try link.completeAll { try unsafe pass($0, gradient) }
    begun = 0
  }

  /// Completes a buffer of which each rank holds its own slice: the rounds in reverse.
  ///
  /// - Parameter meanwhile: called while the last messages, half of all bytes, are under way.
  func gather(_ parameters: UnsafeMutablePointer<Float>, meanwhile: () -> Void) throws {
    for (index, round) in rounds.enumerated().reversed() {
      try unsafe post(0, parameters, round.kept, for: round.sent, at: parameters + round.sent.lowerBound, with: round.peer)
      if index == 0 { meanwhile() }
      try link.completeAll { _ in }
    }
  }

  private func begin(_ gradient: UnsafeMutablePointer<Float>) throws {
    passed[begun] = 0
    try unsafe postRound(of: begun, gradient)
    begun += 1
  }

  /// Ends the round that a piece is in, and begins the next.
  private func pass(_ piece: Int, _ gradient: UnsafeMutablePointer<Float>) throws {
    let kept = rounds[passed[piece]].kept.clamped(to: pieces[piece])
    unsafe add(place(of: kept), into: gradient + kept.lowerBound, count: kept.count)
    passed[piece] += 1
    if passed[piece] < rounds.count { try unsafe postRound(of: piece, gradient) }
  }

  // A round in which a piece has nothing here is gone through all the same, so that every rank does the same in order.
  private func postRound(of piece: Int, _ gradient: UnsafeMutablePointer<Float>) throws {
    let round = rounds[passed[piece]]
    let (kept, sent) = (round.kept.clamped(to: pieces[piece]), round.sent.clamped(to: pieces[piece]))
    try unsafe post(piece, gradient, sent, for: kept, at: place(of: kept), with: round.peer)
  }

  private func place(of kept: Range<Int>) -> UnsafeMutablePointer<Float> {
    unsafe received + (kept.isEmpty ? 0 : kept.lowerBound - rounds[0].kept.lowerBound)
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
