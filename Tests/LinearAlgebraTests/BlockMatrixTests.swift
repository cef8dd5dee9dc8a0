import Testing

@testable import LinearAlgebra

// Well-conditioned matrices of each size; the last is not symmetric.
private let drifts = [
  BlockMatrix(-0.7), BlockMatrix(0, 1.5, -1, -2),
  BlockMatrix(size: 3, [-1, 0.5, 0.1, -0.3, -2, 0.4, 0.2, -0.6, -1.5]),
]

private func diffusion(_ size: Int) -> BlockMatrix {
  let all = [2, 0.3, 0.1, 0.3, 1, -0.2, 0.1, -0.2, 0.5]
  return BlockMatrix(size: size, (0..<size).flatMap { i in (0..<size).map { all[3 * i + $0] } })
}

func distance(_ a: BlockMatrix, _ b: BlockMatrix) -> Double { (a - b).norm / max(b.norm, 1e-300) }

@Suite struct BlockMatrixTests {
  @Test("a matrix times its inverse is the unit matrix", arguments: drifts) func inverse(a: BlockMatrix) {
    // A few roundings at condition numbers below 10.
    #expect(distance(a * a.inverse, .identity(a.size)) < 1e-14)
    #expect(abs(a.inverse.determinant * a.determinant - 1) < 1e-14)
  }

  @Test("the determinant of a product is the product of determinants", arguments: drifts)
  func determinant(a: BlockMatrix) {
    let d = diffusion(a.size)
    #expect(abs((a * d).determinant / (a.determinant * d.determinant) - 1) < 1e-13)  // roundings of 6 products
    #expect((a * d).transpose == d.transpose * a.transpose)
    #expect(abs((a * d).trace - (d * a).trace) < 1e-14)  // roundings of numbers of size 3
  }

