/// Writes safetensors files: eight bytes of header length, a JSON header, and the tensors' bytes without gaps.
///
/// The header's `__metadata__` starts with `crc32c`, the check of the whole file taken with those eight digits as
/// zeros, and has the check of each tensor as `crc32c:NAME`. Other readers see plain text there.
package enum TensorFile {
  /// Bytes of the longest header written or read: thousands of tensors.
  package static let longestHeader = 4 << 20
  /// What every header with checks starts with; the digits follow.
  package static let prefix = "{\"__metadata__\":{\"crc32c\":\""
  /// Where the whole file's digits are.
  package static var digits: Range<Int> { 8 + prefix.utf8.count..<8 + prefix.utf8.count + 8 }
  /// The name under which a tensor's check is kept.
  package static func checkName(_ tensor: String) -> String { "crc32c:\(tensor)" }

  /// Writes a whole file or none.
  ///
  /// The bytes are a function of the tensors and the metadata.
  ///
  /// - Parameters:
  ///   - tensors: in any order; wider elements are stored first, so that all are aligned.
  ///   - metadata: names and text, in order.
  ///   - path: the file to replace.
  /// - Throws: ``ToolError`` if the header is too long, or the file cannot be created or written.
  package static func write(_ tensors: [Tensor], metadata: [(name: String, text: String)] = [], to path: String)
    throws(ToolError)
  {
    let widths = Set(tensors.map(\.elements.type.width)).sorted(by: >)
    let ordered = widths.flatMap { width in tensors.filter { $0.elements.type.width == width } }
    var header = header(ordered, metadata)
    guard header.count <= longestHeader else {
      throw .data(
        Place(path),
        "would have a header of \(header.count) bytes, but at most \(longestHeader) are read; take fewer tensors")
    }
    var check = CRC32C()
    check.update(header)
    for tensor in ordered { unsafe tensor.elements.withBytes { unsafe check.update($0.bytes) } }
    header.replaceSubrange(digits, with: check.text.utf8)
    try AtomicFile.replace(path) { (file) throws(ToolError) in
      try file.write(header, at: 0)
      var offset = header.count
      for tensor in ordered {
        try unsafe tensor.elements.withBytes { (bytes) throws(ToolError) in
          try unsafe file.write(bytes, at: offset)
        }
        offset += tensor.elements.count * tensor.elements.type.width
      }
    }
  }

  private static func header(_ tensors: [Tensor], _ metadata: [(name: String, text: String)]) -> [UInt8] {
    var notes = [JSONValue.Member("crc32c", .string("00000000"))]
    var members: [JSONValue.Member] = []
    var offset = 0
    for tensor in tensors {
      var check = CRC32C()
      unsafe tensor.elements.withBytes { unsafe check.update($0.bytes) }
      notes.append(JSONValue.Member(checkName(tensor.name), .string(check.text)))
      let end = offset + tensor.elements.count * tensor.elements.type.width
      members.append(
        JSONValue.Member(
          tensor.name,
          .object([
            JSONValue.Member("dtype", .string(tensor.elements.type.rawValue)),
            JSONValue.Member("shape", .array(tensor.shape.map { .integer($0) })),
            JSONValue.Member("data_offsets", .array([.integer(offset), .integer(end)])),
          ])))
      offset = end
    }
    notes += metadata.map { JSONValue.Member($0.name, .string($0.text)) }
    var text = JSONValue.object([JSONValue.Member("__metadata__", .object(notes))] + members).description
    text += String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    let length = UInt64(text.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array(text.utf8)
  }
}
