/// Unsigned numbers in the order of the Floats they come from.
///
/// All bits are flipped for negative ones, the sign bit for others.
@inline(__always)
func orderedKeys(_ values: SIMD16<Float>) -> SIMD16<UInt32> {
  let bits = SIMD16<Int32>(truncatingIfNeeded: unsafe unsafeBitCast(values, to: SIMD16<UInt32>.self))
  return SIMD16(truncatingIfNeeded: bits ^ ((bits &>> 31) | .init(repeating: .min)))
}

/// The Float whose ordered key is `key`.
@inline(__always)
func value(ofKey key: UInt32) -> Float {
  Float(bitPattern: key & 0x8000_0000 != 0 ? key ^ 0x8000_0000 : ~key)
}

/// Sorts ordered keys by three counting passes of 11 bits, lowest first (least significant digit radix sort).
///
/// All three histograms come from one pass over the keys. The two spare buffers are allocated once.
struct RadixSort {
  private static let digits = 2048
  private var first: [UInt32]
  private var second: [UInt32]

  /// A sorter of up to `capacity` keys at a time.
  init(capacity: Int) {
    first = Array(repeating: 0, count: capacity)
    second = Array(repeating: 0, count: capacity)
  }

  /// Sorts keys `range` in place, ascending.
  mutating func sort(_ keys: inout MutableSpan<UInt32>, _ range: Range<Int>) {
    precondition(range.count <= first.count, "\(range.count) keys in a sorter of \(first.count)")
    Self.sort(&keys, range, &first, &second)
  }

  private static func sort(
    _ keys: inout MutableSpan<UInt32>, _ range: Range<Int>, _ first: inout [UInt32], _ second: inout [UInt32]
  ) {
    let n = range.count
    var low = InlineArray<2048, UInt32>(repeating: 0)
    var middle = InlineArray<2048, UInt32>(repeating: 0)
    var high = InlineArray<2048, UInt32>(repeating: 0)
    for i in range {
      let key = keys[i]
      low[Int(key & 2047)] &+= 1
      middle[Int(key >> 11 & 2047)] &+= 1
      high[Int(key >> 22)] &+= 1
    }
    Self.accumulate(&low, from: 0)
    Self.accumulate(&middle, from: 0)
    Self.accumulate(&high, from: UInt32(range.lowerBound))
    var a = first.mutableSpan
    var b = second.mutableSpan
    Self.scatter(keys.span.extracting(range), into: &a, shift: 0, &low)
    Self.scatter(a.span.extracting(first: n), into: &b, shift: 11, &middle)
    Self.scatter(b.span.extracting(first: n), into: &keys, shift: 22, &high)
  }

  /// Turns counts into the first position of each digit.
  private static func accumulate(_ counts: inout InlineArray<2048, UInt32>, from start: UInt32) {
    var position = start
    for digit in 0..<digits {
      let count = counts[digit]
      counts[digit] = position
      position &+= count
    }
  }

  @inline(__always)
  private static func scatter(
    _ source: Span<UInt32>, into target: inout MutableSpan<UInt32>, shift: UInt32,
    _ positions: inout InlineArray<2048, UInt32>
  ) {
    for i in 0..<source.count {
      let key = source[i]
      let digit = Int(key >> shift & 2047)
      let position = positions[digit]
      positions[digit] = position &+ 1
      target[Int(position)] = key
    }
  }
}
