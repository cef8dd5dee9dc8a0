import LinearAlgebra
import TestSupport
import Testing

@testable import Training

@Suite struct AssignmentTests {
  /// Σ‖x_i − e_π(i)‖².
  static func cost(_ x: borrowing Matrix, _ e: borrowing Matrix, _ pairs: [Int]) -> Double {
    pairs.indices.reduce(0) { sum, i in
      (0..<x.columns).reduce(sum) { sum, k in
        let difference = Double(x[i, k]) - Double(e[pairs[i], k])
        return sum + difference * difference
      }
    }
  }

  /// Every order of the items.
  static func permutations(_ items: [Int]) -> [[Int]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { i -> [[Int]] in
      var rest = items
      let first = rest.remove(at: i)
      return permutations(rest).map { [first] + $0 }
    }
  }

  @Test("no pairing of six rows is cheaper", arguments: 1...8)
  func exhaustive(seed: UInt64) {
    let x = normals(6, 3, seed: seed)
    let e = normals(6, 3, seed: seed + 100)
    let assignment = OptimalAssignment(count: 6)
    // A second problem in the same buffers must not remember the first.
    assignment.solve(e, x, dimension: 3)
    assignment.solve(x, e, dimension: 3)
    var best = Double.infinity
    for pairs in Self.permutations(Array(0..<6)) { best = min(best, Self.cost(x, e, pairs)) }
    #expect(Set(assignment.columns) == Set(0..<6))
    #expect(abs(Self.cost(x, e, assignment.columns) - best) < 1e-12 * best)  // sums in another order
  }

  @Test("on a line the optimal pairing keeps the order")
  func sorted() {
    let x = normals(200, 1, seed: 1)
    let e = normals(200, 1, seed: 2)
    let assignment = OptimalAssignment(count: 200)
    assignment.solve(x, e, dimension: 1)
    let byX = (0..<200).sorted { x[$0, 0] < x[$1, 0] }.map { assignment.columns[$0] }
    #expect(byX == (0..<200).sorted { e[$0, 0] < e[$1, 0] })
  }
}
