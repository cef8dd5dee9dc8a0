import CXSMM
import LinearAlgebra
import Testing

/// Numbers whose products are rounded: any other order of additions shows.
private func numbers(_ count: Int, seed: UInt64) -> [Float] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
  }
}

/// The definition: one fused multiply-add after the other.
private func reference(
  _ a: [Float], _ b: [Float], m: Int, n: Int, k: Int, row: Int, step: Int, strideB: Int
) -> [Float] {
  var c: [Float] = []
  for i in 0..<m {
    for j in 0..<n {
      var sum: Float = 0
      for p in 0..<k { sum = sum.addingProduct(a[i * row + p * step], b[p * strideB + j]) }
      c.append(sum)
    }
  }
  return c
}

@Suite struct MatrixProductTests {
  static let sizes = [1, 2, 3, 17, 100, 164]

  @Test("every element is one chain of fused multiply-adds, for every shape, stride and tail", arguments: sizes, sizes)
  func chain(m: Int, n: Int) {
    for k in Self.sizes + [257, 512] {
      for isTransposed in [false, true] {
        // Rows that lie further apart than they are long: what is between must stay as it is.
        let (strideA, strideB, strideC) = ((isTransposed ? m : k) + 3, n + 5, n + 2)
        let a = numbers((isTransposed ? k : m) * strideA, seed: 1)
        let b = numbers(k * strideB, seed: 2)
        var c = [Float](repeating: 7, count: m * strideC)
        let product = MatrixProduct(
          rows: m, columns: n, inner: k, left: isTransposed ? .transposed(stride: strideA) : .plain(stride: strideA),
          rightStride: strideB, stride: strideC)
        var seen: [Int: Int] = [:]
        unsafe c.withUnsafeMutableBufferPointer { c in
          guard let c = c.baseAddress else { return }
          unsafe product(a, b, into: c) { rows, columns in
            // A column's tiles come in the order of their rows.
            #expect(rows.lowerBound == seen[columns.lowerBound, default: 0])
            seen[columns.lowerBound] = rows.upperBound
          }
        }
        #expect(seen.values.allSatisfy { $0 == m })
        let expected = reference(
          a, b, m: m, n: n, k: k, row: isTransposed ? 1 : strideA, step: isTransposed ? strideA : 1, strideB: strideB)
        let isSame = (0..<m).allSatisfy { i in
          (0..<n).allSatisfy { c[i * strideC + $0].bitPattern == expected[i * n + $0].bitPattern }
            && (n..<strideC).allSatisfy { c[i * strideC + $0] == 7 }
        }
        #expect(isSame, "\(m)×\(k) by \(k)×\(n), transposed: \(isTransposed)")
      }
    }
  }

  @Test("loops without LIBXSMM give the same bits", arguments: sizes)
  func loops(k: Int) {
    for (m, n) in [(1, 1), (2, 9), (5, 8), (6, 16), (7, 31), (32, 64), (13, 50)] {
      for isTransposed in [false, true] {
        let (strideA, strideB) = ((isTransposed ? m : k) + 1, n + 3)
        let a = numbers((isTransposed ? k : m) * strideA, seed: 3)
        let b = numbers(k * strideB, seed: 4)
        var shape = sgm_tile_shape(
          m: Int32(m), n: Int32(n), k: Int32(k), stride_a: Int32(strideA), stride_b: Int32(strideB), stride_c: Int32(n),
          transposed_a: isTransposed)
        let tile = sgm_tile_make(shape)
        var (c, d, e) = (
          [Float](repeating: 0, count: m * n), [Float](repeating: 1, count: m * n), [Float](repeating: 2, count: m * n)
        )
        unsafe sgm_tile_loops(&shape, a, b, &c)
        unsafe sgm_tile_reference(&shape, a, b, &d)
        unsafe withUnsafePointer(to: tile) { unsafe sgm_tile_run($0, a, b, &e, b) }
        let expected = reference(
          a, b, m: m, n: n, k: k, row: isTransposed ? 1 : strideA, step: isTransposed ? strideA : 1, strideB: strideB)
        #expect(c == expected && d == expected && e == expected, "\(m)×\(k) by \(k)×\(n)")
      }
    }
  }

  @Test("LIBXSMM's code runs where it may, for chains of one, two and more pieces", arguments: [100, 200, 257, 641])
  func code(k: Int32) {
    for isTransposed in [false, true] {
      let tile = sgm_tile_make(
        sgm_tile_shape(
          m: 32, n: 32, k: k, stride_a: 650, stride_b: 48, stride_c: 32, transposed_a: isTransposed))
      #expect(unsafe (tile.first != nil) == MatrixProduct.isJustInTime)
    }
  }

  @Test("a row's bits do not depend on the rows beside it, nor on how many are asked for")
  func rows() {
    let (k, n) = (77, 130)
    let a = numbers(100 * k, seed: 5)
    let b = numbers(k * n, seed: 6)
    func run(_ rows: Int, first: Int, asked: Int? = nil) -> [Float] {
      let product = MatrixProduct(
        rows: rows, columns: n, inner: k, left: .plain(stride: k), rightStride: n, stride: n)
      var c = [Float](repeating: 0, count: rows * n)
      unsafe c.withUnsafeMutableBufferPointer { c in
        guard let c = c.baseAddress else { return }
        unsafe a.withUnsafeBufferPointer { a in
          guard let a = a.baseAddress else { return }
          unsafe product(a + first * k, b, into: c, rows: asked)
        }
      }
      return c
    }
    let all = run(100, first: 0)
    for first in [0, 1, 50, 99] { #expect(run(1, first: first) == Array(all[first * n..<(first + 1) * n])) }
    #expect(Array(run(100, first: 0, asked: 41).prefix(41 * n)) == Array(all.prefix(41 * n)))
  }

  @Test("a transpose has its rows for columns, whatever its size", arguments: [1, 7, 8, 16, 23, 64, 100])
  func transposes(rows: Int) {
    for columns in [1, 3, 8, 17, 66] {
      let a = numbers(rows * (columns + 1), seed: 7)
      var b = [Float](repeating: 7, count: columns * (rows + 2))
      unsafe transpose(a, rows: rows, columns: columns, stride: columns + 1, into: &b, targetStride: rows + 2)
      let isRight = (0..<columns).allSatisfy { j in
        (0..<rows).allSatisfy { b[j * (rows + 2) + $0] == a[$0 * (columns + 1) + j] }
          && b[j * (rows + 2) + rows] == 7 && b[j * (rows + 2) + rows + 1] == 7
      }
      #expect(isRight, "\(rows) × \(columns)")
    }
  }
}
