/// Reads a safetensors file, of which nothing is believed: header length, offsets and shapes are compared with the
/// file's size before anything is allocated for them.
package struct TensorFileReader: ~Copyable {
  /// A tensor as the header describes it.
  package struct Entry: Sendable, Equatable {
    /// The name.
    package let name: String
    /// The elements' type.
    package let type: Tensor.ElementType
    /// The lengths of the axes.
    package let shape: [Int]
    /// Where the bytes lie, from the end of the header.
    package let range: Range<Int>
  }

  /// Whether a file must carry checks: those that this project writes do, others need not.
  package enum Checks: Sendable { case required, ifPresent }

  /// What helps against damage.
  package static let remedy = "copy the file again, or use another checkpoint"

  /// The path as given.
  package var path: String { file.file }
  /// The tensors in the order in which they are stored.
  package let entries: [Entry]
  /// Names and texts, without the checks.
  package let metadata: [(name: String, text: String)]
  private let file: Descriptor
  private let dataStart: Int
  private let checks: [String: String]

  /// Opens a file, checks its header, and reads it once to compare the whole file's check.
  ///
  /// - Throws: ``ToolError/data(_:_:)`` for a damaged or foreign file; damage names the first tensor it lies in.
  package init(_ path: String, checks mode: Checks = .ifPresent) throws(ToolError) {
    let place = Place(path)
    let file = try Descriptor.reading(path)
    let size = try file.size()
    let start = try file.read(min(size, 8), at: 0)
    guard start.count == 8 else {
      throw .data(place, "is cut short: a safetensors file has at least 8 bytes; \(Self.remedy)")
    }
    let length = start.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(TensorFile.longestHeader) else {
      throw .data(
        place,
        "is not a safetensors file, or damaged: its header would be \(length) bytes long; \(Self.remedy)")
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= size else { throw .data(place, "is cut short within its header; \(Self.remedy)") }
    let text = try file.read(Int(length), at: 8)
    let dataSize = size - dataStart
    let isChecked = text.starts(with: TensorFile.prefix.utf8) && size >= TensorFile.digits.upperBound
    if mode == .required, !isChecked {
      throw .data(place, "has no CRC32C where this program writes it: damaged, or from elsewhere; \(Self.remedy)")
    }
    let fault = isChecked ? try TensorFileReader.mismatch(file, size) : nil
    let header: TensorHeader
    do throws(Complaint) {
      guard text.first == UInt8(ascii: "{") else { throw Complaint("its header does not start with '{'") }
      header = try TensorHeader(JSONValue(parsing: text), dataSize: dataSize)
    } catch {
      throw .data(place, "is not a safetensors file, or damaged: \(error.text); \(Self.remedy)")
    }
    if let fault { throw try TensorFileReader.damage(fault, header, file, dataStart) }
    entries = header.entries
    checks = header.checks
    metadata = header.metadata.filter { !$0.name.hasPrefix("crc32c") }
    self.dataStart = dataStart
    self.file = file
  }

  /// The error of a file whose check is wrong: the first tensor whose own check is wrong too, else the header.
  private static func damage(
    _ fault: String, _ header: TensorHeader, _ file: borrowing Descriptor, _ dataStart: Int
  ) throws(ToolError) -> ToolError {
    for entry in header.entries {
      guard let expected = header.checks[TensorFile.checkName(entry.name)] else { continue }
      var check = CRC32C()
      for start in stride(from: entry.range.lowerBound, to: entry.range.upperBound, by: 1 << 20) {
        check.update(try file.read(min(1 << 20, entry.range.upperBound - start), at: dataStart + start))
      }
      if check.text != expected { return damage(of: entry.name, found: check.text, expected, file.file) }
    }
    return .data(Place(file.file), "is damaged in its header or metadata: \(fault); \(remedy)")
  }

  private static func damage(of tensor: String, found: String, _ expected: String, _ file: String) -> ToolError {
    .data(
      Place(file),
      "is damaged: the tensor \(quoted(tensor)) has CRC32C \(found), not \(quoted(expected)); \(remedy)")
  }

  /// The text of one name of the metadata.
  package func text(_ name: String) throws(ToolError) -> String {
    guard let found = metadata.first(where: { $0.name == name }) else {
      throw .data(Place(file.file), "lacks \(quoted(name)) in its metadata; is it a checkpoint of this program?")
    }
    return found.text
  }

  /// What the header says of a tensor.
  ///
  /// - Throws: ``ToolError/data(_:_:)`` if there is no such tensor, or its shape or type are not those expected.
  package func entry(_ name: String, shape: [Int]? = nil, type: Tensor.ElementType? = nil) throws(ToolError)
    -> Entry
  {
    let place = Place(file.file)
    guard let entry = entries.first(where: { $0.name == name }) else {
      let names = entries.prefix(8).map { quoted($0.name) }.joined(separator: ", ") + (entries.count > 8 ? ", …" : "")
      throw .data(
        place, "lacks the tensor \(quoted(name)), it has \(entries.isEmpty ? "none" : names); \(Self.remedy)")
    }
    if let shape, shape != entry.shape {
      throw .data(
        place, "the tensor \(quoted(name)) has shape \(entry.shape), but \(shape) is expected; \(Self.remedy)")
    }
    if let type, type != entry.type {
      throw .data(
        place,
        "the tensor \(quoted(name)) is of type \(entry.type.rawValue), but \(type.rawValue) is expected; "
          + Self.remedy)
    }
    return entry
  }

  /// Reads one tensor and compares its check.
  ///
  /// - Throws: as ``entry(_:shape:type:)``, and if its bytes are damaged.
  package func tensor(_ name: String, shape: [Int]? = nil) throws(ToolError) -> Tensor {
    let entry = try entry(name, shape: shape)
    let elements = try read(entry)
    if let expected = checks[TensorFile.checkName(name)] {
      var check = CRC32C()
      unsafe elements.withBytes { unsafe check.update($0.bytes) }
      guard check.text == expected else {
        throw Self.damage(of: name, found: check.text, expected, path)
      }
    }
    return Tensor(name, shape: entry.shape, elements)
  }

  private func read(_ entry: Entry) throws(ToolError) -> Tensor.Elements {
    switch entry.type {
    case .float32: .float32(try array(entry, of: 0))
    case .float64: .float64(try array(entry, of: 0))
    case .uint8: .uint8(try array(entry, of: 0))
    }
  }

  private func array<T: BitwiseCopyable>(_ entry: Entry, of zero: T) throws(ToolError) -> [T] {
    var values = [T](repeating: zero, count: entry.range.count / entry.type.width)
    var span = values.mutableSpan
    let done = try unsafe span.withUnsafeMutableBytes { (buffer) throws(ToolError) in
      try unsafe file.read(into: buffer, at: dataStart + entry.range.lowerBound)
    }
    guard done == entry.range.count else {
      throw .data(Place(file.file), "became shorter while it was read; \(Self.remedy)")
    }
    return values
  }

  /// What is wrong with the check of the whole file, if anything is.
  private static func mismatch(_ file: borrowing Descriptor, _ size: Int) throws(ToolError) -> String? {
    var check = CRC32C()
    var offset = 0
    var stored = ""
    while offset < size {
      var bytes = try file.read(min(1 << 20, size - offset), at: offset)
      guard !bytes.isEmpty else { throw .data(Place(file.file), "became shorter while it was read; \(remedy)") }
      if offset == 0 {
        stored = String(decoding: bytes[TensorFile.digits], as: UTF8.self)
        bytes.replaceSubrange(TensorFile.digits, with: repeatElement(UInt8(ascii: "0"), count: 8))
      }
      check.update(bytes)
      offset += bytes.count
    }
    return check.text == stored ? nil : "the file's CRC32C is \(check.text), not \(quoted(stored))"
  }
}
