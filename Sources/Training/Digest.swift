/// A 64-bit digest of numbers' bits.
///
/// Each word goes through a bijection of the state, so that a change within any one word is always found; other changes
/// are missed once in 2⁶⁴. Not a defence against anyone who means to deceive.
struct Digest: Equatable {
  private(set) var value: UInt64 = 0x9e37_79b9_7f4a_7c15

  /// Takes in the next numbers.
  mutating func update(_ numbers: UnsafePointer<Float>, count: Int) {
    var state = value
    let words = unsafe UnsafeRawPointer(numbers)
    for i in 0..<count / 2 {
      state = Self.mix(state, unsafe words.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self))
    }
    if count % 2 == 1 { state = Self.mix(state, UInt64(unsafe numbers[count - 1].bitPattern)) }
    value = state
  }

  @inline(__always)
  private static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
    let product = (state ^ word) &* 0xff51_afd7_ed55_8ccd
    return product ^ (product >> 32)
  }
}

extension [UInt64] {
  /// The numbers as bytes, little-endian.
  var bytes: [UInt8] { flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } } }

  /// Numbers from their bytes.
  init(bytes: [UInt8]) {
    self = stride(from: 0, to: bytes.count, by: 8).map { start in
      bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}
