/// Reads a safetensors file, of which nothing is believed: header length, offsets and shapes are compared with the
/// file's size before anything is allocated for them.
public struct TensorFileReader: ~Copyable {
  /// A tensor as the header describes it.
  public struct Entry: Sendable, Equatable {
    /// The name.
    public let name: String
    /// The elements' type.
    public let type: Tensor.ElementType
    /// The lengths of the axes.
    public let shape: [Int]
    /// Where the bytes lie, from the end of the header.
    let range: Range<Int>
  }

  /// Whether a file must carry checks: those that this project writes do, others need not.
  public enum Checks: Sendable { case required, ifPresent }

  /// The path as given.
  public var path: String { file.file }
  /// The tensors in the order in which they are stored.
  public let entries: [Entry]
  /// Names and texts, without the checks.
  public let metadata: [(name: String, text: String)]
  private let file: Descriptor
  private let dataStart: Int
  private let checks: [String: String]

  /// Opens a file, checks its header, and reads it once to compare the whole file's check.
  ///
  /// - Throws: ``ExperimentError/data(_:_:)`` for a damaged or foreign file.
  public init(_ path: String, checks mode: Checks = .ifPresent) throws(ExperimentError) {
    let place = Place(path)
    let file = try Descriptor.reading(path)
    let size = try file.size()
    let start = try file.read(min(size, 8), at: 0)
    guard start.count == 8 else { throw .data(place, "is cut short: a safetensors file has at least 8 bytes") }
    let length = start.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(TensorFile.longestHeader) else {
      throw .data(place, "is not a safetensors file, or damaged: its header would be \(length) bytes long")
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= size else { throw .data(place, "is cut short within its header") }
    let text = try file.read(Int(length), at: 8)
    let dataSize = size - dataStart
    let isChecked = text.starts(with: TensorFile.prefix.utf8)
    if mode == .required || isChecked { try TensorFileReader.verify(file, size, isChecked) }
    let header: TensorHeader
    do throws(Complaint) {
      guard text.first == UInt8(ascii: "{") else { throw Complaint("its header does not start with '{'") }
      header = try TensorHeader(JSONValue(parsing: text), dataSize: dataSize)
    } catch {
      throw .data(place, "is not a safetensors file, or damaged: \(error.text)")
    }
    entries = header.entries
    checks = Dictionary(header.metadata.filter { $0.name.hasPrefix("crc32c") }.map { ($0.name, $0.text) }) { first, _ in
      first
    }
    metadata = header.metadata.filter { !$0.name.hasPrefix("crc32c") }
    self.dataStart = dataStart
    self.file = file
  }

  /// The text of one name of the metadata.
  public func text(_ name: String) throws(ExperimentError) -> String {
    guard let found = metadata.first(where: { $0.name == name }) else {
      throw .data(Place(file.file), "lacks \(quoted(name)) in its metadata; is it a checkpoint of this program?")
    }
    return found.text
  }

  /// Reads one tensor and compares its check.
  ///
  /// - Throws: ``ExperimentError/data(_:_:)`` if there is no such tensor, its shape is not the one expected, or its
  ///   bytes are damaged.
  public func tensor(_ name: String, shape: [Int]? = nil) throws(ExperimentError) -> Tensor {
    let place = Place(file.file)
    guard let entry = entries.first(where: { $0.name == name }) else {
      let names = entries.prefix(8).map { quoted($0.name) }.joined(separator: ", ") + (entries.count > 8 ? ", …" : "")
      throw .data(place, "lacks the tensor \(quoted(name)); it has \(entries.isEmpty ? "none" : names)")
    }
    if let shape, shape != entry.shape {
      throw .data(place, "the tensor \(quoted(name)) has shape \(entry.shape), but \(shape) is expected")
    }
    let elements = try read(entry)
    if let expected = checks[TensorFile.checkName(name)] {
      var check = CRC32C()
      unsafe elements.withBytes { unsafe check.update($0.bytes) }
      guard check.text == expected else {
        throw .data(
          place, "the tensor \(quoted(name)) is damaged: its CRC32C is \(check.text), not \(quoted(expected))")
      }
    }
    return Tensor(name, shape: entry.shape, elements)
  }

  private func read(_ entry: Entry) throws(ExperimentError) -> Tensor.Elements {
    switch entry.type {
    case .float32: .float32(try array(entry, of: 0))
    case .float64: .float64(try array(entry, of: 0))
    case .int64: .int64(try array(entry, of: 0))
    case .uint64: .uint64(try array(entry, of: 0))
    case .uint8: .uint8(try array(entry, of: 0))
    }
  }

  private func array<T: BitwiseCopyable>(_ entry: Entry, of zero: T) throws(ExperimentError) -> [T] {
    var values = [T](repeating: zero, count: entry.range.count / entry.type.width)
    var span = values.mutableSpan
    let done = try unsafe span.withUnsafeMutableBytes { (buffer) throws(ExperimentError) in
      try unsafe file.read(into: buffer, at: dataStart + entry.range.lowerBound)
    }
    guard done == entry.range.count else { throw .data(Place(file.file), "became shorter while it was read") }
    return values
  }

  private static func verify(_ file: borrowing Descriptor, _ size: Int, _ isChecked: Bool) throws(ExperimentError) {
    let place = Place(file.file)
    guard isChecked, size >= TensorFile.digits.upperBound else {
      throw .data(place, "has no CRC32C where this program writes it; it is damaged or from elsewhere")
    }
    var check = CRC32C()
    var offset = 0
    var stored = ""
    while offset < size {
      var bytes = try file.read(min(1 << 20, size - offset), at: offset)
      guard !bytes.isEmpty else { throw .data(place, "became shorter while it was read") }
      if offset == 0 {
        stored = String(decoding: bytes[TensorFile.digits], as: UTF8.self)
        bytes.replaceSubrange(TensorFile.digits, with: repeatElement(UInt8(ascii: "0"), count: 8))
      }
      check.update(bytes)
      offset += bytes.count
    }
    guard check.text == stored else {
      throw .data(place, "is damaged: its CRC32C is \(check.text), not \(quoted(stored))")
    }
  }
}
