/// A named array of a safetensors file.
package struct Tensor: Sendable, Equatable {
  /// The name, unique in its file.
  package let name: String
  /// The lengths of the axes, C order; empty for one number.
  package let shape: [Int]
  /// The numbers.
  package let elements: Elements

  /// A tensor.
  package init(_ name: String, shape: [Int], _ elements: Elements) {
    precondition(shape.reduce(1, *) == elements.count, "\(name): \(elements.count) elements in shape \(shape)")
    self.name = name
    self.shape = shape
    self.elements = elements
  }

  /// Numbers of one of the types that are read and written.
  package enum Elements: Sendable, Equatable {
    case float32([Float])
    case float64([Double])
    case uint8([UInt8])

    /// The number of elements.
    package var count: Int {
      switch self {
      case .float32(let values): values.count
      case .float64(let values): values.count
      case .uint8(let values): values.count
      }
    }

    /// The type.
    package var type: ElementType {
      switch self {
      case .float32: .float32
      case .float64: .float64
      case .uint8: .uint8
      }
    }

    /// Calls `body` with the elements' bytes, little-endian.
    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
      switch self {
      case .float32(let values): try unsafe values.span.withUnsafeBytes(body)
      case .float64(let values): try unsafe values.span.withUnsafeBytes(body)
      case .uint8(let values): try unsafe values.span.withUnsafeBytes(body)
      }
    }
  }

  /// The type of a tensor's elements; the raw value is safetensors' name.
  package enum ElementType: String, Sendable, CaseIterable {
    case float32 = "F32"
    case float64 = "F64"
    case uint8 = "U8"

    /// Bytes of an element.
    package var width: Int {
      switch self {
      case .float64: 8
      case .float32: 4
      case .uint8: 1
      }
    }
  }
}
