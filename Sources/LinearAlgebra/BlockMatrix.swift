/// A square matrix of `size` ≤ 3 blocks in Double, stored inline: no operation but `init` from an array allocates.
///
/// A linear process acts alike on every coordinate of the data, so these few numbers describe it.
@frozen
public struct BlockMatrix: Sendable, Equatable {
  /// The number of rows and of columns.
  public let size: Int
  // Elements past `size` stay zero, so sums and products need not know the size. These are inlined always: a chain of them
  // then keeps its rows in registers, which makes `flow` four times as fast.
  @usableFromInline var rows: InlineArray<3, SIMD4<Double>>

  @inlinable
  init(size: Int, rows: InlineArray<3, SIMD4<Double>>) {
    precondition(size >= 1 && size <= 3, "a block matrix of size \(size)")
    self.size = size
    self.rows = rows
  }

  /// The matrix of the given elements, row after row.
  public init(size: Int, _ elements: [Double]) {
    precondition(elements.count == size * size, "\(elements.count) elements for size \(size)")
    self.init(size: size, rows: [.zero, .zero, .zero])
    for i in 0..<size { for j in 0..<size { rows[i][j] = elements[size * i + j] } }
  }

  /// The 1×1 matrix (xx).
  @inlinable
  public init(_ xx: Double) { self.init(size: 1, rows: [SIMD4(xx, 0, 0, 0), .zero, .zero]) }

  /// The 2×2 matrix ((xx, xv), (vx, vv)).
  @inlinable
  public init(_ xx: Double, _ xv: Double, _ vx: Double, _ vv: Double) {
    self.init(size: 2, rows: [SIMD4(xx, xv, 0, 0), SIMD4(vx, vv, 0, 0), .zero])
  }

  /// The matrix of zeros.
  @inlinable
  public static func zero(_ size: Int) -> BlockMatrix { BlockMatrix(size: size, rows: [.zero, .zero, .zero]) }

  /// The unit matrix.
  @inlinable
  public static func identity(_ size: Int) -> BlockMatrix { .diagonal(BlockVector(size: size, repeating: 1)) }

  /// The diagonal matrix of a vector's elements.
  @inlinable
  public static func diagonal(_ elements: BlockVector) -> BlockMatrix {
    let x = elements.lanes
    return BlockMatrix(
      size: elements.size, rows: [SIMD4(x[0], 0, 0, 0), SIMD4(0, x[1], 0, 0), SIMD4(0, 0, x[2], 0)])
  }

  /// The diagonal matrix of the given elements.
  public static func diagonal(_ elements: [Double]) -> BlockMatrix { .diagonal(BlockVector(elements)) }

  /// The element in row `i` and column `j`.
  @inlinable
  public subscript(_ i: Int, _ j: Int) -> Double {
    get {
      precondition(i >= 0 && i < size && j >= 0 && j < size, "[\(i), \(j)] of size \(size)")
      return rows[i][j]
    }
    set {
      precondition(i >= 0 && i < size && j >= 0 && j < size, "[\(i), \(j)] of size \(size)")
      rows[i][j] = newValue
    }
  }

  /// Row `i`.
  @inlinable
  public func row(_ i: Int) -> BlockVector {
    precondition(i >= 0 && i < size, "row \(i) of \(size)")
    return BlockVector(size: size, lanes: rows[i])
  }

  /// Column `j`.
  @inlinable
  public func column(_ j: Int) -> BlockVector {
    precondition(j >= 0 && j < size, "column \(j) of \(size)")
    return BlockVector(size: size, lanes: SIMD4(rows[0][j], rows[1][j], rows[2][j], 0))
  }

  /// Whether two matrices have the same size and elements.
  @inlinable
  public static func == (a: BlockMatrix, b: BlockMatrix) -> Bool {
    a.size == b.size && a.rows[0] == b.rows[0] && a.rows[1] == b.rows[1] && a.rows[2] == b.rows[2]
  }
}

extension BlockMatrix {
  /// The sum of two matrices.
  @inlinable @inline(__always)
  public static func + (a: BlockMatrix, b: BlockMatrix) -> BlockMatrix {
    precondition(a.size == b.size, "sizes \(a.size) and \(b.size)")
    return BlockMatrix(size: a.size, rows: [a.rows[0] + b.rows[0], a.rows[1] + b.rows[1], a.rows[2] + b.rows[2]])
  }

  /// The difference of two matrices.
  @inlinable @inline(__always)
  public static func - (a: BlockMatrix, b: BlockMatrix) -> BlockMatrix {
    precondition(a.size == b.size, "sizes \(a.size) and \(b.size)")
    return BlockMatrix(size: a.size, rows: [a.rows[0] - b.rows[0], a.rows[1] - b.rows[1], a.rows[2] - b.rows[2]])
  }

  /// The product of two matrices.
  @inlinable @inline(__always)
  public static func * (a: BlockMatrix, b: BlockMatrix) -> BlockMatrix {
    precondition(a.size == b.size, "sizes \(a.size) and \(b.size)")
    let (x, y, z) = (a.rows[0], a.rows[1], a.rows[2])
    return BlockMatrix(size: a.size, rows: [b.combined(by: x), b.combined(by: y), b.combined(by: z)])
  }

  /// The rows' sum with the given factors, added in their order.
  @inlinable @inline(__always)
  func combined(by factors: SIMD4<Double>) -> SIMD4<Double> {
    (rows[0] * factors[0] + rows[1] * factors[1]) + rows[2] * factors[2]
  }

  /// The matrix times a vector.
  @inlinable @inline(__always)
  public static func * (a: BlockMatrix, x: BlockVector) -> BlockVector {
    precondition(a.size == x.size, "size \(a.size) times \(x.size) elements")
    return BlockVector(size: a.size, lanes: a.transpose.combined(by: x.lanes))
  }

  /// The matrix times a number.
  @inlinable @inline(__always)
  public func scaled(by factor: Double) -> BlockMatrix {
    BlockMatrix(size: size, rows: [rows[0] * factor, rows[1] * factor, rows[2] * factor])
  }

  /// The transpose.
  @inlinable @inline(__always) public var transpose: BlockMatrix {
    let (a, b, c) = (rows[0], rows[1], rows[2])
    return BlockMatrix(
      size: size, rows: [SIMD4(a[0], b[0], c[0], 0), SIMD4(a[1], b[1], c[1], 0), SIMD4(a[2], b[2], c[2], 0)])
  }

  /// The sum of the diagonal.
  @inlinable @inline(__always) public var trace: Double { (rows[0][0] + rows[1][1]) + rows[2][2] }

  /// The largest sum of magnitudes in a row.
  public var norm: Double {
    var largest = 0.0
    for i in 0..<size { largest = max(largest, (abs(rows[i][0]) + abs(rows[i][1])) + abs(rows[i][2])) }
    return largest
  }
}
