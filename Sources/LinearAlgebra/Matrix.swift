internal import Glibc

/// A row-major matrix of `Float`, shape `[rows, columns]`, 64-byte aligned and owned by one variable.
///
/// Rows are contiguous without padding, so the whole matrix is one span and row `r` is a span of `columns` numbers.
@safe @frozen
public struct Matrix: ~Copyable, @unchecked Sendable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The first element, for kernels and for libraries that take addresses; valid as long as the matrix lives.
  public let pointer: UnsafeMutablePointer<Float>

  /// A matrix of zeros.
  public init(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0, "a matrix of \(rows) × \(columns)")
    self.rows = rows
    self.columns = columns
    let bytes = max(rows * columns, 1) * MemoryLayout<Float>.stride
    // Cache-line alignment: vector loads never straddle a line, and results cannot depend on the address. Large ones ask
    // for huge pages, before the first touch: products then miss no page translations.
    let hugePage = 2 << 20
    let isLarge = bytes >= hugePage
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? hugePage : 64)
    if isLarge { unsafe madvise(raw, bytes, MADV_HUGEPAGE) }
    unsafe pointer = unsafe raw.initializeMemory(as: Float.self, repeating: 0, count: max(rows * columns, 1))
  }

  deinit { unsafe pointer.deallocate() }

  /// The number of elements.
  @inlinable public var count: Int { rows * columns }

  /// The element in row `row` and column `column`.
  @inlinable
  public subscript(_ row: Int, _ column: Int) -> Float {
    get {
      precondition(
        row >= 0 && row < rows && column >= 0 && column < columns,
        "[\(row), \(column)] of \(rows) × \(columns)")
      return unsafe pointer[row &* columns &+ column]
    }
    set {
      precondition(
        row >= 0 && row < rows && column >= 0 && column < columns,
        "[\(row), \(column)] of \(rows) × \(columns)")
      unsafe pointer[row &* columns &+ column] = newValue
    }
  }

  /// All elements, row after row.
  @inlinable
  public var span: Span<Float> {
    @_lifetime(borrow self)
    borrowing get {
      let span = unsafe Span(_unsafeStart: pointer, count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// All elements, row after row, for writing.
  @inlinable
  public var mutableSpan: MutableSpan<Float> {
    @_lifetime(&self)
    mutating get {
      let span = unsafe MutableSpan(_unsafeStart: pointer, count: count)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }

  /// Row `row`.
  @inlinable @_lifetime(borrow self)
  public func row(_ row: Int) -> Span<Float> {
    precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
    let span = unsafe Span(_unsafeStart: pointer + row * columns, count: columns)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Row `row`, for writing.
  @inlinable @_lifetime(&self)
  public mutating func mutableRow(_ row: Int) -> MutableSpan<Float> {
    precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
    let span = unsafe MutableSpan(_unsafeStart: pointer + row * columns, count: columns)
    return unsafe _overrideLifetime(span, mutating: &self)
  }

  /// Copies every element of a matrix of the same shape.
  public mutating func copy(from other: borrowing Matrix) {
    precondition(
      rows == other.rows && columns == other.columns,
      "\(other.rows) × \(other.columns) into \(rows) × \(columns)")
    unsafe pointer.update(from: other.pointer, count: count)
  }

  /// Sets every element to `value`.
  public mutating func fill(_ value: Float) {
    unsafe pointer.update(repeating: value, count: count)
  }
}
