import TestSupport
import Testing

@testable import Files

/// A safetensors file with this header and this many bytes of data.
private func tensorBytes(_ header: String, data: Int) -> [UInt8] {
  bytes([UInt64(header.utf8.count)]) + Array(header.utf8) + [UInt8](repeating: 0, count: data)
}

private let tensors = [
  Tensor("weights", shape: [2, 3], .float32([1, 2, 3, 4, 5, 6])), Tensor("step", shape: [], .float64([-.infinity])),
  Tensor("mean", shape: [2], .float64([0.1, -1e300])), Tensor("none", shape: [0, 4], .float32([])),
  Tensor("bytes", shape: [3], .uint8([0, 127, 255])), Tensor("whole", shape: [1], .uint8([64])),
]

private func entry(_ name: String, _ type: String, _ shape: String, _ start: Int, _ end: Int) -> String {
  "{" + member(name, type, shape, start, end) + "}"
}

private func pair(_ type: String, _ a: Int, _ b: Int, _ c: Int, _ d: Int) -> String {
  "{" + member("a", type, "[2]", a, b) + "," + member("b", type, "[2]", c, d) + "}"
}

private func member(_ name: String, _ type: String, _ shape: String, _ start: Int, _ end: Int) -> String {
  "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(start),\(end)]}"
}

// Messages stand on one line each, as they are printed.
// swift-format-ignore
private let faultyTensors: [([UInt8], String)] = [
  (Array("abc".utf8), "is cut short: a safetensors file has at least 8 bytes"),
  (bytes([UInt64.max]), "is not a safetensors file, or damaged: its header would be 18446744073709551615 bytes long"),
  (bytes([UInt64(100)]) + [0x7b], "is cut short within its header"),
  (tensorBytes(" {}", data: 0), "is not a safetensors file, or damaged: its header does not start with '{'"),
  (tensorBytes("{", data: 0), "is not a safetensors file, or damaged: bad JSON: a member without a name at byte 1"),
  (tensorBytes("{} x", data: 0), "is not a safetensors file, or damaged: bad JSON: something after its end at byte 3"),
  (tensorBytes("{\"w\":3}", data: 4), "is not a safetensors file, or damaged: the tensor \"w\" has no dtype"),
  (
    tensorBytes(entry("w", "F16", "[2]", 0, 4), data: 4),
    "is not a safetensors file, or damaged: the tensor \"w\" has dtype \"F16\"; F32, F64, U8 are read"
  ),
  (
    tensorBytes(entry("w", "F32", "[-1]", 0, 4), data: 4),
    "is not a safetensors file, or damaged: the tensor \"w\" has no shape"
  ),
  (
    tensorBytes(entry("w", "F32", "[1]", 4, 0), data: 4),
    "is not a safetensors file, or damaged: the tensor \"w\" lies at 4..<0, but 4 bytes follow the header"
  ),
  (
    tensorBytes(entry("w", "F32", "[2]", 0, 8), data: 4),
    "is not a safetensors file, or damaged: the tensor \"w\" lies at 0..<8, but 4 bytes follow the header"
  ),
  (
    tensorBytes(entry("w", "F32", "[2]", 0, 4), data: 4),
    "is not a safetensors file, or damaged: the tensor \"w\" has 4 bytes, but its shape needs 8"
  ),
  (
    tensorBytes(entry("w", "F32", "[4611686018427387904,4]", 0, 4), data: 4),
    "is not a safetensors file, or damaged: the tensor \"w\" has too large a shape"
  ),
  (
    tensorBytes(entry("w", "F32", "[1]", 0, 4), data: 8),
    "is not a safetensors file, or damaged: its tensors have 4 bytes, but 8 follow the header"
  ),
  (
    tensorBytes(pair("F32", 0, 8, 4, 12), data: 12),
    "is not a safetensors file, or damaged: the tensor \"b\" overlaps the tensor before it"
  ),
  (
    tensorBytes(pair("F32", 0, 8, 12, 20), data: 20),
    "is not a safetensors file, or damaged: the tensor \"b\" leaves a gap before it"
  ),
  (
    tensorBytes("{\"__metadata__\":{\"a\":1}}", data: 0),
    "is not a safetensors file, or damaged: \"a\" in its metadata is not text"
  ),
  (
    tensorBytes("{\"__metadata__\":[]}", data: 0),
    "is not a safetensors file, or damaged: its metadata are not an object"
  ),
  (
    tensorBytes("{\"\\u001b\":3}", data: 0),
    "is not a safetensors file, or damaged: the tensor \"\\u{1b}\" has no dtype"
  ),
]

