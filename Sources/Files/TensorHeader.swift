/// The header of a safetensors file, checked against the number of bytes that follow it.
struct TensorHeader {
  package var entries: [TensorFileReader.Entry] = []
  package var metadata: [(name: String, text: String)] = []

  /// The checks by the names that the metadata give them.
  package var checks: [String: String] {
    Dictionary(metadata.filter { $0.name.hasPrefix("crc32c") }.map { ($0.name, $0.text) }) { first, _ in first }
  }

  init(_ json: JSONValue, dataSize: Int) throws(Complaint) {
    guard case .object(let members) = json else { throw Complaint("its header is not an object") }
    for member in members {
      if member.name == "__metadata__" {
        metadata = try TensorHeader.texts(member.value)
      } else {
        entries.append(try TensorHeader.entry(member, dataSize))
      }
    }
    // Empty tensors sort before the tensor that starts where they lie.
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end else {
        let fault = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a gap before it"
        throw Complaint("the tensor \(quoted(entry.name)) \(fault)")
      }
      end = entry.range.upperBound
    }
    guard end == dataSize else { throw Complaint("its tensors have \(end) bytes, but \(dataSize) follow the header") }
  }

  private static func texts(_ json: JSONValue) throws(Complaint) -> [(name: String, text: String)] {
    guard case .object(let members) = json else { throw Complaint("its metadata are not an object") }
    var texts: [(name: String, text: String)] = []
    for member in members {
      guard case .string(let text) = member.value else {
        throw Complaint("\(quoted(member.name)) in its metadata is not text")
      }
      texts.append((member.name, text))
    }
    return texts
  }

  private static func entry(_ member: JSONValue.Member, _ dataSize: Int) throws(Complaint) -> TensorFileReader.Entry {
    let title = "the tensor \(quoted(member.name))"
    guard case .string(let code)? = member.value["dtype"] else { throw Complaint("\(title) has no dtype") }
    guard let type = Tensor.ElementType(rawValue: code) else {
      let known = Tensor.ElementType.allCases.map(\.rawValue).joined(separator: ", ")
      throw Complaint("\(title) has dtype \(quoted(code)); \(known) are read")
    }
    guard let shape = wholeNumbers(member.value["shape"]) else { throw Complaint("\(title) has no shape") }
    guard let offsets = wholeNumbers(member.value["data_offsets"]), offsets.count == 2 else {
      throw Complaint("\(title) has no data_offsets")
    }
    guard offsets[0] <= offsets[1], offsets[1] <= dataSize else {
      throw Complaint("\(title) lies at \(offsets[0])..<\(offsets[1]), but \(dataSize) bytes follow the header")
    }
    var byteCount = type.width
    for length in shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: length)
      guard !overflow else { throw Complaint("\(title) has too large a shape") }
      byteCount = product
    }
    guard byteCount == offsets[1] - offsets[0] else {
      throw Complaint("\(title) has \(offsets[1] - offsets[0]) bytes, but its shape needs \(byteCount)")
    }
    return TensorFileReader.Entry(name: member.name, type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  private static func wholeNumbers(_ json: JSONValue?) -> [Int]? {
    guard case .array(let values)? = json, values.count <= 64 else { return nil }
    var numbers: [Int] = []
    for value in values {
      guard case .integer(let number) = value, number >= 0 else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}
