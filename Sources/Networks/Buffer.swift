internal import LinearAlgebra

/// Rows of numbers in a pass's arena, `stride` numbers apart.
@unsafe struct Buffer {
  let base: UnsafeMutablePointer<Float>
  let stride: Int

  @inline(__always) func row(_ index: Int) -> UnsafeMutablePointer<Float> { unsafe base + index &* stride }

  /// The rows from `index` on, from one of their columns on.
  func from(row index: Int, column: Int = 0) -> Buffer { unsafe Buffer(base: row(index) + column, stride: stride) }

  /// Adds so many rows and columns of another buffer.
  func add(_ other: Buffer, _ rows: Int, _ columns: Int) {
    for index in 0..<rows {
      let (into, from) = unsafe (row(index), other.row(index))
      for j in 0..<columns { unsafe into[j] += from[j] }
    }
  }

  /// Copies so many rows and columns of another buffer.
  func copy(_ other: Buffer, _ rows: Int, _ columns: Int) {
    for index in 0..<rows { unsafe row(index).update(from: other.row(index), count: columns) }
  }
}

/// Eight numbers from `p` on.
@inline(__always) func lanes(_ p: UnsafePointer<Float>) -> SIMD8<Float> {
  unsafe UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self)
}

/// Writes eight numbers from `p` on.
@inline(__always) func setLanes(_ p: UnsafeMutablePointer<Float>, _ v: SIMD8<Float>) {
  unsafe UnsafeMutableRawPointer(p).storeBytes(of: v, as: SIMD8<Float>.self)
}

/// The memory of a pass: one block, so that large passes lie on few, huge pages.
@safe final class Arena {
  /// Where a buffer will be.
  struct Place {
    let offset: Int
    let stride: Int
  }

  /// The sizes of all buffers, in order.
  struct Plan {
    private(set) var count = 0

    /// Reserves room for rows that are `stride` numbers apart, from a cache line's start on.
    mutating func reserve(rows: Int, stride: Int) -> Place {
      let place = Place(offset: count, stride: stride)
      count += (rows * stride + 15) / 16 * 16
      return place
    }
  }

  private let memory: Matrix

  /// All memory of a plan, zero.
  init(_ plan: Plan) { memory = Matrix(rows: 1, columns: plan.count) }

  /// Bytes held.
  var bytes: Int { memory.count * MemoryLayout<Float>.stride }

  func buffer(_ place: Place) -> Buffer {
    unsafe Buffer(base: memory.pointer + place.offset, stride: place.stride)
  }
}