@Suite struct TensorFileTests {
  @Test("tensors and metadata come back as they were, and the same arguments give the same bytes") func roundTrip()
    throws
  {
    let path = temporaryPath("a.safetensors")
    defer { _ = unlinkFile(path) }
    let metadata = [(name: "experiment", text: "name: \"a\"\n\u{e9}\u{1f600}\u{1}"), (name: "format", text: "1")]
    try TensorFile.write(tensors, metadata: metadata, to: path)
    let first = try readFile(path, atMost: 10_000) { _ in .usage("") }
    do {
      let file = try TensorFileReader(path, checks: .required)
      for tensor in tensors { #expect(try file.tensor(tensor.name, shape: tensor.shape) == tensor) }
      #expect(try file.text("experiment") == metadata[0].text)
      let names = file.metadata.map(\.name)
      #expect(names == ["experiment", "format"])
      let starts = file.entries.map { $0.range.lowerBound % $0.type.width }
      #expect(starts == [0, 0, 0, 0, 0, 0])
      #expect(
        errorText { _ = try file.text("seed") }
          == "\(path): lacks \"seed\" in its metadata; is it a checkpoint of this program?")
      #expect(
        errorText { _ = try file.tensor("bias") }
          == "\(path): lacks the tensor \"bias\", it has "
          + "\"step\", \"mean\", \"weights\", \"none\", \"bytes\", \"whole\"; \(TensorFileReader.remedy)"
      )
      #expect(
        errorText { _ = try file.tensor("mean", shape: [3]) }
          == "\(path): the tensor \"mean\" has shape [2], but [3] is expected; \(TensorFileReader.remedy)")
      #expect(
        errorText { _ = try file.entry("mean", type: .float32) }
          == "\(path): the tensor \"mean\" is of type F64, but F32 is expected; \(TensorFileReader.remedy)")
    }
    try TensorFile.write(tensors, metadata: metadata, to: path)
    #expect(try readFile(path, atMost: 10_000) { _ in .usage("") } == first)
  }

  @Test("every flipped bit and every truncation is found") func damage() throws {
    let path = temporaryPath("a.safetensors")
    defer { _ = unlinkFile(path) }
    try TensorFile.write(tensors, metadata: [("a", "b")], to: path)
    let whole = try readFile(path, atMost: 10_000) { _ in .usage("") }
    let file = try Descriptor.writing(path)
    for bit in 0..<8 * whole.count {
      var damaged = whole
      damaged[bit / 8] ^= 1 << (bit % 8)
      try file.write([damaged[bit / 8]], at: bit / 8)
      #expect(errorStatus { _ = try TensorFileReader(path, checks: .required) } == .dataErr, "bit \(bit)")
      try file.write([whole[bit / 8]], at: bit / 8)
    }
    for count in (0..<whole.count).reversed() {
      try file.resize(to: count)
      #expect(errorStatus { _ = try TensorFileReader(path, checks: .required) } == .dataErr, "\(count) bytes")
    }
  }

  @Test("damage names the first tensor it lies in, else the header, with both checks and a remedy") func message()
    throws
  {
    let path = temporaryPath("a.safetensors")
    defer { _ = unlinkFile(path) }
    let pair = [Tensor("v", shape: [1], .float32([1])), Tensor("w", shape: [1], .float32([1]))]
    try TensorFile.write(pair, metadata: [("step", "3")], to: path)
    let whole = try readFile(path, atMost: 10_000) { _ in .usage("") }
    let file = try Descriptor.writing(path)
    try file.write([2], at: whole.count - 1)
    #expect(
      errorText { _ = try TensorFileReader(path) }
        == "\(path): is damaged: the tensor \"w\" has CRC32C 529fc1c9, not \"dd54c4ab\"; "
        + "copy the file again, or use another checkpoint")
    try file.write([whole[whole.count - 1]], at: whole.count - 1)
    let text = Array("\"step\":\"3".utf8)
    let place = try #require((0..<whole.count).first { whole[$0...].starts(with: text) }) + text.count - 1
    try file.write([UInt8(ascii: "4")], at: place)
    let damage = errorText { _ = try TensorFileReader(path) }
    #expect(damage.hasPrefix("\(path): is damaged in its header or metadata: the file's CRC32C is "))
    #expect(damage.hasSuffix("; copy the file again, or use another checkpoint"))
  }

  @Test(
    "each fault has its own message and status 65",
    arguments: faultyTensors)
  func refuses(content: [UInt8], message: String) throws {
    try withFile(content, "bad.safetensors") { path in
      let body = { _ = try TensorFileReader(path) }
      #expect(errorText(body) == "\(path): \(message); copy the file again, or use another checkpoint")
      #expect(errorStatus(body) == .dataErr)
    }
  }

  @Test("a file without checks is read where they are not required, and refused where they are") func foreign() throws {
    try withFile(tensorBytes(entry("w", "F32", "[1]", 0, 4), data: 4), "a.safetensors") { (path) throws in
      #expect(try TensorFileReader(path).tensor("w").elements == .float32([0]))
      #expect(
        errorText { _ = try TensorFileReader(path, checks: .required) }
          == "\(path): has no CRC32C where this program writes it: damaged, or from elsewhere; "
          + TensorFileReader.remedy)
    }
  }
}

@Suite struct CRC32CTests {
  @Test("checks of two parts join to the check of both", arguments: [(0, 5), (5, 0), (3, 8), (400, 1200), (7, 65_537)])
  func joined(first: Int, second: Int) {
    let bytes = (0..<first + second).map { UInt8(truncatingIfNeeded: 151 * $0 + $0 / 256) }
    func check(_ part: ArraySlice<UInt8>) -> UInt32 {
      var crc = CRC32C()
      crc.update(Array(part))
      return crc.value
    }
    let after = CRC32C.ZeroBytes(second)
    #expect(after.count == second)
    #expect(after.after(check(bytes[..<first])) ^ check(bytes[first...]) == check(bytes[...]))
  }

  @Test(
    "RFC 3720's known answers, and the answer does not depend on how the bytes are grouped",
    arguments: [
      (Array("123456789".utf8), "e3069283"), ([UInt8](repeating: 0, count: 32), "8a9136aa"),
      ([UInt8](repeating: 255, count: 32), "62a8ab43"), (Array(0..<32), "46dd794e"), ([], "00000000"),
    ] as [([UInt8], String)])
  func known(bytes: [UInt8], text: String) {
    var whole = CRC32C()
    whole.update(bytes)
    #expect(whole.text == text)
    for cut in 0...bytes.count {
      var parts = CRC32C()
      parts.update(Array(bytes[..<cut]))
      parts.update(Array(bytes[cut...]))
      #expect(parts == whole)
    }
  }
}
