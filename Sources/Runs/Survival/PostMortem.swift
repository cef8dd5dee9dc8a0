internal import Configuration
internal import Files
internal import Foundation
internal import Reports

/// How the last attempt at a run died, from the heartbeats that it left.
struct PostMortem: Equatable {
  /// All that was left, by rank.
  let heartbeats: [Heartbeat]

  /// Nil where the last attempt ended in good order.
  init?(_ heartbeats: [Heartbeat]) {
    guard !heartbeats.isEmpty else { return nil }
    self.heartbeats = heartbeats
  }

  /// The ranks that died of themselves: those that could not say a last word, else those with an error.
  ///
  /// mpirun ends the other ranks by SIGTERM, which they still note; and the death of one is an error to the others.
  var culprits: [Heartbeat] {
    let silent = heartbeats.filter { $0.state == .running }
    return silent.isEmpty ? heartbeats.filter { $0.state == .failed } : silent
  }

  /// Whether all died at once: mpirun or the machine ended.
  package var isWhole: Bool { heartbeats.count > 1 && culprits.count == heartbeats.count }

  /// The last step that some rank was taking.
  package var step: Int { heartbeats.map(\.step).max() ?? 0 }

  /// One sentence for people.
  package var description: String {
    if isWhole { return "the last attempt died at step \(step) on all \(heartbeats.count) ranks at once" }
    let shown = culprits.isEmpty ? heartbeats : culprits
    let words = shown.prefix(4).map { beat in
      let verb =
        switch beat.state {
        case .running: "died or stopped"
        case .failed: "failed"
        case .stalled: "waited in vain"
        case .terminated: "was ended"
        }
      return "rank \(beat.rank) on \(beat.host) \(verb) at \(beat.place)"
    }
    return "the last attempt died: " + words.joined(separator: "; ") + (shown.count > 4 ? "; …" : "")
  }

  /// One line for scripts: what happened, the step, the hosts to blame, then the sentence.
  package var line: String {
    let hosts = isWhole ? [] : Set(culprits.map(\.host)).sorted()
    return "died \(step) \(hosts.isEmpty ? "-" : hosts.joined(separator: ",")) \(description)"
  }
}
