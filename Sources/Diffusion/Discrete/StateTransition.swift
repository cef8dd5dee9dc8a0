/// A stochastic matrix Q over n states: row i is the law of the later state given that the earlier one is i.
///
/// All laws and products are in double precision.
public struct StateTransition: Sendable, Equatable {
  /// How the matrix is kept.
  enum Form: Sendable, Equatable {
    /// Q = keep · I + lose · 1πᵀ, keep + lose = 1: the state stays, or is drawn anew from π.
    case renewal(keep: Double, lose: Double, law: [Double])
    /// Q_ij = offsets[|i − j|] off the diagonal.
    case banded(offsets: [Double], diagonal: [Double])
    /// Every element, row after row.
    case dense([Double])
  }

  /// n.
  public let states: Int
  let form: Form

  /// The state stays with probability `keep`, and is drawn from a law with probability `lose`.
  init(keep: Double, lose: Double, law: [Double]) {
    (states, form) = (law.count, .renewal(keep: keep, lose: lose, law: law))
  }

  /// A symmetric matrix whose elements off the diagonal depend on their distance from it.
  init(offsets: [Double], diagonal: [Double]) {
    precondition(offsets.count == diagonal.count, "\(offsets.count) offsets, \(diagonal.count) states")
    (states, form) = (offsets.count, .banded(offsets: offsets, diagonal: diagonal))
  }

  /// Every element, row after row.
  init(states: Int, elements: [Double]) {
    precondition(elements.count == states * states, "\(elements.count) elements for \(states) states")
    (self.states, form) = (states, .dense(elements))
  }

  /// The matrix that changes nothing.
  static func identity(_ states: Int) -> StateTransition {
    StateTransition(keep: 1, lose: 0, law: [Double](repeating: 1 / Double(states), count: states))
  }

  /// q(later = j | earlier = i).
  public subscript(_ i: Int, _ j: Int) -> Double {
    switch form {
    case .renewal(let keep, let lose, let law): (i == j ? keep : 0) + lose * law[j]
    case .banded(let offsets, let diagonal): i == j ? diagonal[i] : offsets[abs(i - j)]
    case .dense(let elements): elements[i * states + j]
    }
  }

  /// Writes the column Q_{·j}: the probabilities of one later state given each earlier one.
  func column(_ j: Int, into column: inout [Double]) {
    switch form {
    case .renewal(let keep, let lose, let law):
      for i in 0..<states { column[i] = lose * law[j] }
      column[j] = keep + lose * law[j]
    case .banded(let offsets, let diagonal):
      for i in 0..<states { column[i] = offsets[abs(i - j)] }
      column[j] = diagonal[j]
    case .dense(let elements):
      for i in 0..<states { column[i] = elements[i * states + j] }
    }
  }

  /// Writes the row Q_{i·}: the law of the later state given one earlier one.
  func row(_ i: Int, into row: inout [Double]) {
    switch form {
    case .renewal(let keep, let lose, let law):
      for j in 0..<states { row[j] = lose * law[j] }
      row[i] = keep + lose * law[i]
    case .banded(let offsets, let diagonal):
      for j in 0..<states { row[j] = offsets[abs(i - j)] }
      row[i] = diagonal[i]
    case .dense(let elements):
      for j in 0..<states { row[j] = elements[i * states + j] }
    }
  }

  /// Writes wᵀQ: the law of the later state for weights w of the earlier one.
  func carry(_ w: [Double], into result: inout [Double]) {
    let n = states
    switch form {
    case .renewal(let keep, let lose, let law):
      var sum = 0.0
      for i in 0..<n { sum += w[i] }
      for j in 0..<n { result[j] = keep * w[j] + lose * sum * law[j] }
    case .banded:
      for j in 0..<n { result[j] = 0 }
      for i in 0..<n where w[i] != 0 { for j in 0..<n { result[j] += w[i] * self[i, j] } }
    case .dense(let elements):
      for j in 0..<n { result[j] = 0 }
      for i in 0..<n where w[i] != 0 {
        let (weight, first) = (w[i], i * n)
        for j in 0..<n { result[j] += weight * elements[first + j] }
      }
    }
  }

  /// Writes Qv: the expectation of v over the later state given each earlier one.
  func expect(_ v: [Double], into result: inout [Double]) {
    let n = states
    switch form {
    case .renewal(let keep, let lose, let law):
      var mean = 0.0
      for j in 0..<n where law[j] != 0 { mean += law[j] * v[j] }
      for i in 0..<n { result[i] = keep * v[i] + lose * mean }
    case .banded:
      for i in 0..<n { result[i] = (0..<n).reduce(0) { $0 + self[i, $1] * v[$1] } }
    case .dense(let elements):
      for i in 0..<n {
        var sum = 0.0
        let first = i * n
        for j in 0..<n { sum += elements[first + j] * v[j] }
        result[i] = sum
      }
    }
  }

  /// The later state at quantile u of its law given the earlier one: u ∈ (0, 1).
  public func draw(from i: Int, _ u: Double) -> Int {
    var sum = 0.0
    var last = i
    for j in 0..<states {
      let p = self[i, j]
      guard p > 0 else { continue }
      (sum, last) = (sum + p, j)
      if u < sum { return j }
    }
    // The sum of a row may end below 1 by rounding.
    return last
  }

  /// The product with the transition that follows.
  func followed(by next: StateTransition) -> StateTransition {
    var elements = [Double](repeating: 0, count: states * states)
    for i in 0..<states {
      for k in 0..<states {
        let p = self[i, k]
        guard p != 0 else { continue }
        for j in 0..<states { elements[i * states + j] += p * next[k, j] }
      }
    }
    return StateTransition(states: states, elements: elements)
  }
}
