import LinearAlgebra

@testable import Configuration
@testable import Files
@testable import Runs

/// A kind of input that people give the programs.
enum Format: String, CaseIterable, Codable, Sendable {
  case yaml, npy, csv, safetensors

  /// Words that make something happen in this format.
  var tokens: [String] {
    let common = ["\0", "\n", "\r\n", "\t", "\u{feff}", "\u{1b}[2J", "\u{202e}", "é", "\u{10ffff}"] + Mutator.numbers
    switch self {
    case .yaml:
      return common + [
        ": ", "- ", "? ", "[", "]", "{", "}", ",", "&a ", "*a", "&a *a ", "<<: ", "!!binary ", "!!int ", "!<x> ", "!",
        "|\n", ">-\n", "\"", "'", "#", "---\n", "...\n", "%YAML 1.2\n", "%TAG ! x\n", "\\U0010ffff", "\\x", "null", "~",
        "true", "@", "`", "  ", "name: ", "seed: ", "data: {target: mg25}\n", "network: {widths: [", "a: ",
      ]
    case .npy:
      return common + [
        "(", ")", "{", "}", "'", "\"", ",", ":", "True", "False", "<f4", "<f8", ">f4", "|b1", "<i8", ">u2", "<f2", "|O",
        "<U4", "descr", "shape",
        "fortran_order", "[('x', '<f4')]", "{'shape': (3, 2), 'descr': '<f4', 'fortran_order': False}",
        "\u{1}\u{0}", "NUMPY", "\\",
      ]
    case .csv:
      return common + [
        ",", ";", "\"", "\"\"", "NaN", "-inf", "a", ",,", "\n\n", " ", "1,2\n", "\"a,b\"", "1;2\n", "1\t2\n", ",\"",
        "#", "# a b\n", "\r", "sep=;\n", "sep=", "-0,5\n", "0,1,2,3,4\n", "\u{a0}", "True", "1 2\n",
      ]
    case .safetensors:
      return common + [
        "{", "}", "[", "]", "\"", ",", ":", "\\u0000", "\\ud800", "\\", "null", "true", "\"dtype\"", "\"shape\"",
        "\"data_offsets\"", "\"F32\"", "\"F64\"", "\"U8\"", "\"BF16\"", "\"__metadata__\"", "\"a\":1,", "[0,8]", "[[",
        "crc32c", "\"step\":\"3\"", "network: {widths: [65536, 65536]}",
      ]
    }
  }

  /// Reads an input as the programs do, and checks of what is accepted that it is what it says.
  func read(_ path: String) throws {
    switch self {
    case .yaml:
      let experiment = try Experiment(contentsOf: path)
      let again = try Experiment(yaml: experiment.yaml, file: path)
      guard again == experiment else { throw Violation("its resolved text reads back as another experiment") }
    case .npy, .csv: try Self.read(rows: openRows(path))
    case .safetensors:
      let reader = try TensorFileReader(path)
      for entry in reader.entries {
        let tensor = try reader.tensor(entry.name, shape: entry.shape)
        guard tensor.shape == entry.shape else { throw Violation("a tensor of another shape than its header says") }
      }
      _ = try Checkpoint(contentsOf: path)
    }
  }

  private static func read(rows source: some RowSource) throws {
    var rows = 0
    var isFinite = true
    try source.forEachBlock { first, block in
      guard first == rows, block.columns == source.dimension else { throw Violation("blocks are out of order") }
      rows += block.rows
      isFinite = isFinite && block.numbers.allSatisfy(\.isFinite)
    }
    guard rows == source.rows, isFinite else {
      throw Violation("\(rows) rows, not \(source.rows), or not finite")
    }
  }

  /// Makes lengths and checks agree with what was mutated, so that readers get past them to what lies behind.
  func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    switch self {
    case .yaml, .csv: break
    case .npy:
      let start = bytes.count > 6 && bytes[6] > 1 ? 12 : 10
      guard bytes.count > start, let end = bytes[start...].firstIndex(of: 0x0a) else { break }
      let length = end + 1 - start
      bytes[8] = UInt8(truncatingIfNeeded: length)
      bytes[9] = UInt8(truncatingIfNeeded: length >> 8)
    case .safetensors:
      guard bytes.count > 8, let length = Self.objectLength(bytes[8...]) else { break }
      for i in 0..<8 { bytes[i] = UInt8(truncatingIfNeeded: length >> (8 * i)) }
      guard bytes[8...].starts(with: TensorFile.prefix.utf8), bytes.count > TensorFile.digits.upperBound else { break }
      bytes.replaceSubrange(TensorFile.digits, with: "00000000".utf8)
      var check = CRC32C()
      check.update(bytes)
      bytes.replaceSubrange(TensorFile.digits, with: check.text.utf8)
    }
    return bytes
  }

  /// Bytes up to the brace that closes the first, and the blanks after it.
  private static func objectLength(_ bytes: ArraySlice<UInt8>) -> Int? {
    var depth = 0
    var isText = false
    var isEscaped = false
    for index in bytes.indices {
      switch bytes[index] {
      case UInt8(ascii: "\\") where isText && !isEscaped:
        isEscaped = true
        continue
      case UInt8(ascii: "\"") where !isEscaped: isText.toggle()
      case UInt8(ascii: "{") where !isText: depth += 1
      case UInt8(ascii: "}") where !isText:
        depth -= 1
        guard depth == 0 else { break }
        let rest = bytes[(index + 1)...].prefix { $0 == 0x20 }
        return rest.endIndex - bytes.startIndex
      default: break
      }
      isEscaped = false
    }
    return nil
  }
}

/// What no reader may do.
struct Violation: Error, CustomStringConvertible {
  let description: String
  init(_ text: String) { description = text }
}
