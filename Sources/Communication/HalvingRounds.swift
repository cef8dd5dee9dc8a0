/// Recursive halving along the canonical tree, for a number of ranks N that is a power of two.
///
/// In round k the ranks r and r ⊕ 2ᵏ hold the sums of two siblings of the tree, each over the same part of the
/// parameters. Each keeps one half of the part, sends the other half away and adds what it receives. After log₂ N rounds
/// every rank owns 1/N of the whole sum, and has sent (N − 1)/N floats a parameter. Gone through backwards, the same
/// rounds bring every rank all parts. Rabenseifner 2004 (Optimization of collective reduction operations).
struct HalvingRounds {
  /// What a rank does in one round.
  struct Round: Equatable {
    /// The other rank.
    let peer: Int
    /// The half that stays here.
    let kept: Range<Int>
    /// The half that the other rank keeps.
    let sent: Range<Int>
  }

  /// The rounds in order.
  let rounds: [Round]

  /// The rounds of `rank`, for consecutive parts between these bounds.
  init(rank: Int, bounds: [Int]) {
    var held = 0..<bounds.count - 1
    var rounds: [Round] = []
    while held.count > 1 {
      let bit = 1 << rounds.count
      let middle = held.lowerBound + held.count / 2
      let halves = (held.lowerBound..<middle, middle..<held.upperBound)
      let (kept, sent) = rank & bit == 0 ? halves : (halves.1, halves.0)
      rounds.append(
        Round(
          peer: rank ^ bit, kept: bounds[kept.lowerBound]..<bounds[kept.upperBound],
          sent: bounds[sent.lowerBound]..<bounds[sent.upperBound]))
      held = kept
    }
    self.rounds = rounds
  }

  /// The owners of N consecutive parts: each part's number with its bits in reverse.
  static func owners(ranks: Int) -> [Int] {
    var owners = [0]
    // Twice as many parts: what was rank r's is now r's and (r + half)'s.
    while owners.count < ranks { owners = owners.flatMap { [$0, $0 + owners.count] } }
    return owners
  }
}
