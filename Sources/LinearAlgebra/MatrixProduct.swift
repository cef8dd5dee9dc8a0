internal import CXSMM

/// A product of row-major matrices with fixed shapes, in one order of additions on every machine.
///
/// ```
/// C[m, n] = op(A)[m, k] · B[k, n],   c_ij = fma(a_{i,k−1}, b_{k−1,j}, … fma(a_i1, b_1j, fma(a_i0, b_0j, 0)) …)
/// ```
/// Every element is one chain of fused multiply-adds over ascending k. So its bits depend on its row of A and its column
/// of B alone: not on the other rows, the tiles, the width of vectors, the instruction set or the environment. LIBXSMM
/// makes the code of the tiles; where it may not, loops of the same order give the same bits, slower.
/// A product is prepared once, allocates nothing when it runs, and may run in several threads at once.
@safe public final class MatrixProduct {
  /// How the left operand is stored.
  public enum Operand: Sendable {
    /// As it is used, rows `stride` numbers apart.
    case plain(stride: Int)
    /// Transposed: stored with its rows, which are the columns of the operand, `stride` numbers apart.
    case transposed(stride: Int)
  }

  private static let tiling = sgm_tiles_tiling()

  /// The most rows and columns of a tile on this machine: a tile of C stays in the first cache.
  public static let largestTile = (rows: Int(tiling.rows), columns: Int(tiling.columns))

  /// The distance at which rows of so many numbers are best stored: whole cache lines, and not whole 512 bytes, because a
  /// cache has few places for addresses so far apart.
  public static func stride(of count: Int) -> Int {
    let lines = (count + 15) / 16
    return 16 * (lines % 8 == 0 ? lines + 1 : lines)
  }

  /// Whether a product is faster with a copy of B in which rows are `stride(of: count)` numbers apart, not `count`.
  ///
  /// With AVX2 parts of B are read again and again from the first cache, which cannot hold 128 rows that lie whole 512
  /// bytes apart.
  public static func gainsFromCopy(rowsOf count: Int) -> Bool { tiling.wants_copies && count % 128 == 0 }

  // Tiles of rows that share one pass over B: few enough for C to be written in the order of memory, and enough for B to
  // come from the third cache in time where it does not fit into the second.
  private static let rowTilesPerBlock = 2
  private static let lane = 16

  /// The rows of C in tiles, in order.
  public let rowTiles: [Range<Int>]
  /// The columns of C in tiles, in order.
  public let columnTiles: [Range<Int>]
  private let rowStep, rightStride, stride: Int
  // For each tile of columns one of the larger and one of the smaller number of rows.
  private let tiles: UnsafeMutablePointer<sgm_tile>

  /// Prepares a product.
  ///
  /// - Parameters:
  ///   - rows: m.
  ///   - columns: n.
  ///   - inner: k.
  ///   - left: how A is stored.
  ///   - rightStride: the distance between rows of B.
  ///   - stride: the distance between rows of C.
  public init(rows: Int, columns: Int, inner: Int, left: Operand, rightStride: Int, stride: Int) {
    precondition(rows > 0 && columns > 0 && inner > 0, "a product of \(rows)×\(inner) by \(inner)×\(columns)")
    let (isTransposed, leftStride) = left.storage
    precondition(leftStride >= (isTransposed ? rows : inner), "rows of A \(leftStride) numbers apart")
    precondition(rightStride >= columns, "rows of B \(rightStride) numbers apart")
    rowTiles = Self.parts(of: rows, units: rows, most: Self.largestTile.rows, unit: 1)
    let lanes = (columns + Self.lane - 1) / Self.lane
    columnTiles = Self.parts(of: columns, units: lanes, most: Self.largestTile.columns / Self.lane, unit: Self.lane)
    rowStep = isTransposed ? 1 : leftStride
    (self.rightStride, self.stride) = (rightStride, stride)
    unsafe tiles = .allocate(capacity: 2 * columnTiles.count)
    for (j, part) in columnTiles.enumerated() {
      for (larger, count) in [rowTiles[rowTiles.count - 1].count, rowTiles[0].count].enumerated() {
        let shape = sgm_tile_shape(
          m: Int32(count), n: Int32(part.count), k: Int32(inner), stride_a: Int32(leftStride),
          stride_b: Int32(rightStride), stride_c: Int32(stride), transposed_a: isTransposed)
        unsafe (tiles + 2 * j + larger).initialize(to: sgm_tile_make(shape))
      }
    }
  }

  deinit { unsafe tiles.deallocate() }

  /// Units in as few equal parts as their largest size allows, the larger parts first; `count` cuts the last one.
  private static func parts(of count: Int, units: Int, most: Int, unit: Int) -> [Range<Int>] {
    let number = (units + most - 1) / most
    return (0..<number).map { part in
      let start = part * (units / number) + min(part, units % number)
      let size = units / number + (part < units % number ? 1 : 0)
      return start * unit..<min((start + size) * unit, count)
    }
  }

