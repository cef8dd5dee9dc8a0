/// A type of number that NPY files hold, as NumPy's type code names it: `<f4`, `>i8`, `|b1` and their like.
struct ArrayNumber: Equatable {
  /// What the bytes of a number stand for.
  enum Kind: Equatable { case real, integer, natural, truth }

  /// What the bytes stand for.
  let kind: Kind
  /// Bytes of a number.
  let width: Int
  /// Whether the first byte is the most significant.
  let isBigEndian: Bool

  /// Reads a type code.
  ///
  /// - Throws: a complaint that names the type, with the NumPy expression that turns it into one that is read.
  init(code: String) throws(Complaint) {
    let order = code.first.map { "<>=|".contains($0) } == true ? code.prefix(1) : ""
    let rest = code.dropFirst(order.count)
    let width = Int(rest.dropFirst()) ?? 0
    switch (rest.first, width) {
    case ("f", 2), ("f", 4), ("f", 8): kind = .real
    case ("i", 1), ("i", 2), ("i", 4), ("i", 8): kind = .integer
    case ("u", 1), ("u", 2), ("u", 4), ("u", 8): kind = .natural
    case ("b", 1): kind = .truth
    default: throw Complaint("holds \(Self.name(rest.first, code)); save \(Self.remedy(rest.first))")
    }
    self.width = width
    isBigEndian = order == ">"
  }

  private static func name(_ letter: Character?, _ code: String) -> String {
    switch letter {
    case "O": "Python objects"
    case "U", "S", "a": "text"
    case "c": "complex numbers"
    case "M": "dates"
    case "m": "spans of time"
    case "f": "numbers of type \(quoted(code))"
    default: "elements of type \(quoted(code))"
    }
  }

  private static func remedy(_ letter: Character?) -> String {
    switch letter {
    case "c": "numpy.hstack([a.real, a.imag])"
    case "M": "a.astype('datetime64[s]').astype('float64')"
    case "m": "a.astype('timedelta64[s]').astype('float64')"
    case "V": "one array of numbers"
    default: "a.astype('float64')"
    }
  }

  /// Whether double precision does not hold every number of this type.
  var mayBeRounded: Bool { kind != .real && width == 8 }

  /// Whether single precision does not hold every number of this type.
  var isDouble: Bool { kind == .real ? width == 8 : width > 2 }

  /// What happens to the numbers as they are read, in words; nil where nothing does.
  var conversion: String? {
    let order = isBigEndian && width > 1 ? "big-endian " : ""
    switch kind {
    case .real where width == 2: return "\(order)half-precision numbers are read in single precision, exactly"
    case .real: return order.isEmpty ? nil : "big-endian numbers are read"
    case .truth: return "truth values are read as 0 and 1"
    case .integer, .natural:
      return "\(order)integers of \(8 * width) bits are read as numbers, exactly"
    }
  }

  /// What users are told of an array of such numbers.
  ///
  /// - Parameters:
  ///   - path: the array's.
  ///   - rounded: a number that was rounded when it was read, if there is any.
  ///   - note: what else is converted.
  /// - Returns: lines to be shown.
  func remarks(of path: String, rounded: Double?, beside note: String?) -> [String] {
    let parts = [note, rounded == nil ? conversion : nil].compactMap { $0 }
    let line = parts.isEmpty ? [] : ["note: \(path): \(parts.joined(separator: "; "))"]
    guard let rounded else { return line }
    return line + [
      "warning: \(path): holds integers beyond 2^53, such as about \(rounded), which double precision rounds to a "
        + "multiple of \(Int(rounded.ulp)); save a - a.min(axis=0) to keep their differences"
    ]
  }

  /// Calls `take` with each of `count` numbers and its place.
  @inline(__always)
  func forEach(_ count: Int, in raw: borrowing RawSpan, _ take: (Int, Double) -> Void) {
    switch (kind, width, isBigEndian) {
    // Within the bytes that the caller has read; the machines we run on are little-endian.
    case (.real, 8, false):
      for i in 0..<count { take(i, unsafe raw.unsafeLoadUnaligned(fromByteOffset: i * 8, as: Double.self)) }
    case (.real, 4, false):
      for i in 0..<count { take(i, Double(unsafe raw.unsafeLoadUnaligned(fromByteOffset: i * 4, as: Float.self))) }
    default: for i in 0..<count { take(i, read(raw, at: i * width)) }
    }
  }

  /// The number in `count` bytes, the first of which is at `offset`.
  @inline(__always)
  func read(_ bytes: borrowing RawSpan, at offset: Int) -> Double {
    var bits: UInt64 = 0
    for k in 0..<width {
      // Within the bytes that the caller has read.
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset + (isBigEndian ? k : width - 1 - k), as: UInt8.self)
      bits = bits << 8 | UInt64(byte)
    }
    switch kind {
    case .truth: return bits == 0 ? 0 : 1
    case .natural: return Double(bits)
    case .integer:
      let unused = UInt64(64 - 8 * width)
      return Double(Int64(bitPattern: bits << unused) >> Int64(unused))
    case .real:
      switch width {
      case 8: return Double(bitPattern: bits)
      case 4: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      default: return Self.half(UInt16(truncatingIfNeeded: bits))
      }
    }
  }

  /// A number of IEEE 754's half precision: a sign, 5 bits of exponent, 10 of fraction.
  private static func half(_ bits: UInt16) -> Double {
    let (exponent, fraction) = (Int(bits >> 10 & 0x1f), Double(bits & 0x3ff))
    let size: Double =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction * 0x1p-10)
      }
    return bits >> 15 == 1 ? -size : size
  }
}
