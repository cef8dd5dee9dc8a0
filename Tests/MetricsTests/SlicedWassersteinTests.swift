import Communication
import LinearAlgebra
import Testing

@testable import Metrics

@Suite struct SlicedWassersteinTests {
  /// Sliced and max-sliced distance as `ranks` ranks would compute it.
  func distances(
    _ a: borrowing Matrix, _ b: borrowing Matrix, _ directions: borrowing Matrix, ranks: Int = 1, memory: Int = 1 << 30
  ) throws -> [Double] {
    var squares: [Double] = []
    for rank in 0..<ranks {
      var part = SlicedWasserstein(directions: directions, rank: rank, ranks: ranks, memory: memory) { $0 }
      try part.setReference(a)
      squares += try part.localSquares(to: b)
    }
    let all = squares
    var whole = SlicedWasserstein(directions: directions, rank: 0, ranks: 1) { _ in all }
    try whole.setReference(a)
    return try whole.values(to: b)
  }

  @Test("distances of the reference pairs are SciPy's", arguments: ["small", "medium"])
  func reference(pair: String) throws {
    let known = try KnownDistances.read(pair)
    let found = try distances(fixture("\(pair)-a"), fixture("\(pair)-b"), fixture("\(pair)-directions"))
    // Projections are rounded to Float: 6e-8 each, and the squares are of differences about as large as the values.
    #expect(abs(found[0] / known.slicedW2 - 1) < 1e-6)
    #expect(abs(found[1] / known.maxSlicedW2 - 1) < 1e-6)
  }

  @Test("1, 2, 3, 4 and 7 ranks give the same bits", arguments: [2, 3, 4, 7])
  func anyRanks(ranks: Int) throws {
    let a = scattered(rows: 333, columns: 7, seed: 1)
    let b = scattered(rows: 333, columns: 7, seed: 2)
    let directions = scattered(rows: 301, columns: 7, seed: 3)
    let one = try distances(a, b, directions)
    let many = try distances(a, b, directions, ranks: ranks)
    #expect(one == many)
  }

  @Test("so do 2, 3 and 9 threads, more than tiles, whether the reference stays sorted or not", arguments: [2, 3, 9])
  func anyThreads(count: Int) throws {
    let a = scattered(rows: 333, columns: 7, seed: 1)
    let b = scattered(rows: 222, columns: 7, seed: 2)
    let directions = scattered(rows: 301, columns: 7, seed: 3)
    let one = try distances(a, b, directions)
    for memory in [1 << 30, 2 * 64 * 333 * 4] {
      var many = try SlicedWasserstein(
        directions: directions, over: Communicator.single.with(threads: count), memory: memory)
      try many.setReference(a)
      #expect(try many.values(to: b) == one)
    }
  }

  @Test("sorting the reference again for want of memory gives the same bits", arguments: [0, 64 * 333 * 4])
  func littleMemory(bytes: Int) throws {
    let a = scattered(rows: 333, columns: 7, seed: 1)
    let b = scattered(rows: 222, columns: 7, seed: 2)
    let directions = scattered(rows: 130, columns: 7, seed: 3)
    let kept = try distances(a, b, directions)
    let sorted = try distances(a, b, directions, memory: bytes)
    #expect(kept == sorted)
  }

  @Test("a direction's value does not depend on which directions stand beside it")
  func independentDirections() throws {
    let a = scattered(rows: 50, columns: 5, seed: 1)
    let b = scattered(rows: 50, columns: 5, seed: 2)
    let directions = scattered(rows: 70, columns: 5, seed: 3)
    var all = SlicedWasserstein(directions: directions, over: .single)
    try all.setReference(a)
    let squares = try all.localSquares(to: b)
    for k in [0, 3, 63, 64, 69] {
      var one = Matrix(rows: 1, columns: 5)
      copyRows(of: directions, [UInt32(k)], into: &one)
      var single = SlicedWasserstein(directions: one, over: .single)
      try single.setReference(a)
      let square = try single.localSquares(to: b)
      #expect(square == [squares[k]])
    }
  }

  @Test("a set is at distance 0 from itself in any order of its rows")
  func zero() throws {
    let a = scattered(rows: 100, columns: 4, seed: 1)
    var reversed = Matrix(rows: 100, columns: 4)
    copyRows(of: a, (0..<100).map { UInt32(99 - $0) }, into: &reversed)
    let found = try distances(a, reversed, scattered(rows: 20, columns: 4, seed: 2))
    #expect(found == [0, 0])
  }

  @Test("a set and three copies of it are at distance 0: sizes may differ")
  func copies() throws {
    let a = scattered(rows: 41, columns: 4, seed: 1)
    var threefold = Matrix(rows: 123, columns: 4)
    copyRows(of: a, (0..<123).map { UInt32($0 % 41) }, into: &threefold)
    let found = try distances(a, threefold, scattered(rows: 20, columns: 4, seed: 2))
    #expect(found == [0, 0])
  }

