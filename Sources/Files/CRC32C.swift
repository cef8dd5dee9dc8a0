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
}
