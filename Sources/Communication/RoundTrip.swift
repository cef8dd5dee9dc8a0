private import Glibc

extension Communicator {
  /// Sends floats to another rank and back, and again: what a network does to small and to large messages.
  ///
  /// Both ranks call it, each with the other's number; the lower one begins.
  ///
  /// - Parameters:
  ///   - peer: the other rank.
  ///   - count: floats in a message.
  ///   - rounds: how often.
  /// - Returns: seconds of the shortest round, there and back.
  /// - Throws: `CommunicationError.call` where MPI fails.
  public func roundTrip(with peer: Int, floats count: Int, rounds: Int) throws -> Double {
    guard let link, peer != rank else { return 0 }
    let buffer = UnsafeMutablePointer<Float>.allocate(capacity: count)
    unsafe buffer.initialize(repeating: 0, count: count)
    defer { unsafe buffer.deallocate() }
    let message = unsafe Transfer(address: buffer, count: count, peer: peer, tag: 0)
    var best = Double.infinity
    for _ in 0..<max(rounds, 1) {
      let begin = monotonicSeconds()
      if rank < peer { try unsafe link.exchange(sends: [message], receives: []) }
      try unsafe link.exchange(sends: [], receives: [message])
      if rank > peer { try unsafe link.exchange(sends: [message], receives: []) }
      best = min(best, monotonicSeconds() - begin)
    }
    return best
  }
}

private func monotonicSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