  @Test("a shift by s moves the 1-D law by exactly θ·s, however far from the origin", arguments: [0, 1e6] as [Float])
  func translation(origin: Float) throws {
    var a = Matrix(rows: 64, columns: 2)
    var b = Matrix(rows: 64, columns: 2)
    for r in 0..<64 {
      a[r, 0] = origin + Float(r) / 4
      a[r, 1] = Float(r % 7)
      b[r, 0] = a[r, 0] + 3
      b[r, 1] = a[r, 1] + 4
    }
    var directions = Matrix(rows: 2, columns: 2)
    directions[0, 0] = 1
    directions[1, 0] = 0.6
    directions[1, 1] = 0.8
    let found = try distances(a, b, directions)
    // Along the two directions the shift is 3 and 5; 0.6 and 0.8 are rounded to Float.
    #expect(abs(found[0] - (17.0).squareRoot()) < 1e-5)
    #expect(abs(found[1] - 5) < 1e-5)
  }

  @Test("sets of 2 and 3 atoms are coupled by quantiles")
  func quantiles() throws {
    // Atoms 0, 1 against 0, 1, 2: lengths 1/3, 1/6, 1/6, 1/3 with differences 0, 1, 0, 1.
    let a: [UInt32] = [0, 1].map { orderedKeys(SIMD16(repeating: $0))[0] }
    let b: [UInt32] = [0, 1, 2].map { orderedKeys(SIMD16(repeating: $0))[0] }
    let square = squaredWasserstein(a.span, count: 2, b.span, count: 3)
    #expect(abs(square - 0.5) < 1e-15)
  }

  @Test("radix sorting orders Floats of both signs, zeros and extremes", arguments: [1, 15, 16, 1000])
  func sorting(count: Int) {
    let numbers = scattered(rows: 1, columns: count, seed: 9)
    var values = (0..<count).map { numbers.span[$0] }
    values[0] = -.greatestFiniteMagnitude
    if count > 10 { values.replaceSubrange(1..<5, with: [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude]) }
    var keys = [UInt32.max] + values.map { orderedKeys(SIMD16(repeating: $0))[3] } + [0]
    var sorter = RadixSort(capacity: count)
    var span = keys.mutableSpan
    sorter.sort(&span, 1..<count + 1)
    #expect(keys[1...count].map { value(ofKey: $0) } == values.sorted())
    #expect(keys.first == .max && keys.last == 0, "keys outside the range stay")
  }

  @Test("every row counts, whatever the number of rows", arguments: 1...9) func everyRow(count: Int) throws {
    let values = (0..<count).map { Float($0) }
    for row in 0..<count {
      // One row moves to 20, beyond all others: in the sorted order all rows above it move down by a place.
      var moved = values
      moved[row] = 20
      let (first, second) = (values.sorted(), moved.sorted())
      let squares = zip(first, second).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      var a = Matrix(rows: count, columns: 1)
      var b = Matrix(rows: count, columns: 1)
      for r in 0..<count { (a[r, 0], b[r, 0]) = (values[r], moved[r]) }
      let value = try distances(a, b, randomDirections(count: 3, dimension: 1, seed: 1))[0]
      #expect(abs(value - (squares / Double(count)).squareRoot()) < 1e-9 * value)  // sums of whole numbers in Double
    }
  }

  @Test("random directions have length 1 and do not depend on how many are asked for")
  func directions() {
    let many = randomDirections(count: 100, dimension: 6, seed: 4)
    let few = randomDirections(count: 10, dimension: 6, seed: 4)
    for k in 0..<100 {
      let square = (0..<6).reduce(0.0) { $0 + Double(many[k, $1]) * Double(many[k, $1]) }
      #expect(abs(square - 1) < 1e-6, "six roundings to Float")  // six roundings to Float
    }
    for i in 0..<60 { #expect(few.span[i] == many.span[i]) }
    let other = randomDirections(count: 10, dimension: 6, seed: 5)
    #expect((0..<60).allSatisfy { few.span[$0] != other.span[$0] })
  }

  @Test("bad sets are refused with what, where and what to do")
  func errors() throws {
    var distance = SlicedWasserstein(directions: scattered(rows: 3, columns: 2, seed: 1), over: .single)
    #expect(throws: MetricsError.tooFewRows(rows: 0, needed: 1)) {
      try distance.setReference(Matrix(rows: 0, columns: 2))
    }
    try distance.setReference(scattered(rows: 5, columns: 2, seed: 2))
    #expect(throws: MetricsError.dimensionsDiffer(reference: 2, samples: 3)) {
      _ = try distance.values(to: Matrix(rows: 5, columns: 3))
    }
    var bad = Matrix(rows: 5, columns: 2)
    bad[3, 1] = .infinity
    #expect(throws: MetricsError.notFinite(row: 3, column: 1)) { _ = try distance.values(to: bad) }
    #expect(
      MetricsError.notFinite(row: 3, column: 1).description
        == "row 3, column 1 (counted from 0) is not finite: remove the row or find what produced it")
    #expect(
      MetricsError.tooFewRows(rows: 0, needed: 1).description
        == "a distance needs at least 1 rows, and there are 0: give more samples")
    #expect(
      MetricsError.dimensionsDiffer(reference: 2, samples: 3).description
        == "the reference has 2 columns and the samples have 3: compare sets of one dimension")
  }
}
