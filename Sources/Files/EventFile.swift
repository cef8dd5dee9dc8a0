/// TensorBoard's event files: records in TFRecord frames, each the protocol buffer message `Event` (tensorflow/core/util).
///
/// ```
/// frame = length (8 bytes) | masked CRC32C of the length (4) | message | masked CRC32C of the message (4)
/// ```
/// Numbers are little-endian. A message begins with its wall time, tag and 8 bytes, the only part that depends on when
/// it was written.
package enum EventFile {
  /// One number of a step.
  package struct Scalar: Equatable {
    /// For instance `loss/training`.
    package var tag: String
    package var value: Float

    package init(tag: String, value: Float) {
      self.tag = tag
      self.value = value
    }
  }

  /// The record with which every file begins: the format's version.
  package static func header(wallTime: Double) -> [UInt8] {
    var message = ProtocolMessage()
    message.double(1, wallTime)
    message.bytes(3, Array("brain.Event:2".utf8))
    return frame(message.encoded)
  }

  /// A step's scalars as one record.
  package static func record(step: Int, wallTime: Double, _ scalars: [Scalar]) -> [UInt8] {
    var summary = ProtocolMessage()
    for scalar in scalars {
      var value = ProtocolMessage()
      value.bytes(1, Array(scalar.tag.utf8))
      value.float(2, scalar.value)
      summary.bytes(1, value.encoded)
    }
    var message = ProtocolMessage()
    message.double(1, wallTime)
    message.integer(2, UInt64(step))
    message.bytes(5, summary.encoded)
    return frame(message.encoded)
  }

  /// A message in its frame.
  package static func frame(_ message: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(message.count), 8)
    return length + littleEndian(UInt64(maskedCheck(length)), 4) + message
      + littleEndian(UInt64(maskedCheck(message)), 4)
  }

  /// CRC32C turned by 15 bits and moved by a constant, so that checks of data that hold checks stay random.
  static func maskedCheck(_ bytes: [UInt8]) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes)
    return (crc.value >> 15 | crc.value << 17) &+ 0xa282_ead8
  }

  /// The bytes of the whole, undamaged records before the first of a later step than `last`.
  package static func prefix(of bytes: [UInt8], until last: Int) -> ArraySlice<UInt8> {
    var end = 0
    while let record = message(in: bytes, at: end), step(of: bytes[record]) <= last { end = record.upperBound + 4 }
    return bytes[..<end]
  }

  /// Where the message of the frame at `start` lies, if the frame is whole and its checks hold.
  package static func message(in bytes: [UInt8], at start: Int) -> Range<Int>? {
    guard bytes.count - start >= 16 else { return nil }
    let length = Array(bytes[start..<start + 8])
    let count = number(length[...])
    guard number(bytes[start + 8..<start + 12]) == UInt64(maskedCheck(length)), count <= bytes.count - start - 16
    else { return nil }
    let range = start + 12..<start + 12 + Int(count)
    let check = number(bytes[range.upperBound..<range.upperBound + 4])
    return check == UInt64(maskedCheck(Array(bytes[range]))) ? range : nil
  }

  /// The step of a message of ours: after the wall time, or 0 for one without.
  private static func step(of message: ArraySlice<UInt8>) -> Int {
    let rest = message.dropFirst(9)
    guard rest.first == 2 << 3 else { return 0 }
    var value: UInt64 = 0
    for (i, byte) in rest.dropFirst().prefix(10).enumerated() {
      value |= UInt64(byte & 0x7f) << UInt64(7 * i)
      if byte < 0x80 { break }
    }
    return Int(clamping: value)
  }

  private static func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// The fields of a protocol buffer message in the order in which they are added.
struct ProtocolMessage {
  private(set) var encoded: [UInt8] = []

  /// Field `number` as a varint.
  package mutating func integer(_ number: Int, _ value: UInt64) {
    variable(UInt64(number << 3))
    variable(value)
  }

  /// Field `number` as 8 bytes.
  package mutating func double(_ number: Int, _ value: Double) {
    variable(UInt64(number << 3 | 1))
    for shift in 0..<8 { encoded.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * shift))) }
  }

  /// Field `number` as 4 bytes.
  mutating func float(_ number: Int, _ value: Float) {
    variable(UInt64(number << 3 | 5))
    for shift in 0..<4 { encoded.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * shift))) }
  }

  /// Field `number` as a string or an inner message.
  package mutating func bytes(_ number: Int, _ value: [UInt8]) {
    variable(UInt64(number << 3 | 2))
    variable(UInt64(value.count))
    encoded += value
  }

  private mutating func variable(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      encoded.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    encoded.append(UInt8(rest))
  }
}