  @Test("the Cholesky factor is lower triangular and squares to the matrix", arguments: 1...3)
  func cholesky(size: Int) {
    let d = diffusion(size)
    let l = d.cholesky()
    #expect(distance(l * l.transpose, d) < 1e-15)  // rounding
    for i in 0..<size { for j in i + 1..<max(size, i + 1) { #expect(l[i, j] == 0) } }
  }

  @Test("elements, rows, columns, norms and traces are those written down") func elements() {
    let a = BlockMatrix(size: 3, [1, -2, 3, 4, 5, -6, 7, 8, 9])
    #expect(a[1, 2] == -6 && a.row(1) == BlockVector([4, 5, -6]) && a.column(2) == BlockVector([3, -6, 9]))
    // The largest sum of magnitudes in a row: 7 + 8 + 9.
    #expect(a.norm == 24 && a.trace == 15 && a.determinant == 240)
    #expect(a.transpose.row(0) == BlockVector([1, 4, 7]))
    #expect(a * BlockVector([1, 0, -1]) == BlockVector([-2, 10, -2]))
    #expect(BlockVector([1, 2]).outer(BlockVector([3, 4])) == BlockMatrix(3, 4, 6, 8))
    #expect(BlockVector([4, 9]).squareRoot == BlockVector([2, 3]))
    #expect(BlockVector([1, 2, 3]).dot(BlockVector([4, 5, 6])) == 32 && BlockVector([1, 2, 3]).last == 3)
  }

  @Test("the product of three-block matrices is that of NumPy") func product() {
    let a = BlockMatrix(size: 3, [1, 2, 3, 4, 5, 6, 7, 8, 10])
    let b = BlockMatrix(size: 3, [2, 0, 1, -1, 3, 0, 0.5, 1, -2])
    #expect(a * b == BlockMatrix(size: 3, [1.5, 9, -5, 6, 21, -8, 11, 34, -13]))
  }

  @Test(
    "the factor of a sum of squares is lower triangular, of no negative diagonal, and squares to the sum",
    arguments: 1...3)
  func factor(size: Int) {
    let (a, b) = (drifts[size - 1], diffusion(size))
    for (x, y) in [(a, b), (b, a), (a.scaled(by: -1), .zero(size)), (.zero(size), a)] {
      let l = BlockMatrix.factor(of: x, y)
      // A few reflections' roundings.
      #expect(distance(l * l.transpose, x * x.transpose + y * y.transpose) < 1e-14)
      for i in 0..<size {
        #expect(l[i, i] >= 0)
        for j in i + 1..<max(size, i + 1) { #expect(l[i, j] == 0) }
      }
    }
    #expect(BlockMatrix.factor(of: .zero(size), .zero(size)) == .zero(size))
  }

  @Test("noise that reaches only the velocity has a zero first column") func semidefinite() {
    let l = BlockMatrix(0, 0, 0, 4).cholesky()
    #expect(l == BlockMatrix(0, 0, 0, 2))
  }

  @Test("the exponential solves the linear equation", arguments: drifts) func exponential(a: BlockMatrix) {
    // Additive in time, and A at time 0: central difference with error h²‖A‖³/6.
    let h = 1e-4
    #expect(distance(a.scaled(by: 3).exponential(), a.exponential() * a.scaled(by: 2).exponential()) < 1e-13)
    let slope = (a.scaled(by: h).exponential() - a.scaled(by: -h).exponential()).scaled(by: 0.5 / h)
    #expect(distance(slope, a) < 1e-7)
  }

  @Test("the exponential of a nilpotent matrix is its two terms") func nilpotent() {
    let e = BlockMatrix(0, 3, 0, 0).exponential()
    #expect(distance(e, BlockMatrix(1, 3, 0, 1)) < 1e-15)  // rounding
  }

  @Test("Lyapunov's equation holds", arguments: drifts) func lyapunov(a: BlockMatrix) {
    let d = diffusion(a.size)
    let s = BlockMatrix.lyapunov(a, d)
    #expect((a * s + s * a.transpose + d).norm < 1e-14 * s.norm)  // rounding
    // The flow's covariance is what the stationary one has not kept.
    let flow = BlockMatrix.flow(drift: a, diffusion: d, over: 1.3)
    #expect(distance(flow.covariance, s - flow.map * s * flow.map.transpose) < 1e-13)
  }

  @Test("the flow keeps the τ³ of a position driven through its velocity") func smallTimes() {
    let (map, c) = BlockMatrix.flow(drift: BlockMatrix(0, 1, -1, -2), diffusion: BlockMatrix(0, 0, 0, 2), over: 1e-6)
    // Next orders: C_xx = σ²(τ³/3 − τ⁴/2), C_xv = σ²(τ²/2 − τ³), a relative 2e-6 off the first.
    #expect(abs(c[0, 0] / (2e-18 / 3 * (1 - 1.5e-6)) - 1) < 1e-11)
    #expect(abs(c[0, 1] / (1e-12 * (1 - 2e-6)) - 1) < 1e-11)
    #expect(abs(map[0, 1] / 1e-6 - (1 - 1e-6)) < 1e-11)
  }

  @Test("a block product is the matrix product on every coordinate", arguments: [1, 2, 3], [1, 2, 5, 33])
  func products(blocks: Int, d: Int) {
    var source = Matrix(rows: 4, columns: blocks * d)
    for r in 0..<4 { for k in 0..<blocks * d { source[r, k] = Float((7 * r + 3 * k) % 11) - 5 } }
    var result = Matrix(rows: 4, columns: blocks * d)
    let m = drifts[blocks - 1]
    result.assign(m, times: source, dimension: d)
    result.add(.identity(blocks), times: source, dimension: d)
    for r in 0..<4 {
      for k in 0..<d {
        let u = BlockVector((0..<blocks).map { Double(source[r, $0 * d + k]) })
        let expected = m * u + u
        // Four Float roundings of numbers below 20.
        for i in 0..<blocks { #expect(abs(Double(result[r, i * d + k]) - expected[i]) < 4e-6) }
      }
    }
  }

  @Test("a zero coefficient hides an infinite element") func zeroCoefficients() {
    var source = Matrix(rows: 1, columns: 2)
    source[0, 0] = .infinity
    source[0, 1] = 3
    var result = Matrix(rows: 1, columns: 2)
    result.fill(.nan)
    result.assign(BlockMatrix(0, 0, 0, 2), times: source, dimension: 1)
    #expect(result[0, 0] == 0)
    #expect(result[0, 1] == 6)
  }
}
