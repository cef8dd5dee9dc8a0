import Communication
import Training

/// A link that carries nothing: it writes down what a rank asks for, and how long the rank computed before it asked.
///
/// The words are those of SimGrid's time-independent traces (SMPI's replay, version 3.32).
@safe final class TracingLink: RankLink {
  /// Seconds of computing, and the calls that follow.
  struct Event {
    /// Seconds since the last call returned.
    var seconds: Double
    /// What is asked of the other ranks.
    var calls: [String]
  }

  /// What happened since the last `start`.
  private(set) var events: [Event] = []
  /// Bytes sent to single ranks since then, and how many such messages.
  private(set) var sentBytes = 0, messages = 0
  private let rank: Int
  private var last = Stopwatch.now

  /// The link of one rank.
  init(rank: Int) { self.rank = rank }

  /// Forgets what happened.
  func start() {
    events.removeAll(keepingCapacity: true)
    (sentBytes, messages) = (0, 0)
    last = Stopwatch.now
  }

  /// Writes down calls; the time that this takes is nobody's.
  private func note(_ calls: @autoclosure () -> [String]) {
    let seconds = Stopwatch.now - last
    events.append(Event(seconds: seconds, calls: calls()))
    last = Stopwatch.now
  }

  // SimGrid's numbers of MPI's types.
  private static let (double, float, byte) = (0, 5, 6)

  func exchange(sends: [Transfer], receives: [Transfer]) throws {
    unsafe note(messages(sends: sends, receives: receives))
  }

  private func messages(sends: [Transfer], receives: [Transfer]) -> [String] {
    var calls: [String] = []
    // The formatter would join `unsafe` and `t`.
    // swift-format-ignore
    for unsafe t in unsafe receives where unsafe t.count > 0 {
      calls.append(unsafe "irecv \(t.peer) \(t.tag) \(t.count) \(Self.float)")
      // Nothing comes: what lies in fresh memory could end the step as a fault.
      unsafe t.address.update(repeating: 0, count: t.count)
    }
    // swift-format-ignore
    for unsafe t in unsafe sends where unsafe t.count > 0 {
      calls.append(unsafe "isend \(t.peer) \(t.tag) \(t.count) \(Self.float)")
      sentBytes += unsafe 4 * t.count
      messages += 1
    }
    return calls.isEmpty ? [] : calls + ["waitall \(calls.count)"]
  }

  func allGather(
    inPlace data: UnsafeMutableRawPointer, sections: borrowing Sections, of element: GatheredElement
  ) throws {
    let type =
      switch element {
      case .byte: Self.byte
      case .float: Self.float
      case .double: Self.double
      }
    let (own, counts) = (sections.counts[rank], sections.counts.map { String($0) }.joined(separator: " "))
    note(["allgatherv \(own) \(counts) \(type) \(type)"])
  }

  func barrier() throws { note(["barrier"]) }

  func broadcast(_ data: UnsafeMutableRawPointer, count: Int, root: Int) throws {
    note(["bcast \(count) \(root) \(Self.byte)"])
  }

  func allGather(_ value: Int64, into all: UnsafeMutablePointer<Int64>) throws {
    note(["allgather 8 8 \(Self.byte) \(Self.byte)"])
  }

  func allReduce(_ data: UnsafeMutablePointer<Float>, count: Int) throws {
    note(["allreduce \(count) 0 \(Self.float)"])
  }

  func split(color: Int, key: Int) throws -> (link: any RankLink, rank: Int, size: Int) {
    throw CommunicationError.call(name: "MPI_Comm_split", reason: "a trace has one group", rank: rank)
  }

  func free() throws {}

  func finish() {}

  func abort(status: Int32) {}
}
