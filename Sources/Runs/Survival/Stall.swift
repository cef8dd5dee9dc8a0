internal import Communication
internal import Configuration
internal import Files
internal import Reports

/// For how long each rank's heartbeat has stood still.
struct Vitality {
  private var times: [Int: Double] = [:]
  private var silences: [Int: Double] = [:]

  /// Seconds since the most silent rank last wrote.
  var longestSilence: Double { silences.values.max() ?? 0 }

  /// Compares the heartbeats with those seen `seconds` before; one that is not there stands still.
  mutating func look(at heartbeats: [Heartbeat], ranks: Int, after seconds: Double) {
    for rank in 0..<ranks {
      let time = heartbeats.first { $0.rank == rank }?.time ?? 0
      silences[rank] = times[rank] == time ? (silences[rank] ?? 0) + seconds : 0
      times[rank] = time
    }
  }
}

/// Who has arrived at a call to all ranks, and who has not.
struct Stall: Equatable {
  package let rank: Int
  let arrived: [Int]
  package let missing: [Heartbeat]
  package let unknown: [Int]

  /// Ranks leave a call at different times, so that those who wait may be one call apart; whoever is further behind, in
  /// no call, or silent for half of the wait is missing.
  ///
  /// - Parameters:
  ///   - heartbeats: what the ranks last wrote.
  ///   - rank: this rank, which has arrived.
  ///   - ranks: the number of ranks.
  ///   - calls: how many calls it has begun, this one included.
  ///   - waited: the seconds that it has waited.
  init(_ heartbeats: [Heartbeat], rank: Int, ranks: Int, calls: Int, waited: Double) {
    self.rank = rank
    let others = heartbeats.filter { $0.rank != rank && $0.rank < ranks }
    let most = others.map(\.calls).reduce(calls, max)
    let newest = heartbeats.map(\.time).max() ?? 0
    func isMissing(_ beat: Heartbeat) -> Bool {
      !beat.isInside || beat.calls < most - 1 || beat.time < newest - waited / 2
    }
    missing = others.filter(isMissing)
    arrived = ([rank] + others.filter { !isMissing($0) }.map(\.rank)).sorted()
    let known = Set(heartbeats.map(\.rank)).union([rank])
    unknown = (0..<ranks).filter { !known.contains($0) }
  }

  /// Whether this rank is the one to speak.
  var isSpeaker: Bool { arrived.first == rank }

  /// What is said.
  package func words(after seconds: Double, _ pulse: Pulse) -> String {
    let late = missing.map { "rank \($0.rank) on \($0.host) has not, it was last at \($0.place)" }
    let lost = unknown.map { "rank \($0) left no sign" }
    let rest = late + lost
    return "step \(pulse.step): no answer for \(Int(seconds.rounded())) s in \(pulse.call) of \(pulse.stage.words): "
      + "\(arrived.count == 1 ? "rank \(rank) has" : "ranks \(arrived.map(String.init).joined(separator: ", ")) have") arrived; "
      + (rest.isEmpty ? "so have all others, and the network does not deliver" : rest.joined(separator: "; "))
      + ". The job ends; resume it from its last checkpoint, without that host if it happens again"
  }
}
