internal import Files
internal import LinearAlgebra
internal import Targets

/// Rows between their file and training: in single precision where that holds them exactly, else in double precision
/// until they are centred and scaled.
///
/// A Julian date or a second of this century differs from the next by less than single precision can tell.
struct LoadedRows: ~Copyable {
  private var single: Matrix
  private var double: RowBlock
  private let isDouble: Bool

  /// Rows of zeros.
  init(rows: Int, columns: Int, isDouble: Bool) {
    self.isDouble = isDouble
    single = Matrix(rows: isDouble ? 0 : rows, columns: columns)
    double = RowBlock(rows: isDouble ? rows : 0, columns: columns)
  }

  /// Numbers in a row.
  var columns: Int { isDouble ? double.columns : single.columns }

  /// Rows.
  var rows: Int { isDouble ? double.rows : single.rows }

  /// The number in row `row` and column `column`.
  subscript(_ row: Int, _ column: Int) -> Double { isDouble ? double[row, column] : Double(single[row, column]) }

  /// Row `index` becomes row `other` of a file's block.
  mutating func copyRow(_ index: Int, from block: borrowing RowBlock, _ other: Int) {
    if isDouble {
      double.copyRow(index, from: block, other)
    } else {
      for j in 0..<block.columns { single[index, j] = Float(block[other, j]) }
    }
  }

  /// Row `index` becomes some columns of row `other` of a file's block.
  mutating func copyRow(_ index: Int, from block: borrowing RowBlock, _ other: Int, columns: Range<Int>) {
    for (k, j) in columns.enumerated() {
      if isDouble { double[index, k] = block[other, j] } else { single[index, k] = Float(block[other, j]) }
    }
  }

  /// A digest of some rows' bits: of their single-precision parts, and of what these leave where they leave anything.
  ///
  /// So the same numbers have the same digest in files of both precisions.
  func digest(_ rows: Range<Int>) -> UInt32 {
    var crc = CRC32C()
    for r in rows { update(&crc, r) }
    return crc.value
  }

  /// The digest of one row, and the number of bytes that it is of.
  func check(ofRow row: Int) -> (value: UInt32, bytes: Int) {
    var crc = CRC32C()
    let bytes = update(&crc, row)
    return (crc.value, bytes)
  }

  @discardableResult
  private func update(_ crc: inout CRC32C, _ r: Int) -> Int {
    guard isDouble else {
      let row = single.row(r)
      unsafe row.withUnsafeBytes { unsafe crc.update($0.bytes) }
      return 4 * single.columns
    }
    var part = Matrix(rows: 1, columns: double.columns)
    for j in 0..<part.columns { part[0, j] = Float(double[r, j]) }
    let row = part.row(0)
    unsafe row.withUnsafeBytes { unsafe crc.update($0.bytes) }
    let left = (0..<part.columns).map { double[r, $0] - Double(part[0, $0]) }
    guard left.contains(where: { $0 != 0 }) else { return 4 * part.columns }
    crc.update(left.flatMap { rest in (0..<8).map { UInt8(truncatingIfNeeded: rest.bitPattern >> (8 * $0)) } })
    return 12 * part.columns
  }

  /// A number for each row: the same for equal rows, and for others with a chance of 2⁻⁶⁴.
  func keys() -> [Int] {
    (0..<rows).map { r in
      var hasher = Hasher()
      for j in 0..<columns { hasher.combine(self[r, j]) }
      return hasher.finalize()
    }
  }

  /// The rows in trained coordinates, each number rounded once.
  consuming func standardised(by map: Standardisation) -> Matrix {
    guard isDouble else {
      var rows = single
      map.apply(to: &rows)
      return rows
    }
    var rows = Matrix(rows: double.rows, columns: double.columns)
    standardise(into: &rows, 0..<double.columns, by: map)
    return rows
  }

  /// The rows of double precision in trained coordinates as some columns of `rows`.
  func standardise(into rows: inout Matrix, _ columns: Range<Int>, by map: Standardisation) {
    for r in 0..<rows.rows {
      for (k, j) in columns.enumerated() { rows[r, j] = Float((double[r, k] - map.mean[k]) / map.scale[k]) }
    }
  }

  /// Row `index` becomes row `other` of `rows`, in original units less `origin`.
  func copyRow(_ other: Int, into rows: inout Matrix, _ index: Int, less origin: [Double]) {
    for j in 0..<rows.columns { rows[index, j] = Float(self[other, j] - origin[j]) }
  }
}

/// The digests of rows that came in any order, each eight bytes in place of the row.
struct RowChecks {
  private var checks: [(value: UInt32, bytes: Int32)]
  private let short, long: CRC32C.ZeroBytes

  /// Checks of so many rows.
  init(rows: Int, columns: Int) {
    checks = Array(repeating: (0, 0), count: rows)
    (short, long) = (CRC32C.ZeroBytes(4 * columns), CRC32C.ZeroBytes(12 * columns))
  }

  /// The number of rows.
  var rows: Int { checks.count }

  /// The check of one row.
  mutating func set(_ row: Int, _ check: (value: UInt32, bytes: Int)) {
    checks[row] = (check.value, Int32(check.bytes))
  }

  /// What `LoadedRows.digest` gives for the same rows.
  func digest(_ rows: Range<Int>) -> UInt32 {
    rows.reduce(0) { joined, row in
      let (value, bytes) = checks[row]
      return (Int(bytes) == short.count ? short : long).after(joined) ^ value
    }
  }
}
