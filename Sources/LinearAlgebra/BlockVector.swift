/// A vector of `size` ≤ 3 Doubles, one per block of a process's state; stored inline.
@frozen
public struct BlockVector: Sendable, Equatable {
  /// The number of blocks.
  public let size: Int
  // Lanes past `size` stay zero, so sums need not know the size and equality is equality of the lanes.
  @usableFromInline var lanes: SIMD4<Double>

  @inlinable
  init(size: Int, lanes: SIMD4<Double>) {
    self.size = size
    self.lanes = lanes
  }

  /// A vector of equal elements.
  @inlinable
  public init(size: Int, repeating value: Double) {
    precondition(size >= 1 && size <= 3, "a block vector of \(size) elements")
    self.init(size: size, lanes: SIMD4(value, size > 1 ? value : 0, size > 2 ? value : 0, 0))
  }

  /// The first unit vector (1, 0, …): the data's own block.
  @inlinable
  public static func first(_ size: Int) -> BlockVector {
    precondition(size >= 1 && size <= 3, "a block vector of \(size) elements")
    return BlockVector(size: size, lanes: SIMD4(1, 0, 0, 0))
  }

  /// A vector of the given elements.
  public init(_ elements: [Double]) {
    self.init(size: elements.count, repeating: 0)
    for (i, value) in elements.enumerated() { lanes[i] = value }
  }

  /// The vector (x).
  @inlinable
  public init(_ x: Double) {
    size = 1
    lanes = SIMD4(x, 0, 0, 0)
  }

  /// The vector (x, v).
  @inlinable
  public init(_ x: Double, _ v: Double) {
    size = 2
    lanes = SIMD4(x, v, 0, 0)
  }

  /// Element `i`.
  @inlinable
  public subscript(_ i: Int) -> Double {
    get {
      precondition(i >= 0 && i < size, "element \(i) of \(size)")
      return lanes[i]
    }
    set {
      precondition(i >= 0 && i < size, "element \(i) of \(size)")
      lanes[i] = newValue
    }
  }

  /// The last element.
  @inlinable public var last: Double { self[size - 1] }

  /// The inner product Σ_i a_i b_i, added in the order of i.
  @inlinable @inline(__always)
  public func dot(_ other: BlockVector) -> Double {
    precondition(size == other.size, "\(size) against \(other.size) elements")
    let products = lanes * other.lanes
    return (products[0] + products[1]) + products[2]
  }

  /// The vector times a number.
  @inlinable @inline(__always)
  public func scaled(by factor: Double) -> BlockVector { BlockVector(size: size, lanes: lanes * factor) }

  /// The square root of every element.
  @inlinable @inline(__always) public var squareRoot: BlockVector { BlockVector(size: size, lanes: lanes.squareRoot()) }

  /// The sum of two vectors.
  @inlinable @inline(__always)
  public static func + (a: BlockVector, b: BlockVector) -> BlockVector {
    precondition(a.size == b.size, "\(a.size) against \(b.size) elements")
    return BlockVector(size: a.size, lanes: a.lanes + b.lanes)
  }

  /// The difference of two vectors.
  @inlinable @inline(__always)
  public static func - (a: BlockVector, b: BlockVector) -> BlockVector { a + b.scaled(by: -1) }

  /// The outer product a bᵀ, of two vectors of one size.
  @inlinable @inline(__always)
  public func outer(_ other: BlockVector) -> BlockMatrix {
    precondition(size == other.size, "\(size) against \(other.size) elements")
    return BlockMatrix(
      size: size, rows: [other.lanes * lanes[0], other.lanes * lanes[1], other.lanes * lanes[2]])
  }
}
