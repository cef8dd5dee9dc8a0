import Foundation
import LinearAlgebra
import Testing

/// Reads a little-endian float32 NPY file of two dimensions from the fixtures.
func fixture(_ name: String) throws -> Matrix {
  let url = try #require(Bundle.module.url(forResource: name, withExtension: "npy", subdirectory: "Fixtures"))
  let bytes = [UInt8](try Data(contentsOf: url))
  let length = Int(bytes[8]) + Int(bytes[9]) << 8
  let header = String(decoding: bytes[10..<10 + length], as: UTF8.self)
  let shape = header.components(separatedBy: "(").last?.components(separatedBy: ")").first ?? ""
  let sizes = shape.split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
  var matrix = Matrix(rows: sizes[0], columns: sizes[1])
  var elements = matrix.mutableSpan
  for i in 0..<elements.count {
    let start = 10 + length + 4 * i
    let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
    elements[i] = Float(bitPattern: bits)
  }
  return matrix
}

/// The values of one pair of the fixtures, made by SciPy in Double.
struct KnownDistances: Decodable {
  let w2: Double
  let slicedW2: Double
  let maxSlicedW2: Double
  let energyDistance: Double
  let mmdSquaredUnbiased: Double
  let gaussianW2: Double

  static func read(_ pair: String) throws -> KnownDistances {
    let url = try #require(
      Bundle.module.url(forResource: "distances", withExtension: "json", subdirectory: "Fixtures"))
    let object = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    let part = try JSONSerialization.data(withJSONObject: #require(object[pair]))
    return try JSONDecoder().decode(KnownDistances.self, from: part)
  }
}

/// A matrix of small numbers that depend on the seed alone, for tests that need many rows but no law.
func scattered(rows: Int, columns: Int, seed: UInt64) -> Matrix {
  var state = seed
  var matrix = Matrix(rows: rows, columns: columns)
  var elements = matrix.mutableSpan
  for i in 0..<elements.count {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    elements[i] = Float(Int32(truncatingIfNeeded: state >> 32)) / 0x1p30
  }
  return matrix
}
