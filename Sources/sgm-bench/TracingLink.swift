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

  private let overlap: Int

  /// The link of one rank, which waits for a message when it has looked for it `overlap` times.
  init(rank: Int, overlap: Int) { (self.rank, self.overlap) = (rank, overlap) }

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

  /// For each group of transfers under way, the calls that wait for them, and how often it was looked for.
  private var waits: [Int: (calls: [String], looks: Int)] = [:]

  func begin(_ group: Int, sends: [Transfer], receives: [Transfer]) throws {
    unsafe note(begin(group, sends, receives))
  }

  private func begin(_ group: Int, _ sends: [Transfer], _ receives: [Transfer]) -> [String] {
    var (calls, waits): ([String], [String]) = ([], [])
    // The formatter would join `unsafe` and `t`.
    // swift-format-ignore
    for unsafe t in unsafe receives where unsafe t.count > 0 {
      calls.append(unsafe "irecv \(t.peer) \(t.tag) \(t.count) \(Self.float)")
      waits.append(unsafe "wait \(t.peer) \(rank) \(t.tag)")
      // Nothing comes: what lies in fresh memory could end the step as a fault.
      unsafe t.address.update(repeating: 0, count: t.count)
    }
    // swift-format-ignore
    for unsafe t in unsafe sends where unsafe t.count > 0 {
      calls.append(unsafe "isend \(t.peer) \(t.tag) \(t.count) \(Self.float)")
      waits.append(unsafe "wait \(rank) \(t.peer) \(t.tag)")
      sentBytes += unsafe 4 * t.count
      messages += 1
    }
    self.waits[group] = (waits, 0)
    return calls
  }

  // A trace cannot ask whether a message is there. So its rank waits for it after a number of looks. A real rank would go on
  // computing; but its messages may move only while it looks, and the simulated ones move at all times.
  func poll(_ completed: (_ group: Int) throws -> Void) throws -> Bool {
    try complete(looks: max(overlap, 1), completed)
    return !waits.isEmpty
  }

  func completeAll(_ completed: (_ group: Int) throws -> Void) throws {
    while !waits.isEmpty { try complete(looks: 1, completed) }
  }

  /// Waits for the groups that were looked for so often, this time included.
  private func complete(looks: Int, _ completed: (_ group: Int) throws -> Void) throws {
    for group in waits.keys.sorted() {
      waits[group]?.looks += 1
      guard let wait = waits[group], wait.looks >= looks else { continue }
      waits[group] = nil
      note(wait.calls)
      try completed(group)
    }
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
    let counts = sections.counts
    note(["allgatherv \(counts[rank]) \(counts.map { String($0) }.joined(separator: " ")) \(type) \(type)"])
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