  /// Which of `rowTiles` a row is in, and which of the tile's rows it is.
  public func place(ofRow row: Int) -> (tile: Int, row: Int) {
    // The larger tiles come first.
    let (large, small) = (rowTiles[0].count, rowTiles[rowTiles.count - 1].count)
    let firstSmall = large == small ? 0 : (rowTiles.firstIndex { $0.count == small } ?? 0)
    let start = rowTiles[firstSmall].lowerBound
    if row < start { return (row / large, row % large) }
    let (tile, rest) = (row - start).quotientAndRemainder(dividingBy: small)
    return (firstSmall + tile, rest)
  }

  /// Computes one tile, and on some machines fetches B's next columns into the second cache meanwhile.
  ///
  /// - Parameters:
  ///   - row: which of `rowTiles`.
  ///   - column: which of `columnTiles`.
  ///   - a: A's first element.
  ///   - b: B's first element.
  ///   - c: takes the tile, its rows as far apart as those of C.
  @inline(__always)
  @unsafe public func computeTile(
    _ row: Int, _ column: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>
  ) {
    let isLarger = rowTiles[row].count == rowTiles[0].count
    let next = column + 1 < columnTiles.count ? column + 1 : 0
    unsafe sgm_tile_run(
      tiles + (2 * column + (isLarger ? 1 : 0)), a + rowTiles[row].lowerBound * rowStep,
      b + columnTiles[column].lowerBound, c, b + columnTiles[next].lowerBound)
  }

  /// Goes through the tiles in the order that suits caches; a column's tiles come in the order of their rows.
  ///
  /// - Parameters:
  ///   - count: how many rows are asked for, all of them where nil: tiles without any of them are left out.
  ///   - body: called with the tile's place in `rowTiles` and `columnTiles`.
  public func forEachTile(rows count: Int? = nil, _ body: (_ row: Int, _ column: Int) -> Void) {
    let asked = count ?? rowTiles[rowTiles.count - 1].upperBound
    for first in Swift.stride(from: 0, to: rowTiles.count, by: Self.rowTilesPerBlock) {
      for j in columnTiles.indices {
        for i in first..<min(first + Self.rowTilesPerBlock, rowTiles.count) where rowTiles[i].lowerBound < asked {
          body(i, j)
        }
      }
    }
  }

  /// Runs the product: `c` is overwritten.
  ///
  /// - Parameters:
  ///   - a: A's first element.
  ///   - b: B's first element.
  ///   - c: C's first element.
  ///   - count: how many rows are asked for, all of them where nil. The others of their tiles are computed too.
  ///   - finish: called with each tile's rows that are asked for when it is computed, while it is in cache.
  @unsafe public func callAsFunction(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>, rows count: Int? = nil,
    finish: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void = { _, _ in }
  ) {
    forEachTile(rows: count) { i, j in
      let (rows, columns) = (rowTiles[i], columnTiles[j])
      unsafe computeTile(i, j, a, b, into: c + (rows.lowerBound * stride + columns.lowerBound))
      finish(rows.clamped(to: 0..<(count ?? rows.upperBound)), columns)
    }
  }

  /// Runs the product on whole matrices.
  public func callAsFunction(_ a: borrowing Matrix, _ b: borrowing Matrix, into c: inout Matrix) {
    unsafe self(a.pointer, b.pointer, into: c.pointer)
  }
}

extension MatrixProduct.Operand {
  fileprivate var storage: (transposed: Bool, stride: Int) {
    switch self {
    case .plain(let stride): (false, stride)
    case .transposed(let stride): (true, stride)
    }
  }
}

extension MatrixProduct {
  /// Who computes the tiles on this machine, for example `LIBXSMM 1.17 for hsw`, or loops and the reason.
  public static var engine: String { unsafe String(cString: sgm_tiles_description()) }

  /// Whether that is code made just in time.
  public static var isJustInTime: Bool { engine.hasPrefix("LIBXSMM") }
}

/// Writes the transpose of a row-major matrix.
///
/// - Parameters:
///   - from: `[rows, columns]`, rows `stride` numbers apart.
///   - rows: the number of rows.
///   - columns: the number of columns.
///   - stride: the distance between rows of `from`.
///   - into: takes `[columns, rows]`.
///   - targetStride: the distance between rows of `into`.
@unsafe public func transpose(
  _ from: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int, into: UnsafeMutablePointer<Float>,
  targetStride: Int
) {
  unsafe sgm_transpose(Int64(rows), Int64(columns), from, Int64(stride), into, Int64(targetStride))
}
