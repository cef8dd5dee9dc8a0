/// The Castagnoli cyclic redundancy check, as in iSCSI (RFC 3720): polynomial 0x1EDC6F41, bits reflected, start and end
/// complemented.
///
/// It finds every error burst of up to 32 bits and every single flipped bit. Eight bytes are folded at a time through
/// eight tables.
package struct CRC32C: Sendable, Equatable {
  private var state: UInt32 = 0xffff_ffff

  /// The check of no bytes.
  package init() {}

  /// The check of all bytes so far.
  package var value: UInt32 { ~state }

  /// Eight lower-case hexadecimal digits.
  package var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// Takes in the next bytes.
  package mutating func update(_ bytes: RawSpan) {
    let tables = CRC32C.tables.span
    var crc = state
    var index = 0
    while index + 8 <= bytes.byteCount {
      // In bounds by the line above; unaligned because files are.
      let word = unsafe UInt64(
        littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
      let mixed = word ^ UInt64(crc)
      crc = 0
      for byte in 0..<8 {
        let value = Int(truncatingIfNeeded: (mixed >> UInt64(8 * byte)) & 0xff)
        // Table 7 − byte, entry below 256.
        crc ^= unsafe tables[unchecked: (7 - byte) * 256 + value]
      }
      index += 8
    }
    while index < bytes.byteCount {
      let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
      crc = tables[Int((crc ^ UInt32(byte)) & 0xff)] ^ (crc >> 8)
      index += 1
    }
    state = crc
  }

  /// Takes in the next bytes.
  package mutating func update(_ bytes: [UInt8]) { unsafe update(bytes.span.bytes) }

  /// `tables[256 k + b]` is the check of byte b followed by k zero bytes.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = (crc >> 1) ^ (crc & 1 == 1 ? 0x82f6_3b78 : 0) }
      tables[byte] = crc
    }
    for index in 256..<2_048 {
      let previous = tables[index - 256]
      tables[index] = tables[Int(previous & 0xff)] ^ (previous >> 8)
    }
    return tables
  }()

  /// A number of bytes that follow others: check(A ‖ B) = zeros(check A) ⊕ check B, as zeros is linear in bits.
  package struct ZeroBytes: Sendable {
    /// The number of bytes.
    package let count: Int
    /// `tables[256 k + b]` is what byte b in place k of a check becomes.
    private let tables: [UInt32]

    /// `count` bytes, by squaring: log₂ count products of matrices of bits.
    package init(_ count: Int) {
      func image(_ columns: [UInt32], _ value: UInt32) -> UInt32 {
        (0..<32).reduce(0) { value >> UInt32($1) & 1 == 1 ? $0 ^ columns[$1] : $0 }
      }
      var power = (0..<32).map { bit -> UInt32 in
        let value: UInt32 = 1 << UInt32(bit)
        return CRC32C.tables[Int(value & 0xff)] ^ (value >> 8)
      }
      var columns = (0..<32).map { 1 << UInt32($0) as UInt32 }
      var left = count
      while left > 0 {
        if left & 1 == 1 { columns = columns.map { image(power, $0) } }
        power = power.map { image(power, $0) }
        left >>= 1
      }
      self.count = count
      tables = (0..<1024).map { image(columns, UInt32($0 & 0xff) << UInt32(8 * ($0 >> 8))) }
    }

    /// What a check becomes when these bytes follow.
    package func after(_ check: UInt32) -> UInt32 {
      tables[Int(check & 0xff)] ^ tables[256 + Int(check >> 8 & 0xff)] ^ tables[512 + Int(check >> 16 & 0xff)]
        ^ tables[768 + Int(check >> 24)]
    }
  }
}
