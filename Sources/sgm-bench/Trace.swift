import Communication
import Files
import Training

/// One training step of N ranks as SimGrid's time-independent trace: the trainer's own calls, and computing times measured
/// here.
///
/// Every rank's trainer takes a step alone, on a link that carries nothing and writes down what it is asked to carry. Rank
/// 0 computes all of its rows, and the medians of its times count for all ranks; the others take one row a shard, as only
/// their messages are of interest.
struct Trace {
  /// N.
  let ranks: Int
  /// Shards S.
  let shards: Int
  /// Rows of a step over all shards.
  let batch: Int
  /// The calls of `poll` after which a rank waits for a message; 0 where nothing is sent while it computes.
  let overlap: Int

  /// Operations a second that the trace's computing stands for: one a nanosecond.
  static let speed = 1e9

  /// What a step of rank 0 comes to.
  struct Summary: Equatable {
    /// Seconds of computing.
    var seconds: Double
    /// Seconds of a step in which one rank alone takes these rows, measured in turns with the others.
    var secondsAlone: Double
    /// Bytes sent to single ranks.
    var sentBytes: Int
    /// How many such messages there are.
    var messages: Int
  }

  /// Writes `folder/trace`, which names a file for each rank.
  ///
  /// - Parameters:
  ///   - folder: made where it is missing.
  ///   - repeats: how many of rank 0's steps the median is taken over.
  /// - Returns: what rank 0 does.
  /// - Throws: `ToolError` where a file cannot be written.
  func write(into folder: String, repeats: Int) throws -> Summary {
    try makeFolders(to: folder)
    try makeFolder(folder)
    // In turns, since clocks change within seconds.
    let share = max(shards / ranks, 1)
    let alone = Case.wide(batch: batch / shards * share, shards: share).trainer(.single)
    var secondsAlone: [Double] = []
    // The first two warm up.
    let measured = try steps(of: 0, batch: batch, count: repeats + 2) {
      let start = Stopwatch.now
      _ = try alone.takeStep()
      secondsAlone.append(Stopwatch.now - start)
    }.dropFirst(2).map(\.events)
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    let seconds = measured[0].indices.map { i in median(measured.map { $0[i].seconds }) }
    var summary = Summary(
      seconds: seconds.reduce(0, +), secondsAlone: median(Array(secondsAlone.dropFirst(2))), sentBytes: 0, messages: 0)
    for rank in 0..<ranks {
      let step = try steps(of: rank, batch: shards, count: 1)[0]
      if rank == 0 { (summary.sentBytes, summary.messages) = (step.sentBytes, step.messages) }
      let calls = zip(step.events, seconds).flatMap { event, seconds in
        ["compute \(Int(seconds * Self.speed))"] + event.calls
      }
      let lines = (["init"] + calls + ["finalize"]).map { "\(rank) \($0)\n" }
      try AtomicFile.write(lines.joined(), to: Self.path(of: rank, in: folder))
    }
    let paths = (0..<ranks).map { Self.path(of: $0, in: folder) + "\n" }
    try AtomicFile.write(paths.joined(), to: "\(folder)/trace")
    return summary
  }

  private static func path(of rank: Int, in folder: String) -> String { "\(folder)/rank-\(rank)" }

  /// What a rank does in its next steps, each followed by something else.
  private func steps(
    of rank: Int, batch: Int, count: Int, between: () throws -> Void = {}
  ) throws -> [(events: [TracingLink.Event], sentBytes: Int, messages: Int)] {
    let link = TracingLink(rank: rank, overlap: overlap)
    let trainer = Case.wide(batch: batch, shards: shards).trainer(
      Communicator(link: ranks > 1 ? link : nil, rank: rank, size: ranks), overlaps: overlap > 0)
    return try (0..<count).map { _ in
      link.start()
      _ = try trainer.takeStep()
      if ranks == 1 { try link.barrier() }
      let found = (link.events, link.sentBytes, link.messages)
      try between()
      return found
    }
  }
}
