import RealFunctions

/// The variates of one index of a stream, in Double, one after another.
///
/// Every call takes exactly one block of the counter (`nextGamma` below shape 1 takes two), however many candidates it
/// rejects: candidates after the first have their own `attempt` in the counter. So the k-th variate of an index never
/// depends on luck in the ones before.
public struct VariateSequence: Sendable {
  let stream: RandomStream
  let index: UInt64
  var block: UInt32

  /// A uniform number in the open interval (0, 1): an odd multiple of 2⁻⁵³.
  public mutating func nextUniform() -> Double {
    let words = next()
    return Self.openUniform(words[0], words[1])
  }

  /// An N(0, 1) number by Box–Muller; exact to rounding, |z| up to 8.5.
  public mutating func nextNormal() -> Double {
    let words = next()
    return Self.normal(Self.openUniform(words[0], words[1]), Self.openUniform(words[2], words[3]))
  }

  /// A Gamma number of density x^(shape−1) e^(−x) / Γ(shape), exact, by rejection (95 % of candidates are accepted).
  ///
  /// Source: Marsaglia, Tsang, "A simple method for generating gamma variables", ACM TOMS 26, 2000.
  ///
  /// - Parameter shape: positive; below 1 the number is Gamma(shape + 1) U^(1/shape).
  /// - Returns: a number of mean and variance `shape`.
  public mutating func nextGamma(shape: Double) -> Double {
    precondition(shape > 0, "a Gamma law of shape \(shape)")
    if shape < 1 {
      let boost = log(nextUniform()) / shape
      return nextGamma(shape: shape + 1) * exp(boost)
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    return firstAccepted { words in
      let z = Self.normal(Self.openUniform(words[0], words[1]), Self.openUniform(words[2]))
      let root = 1 + c * z
      guard root > 0 else { return nil }
      let v = root * root * root
      let accepted = log(Self.openUniform(words[3])) < 0.5 * z * z + d * (1 - v + log(v))
      return accepted ? d * v : nil
    }
  }

  /// A whole number uniform on 0 … `bound` − 1, without bias.
  ///
  /// Source: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29, 2019.
  public mutating func nextBelow(_ bound: Int) -> Int {
    precondition(bound > 0, "a whole number below \(bound)")
    let bound = UInt64(bound)
    let smallest = (0 &- bound) % bound
    return firstAccepted { words in
      let product = Self.word64(words[0], words[1]).multipliedFullWidth(by: bound)
      return product.low >= smallest ? Int(product.high) : nil
    }
  }

  private mutating func next() -> SIMD4<UInt32> {
    defer { block += 1 }
    return stream.words(index: index, block: block)
  }

  private mutating func firstAccepted<Value>(_ candidate: (SIMD4<UInt32>) -> Value?) -> Value {
    defer { block += 1 }
    for attempt in UInt8.min...UInt8.max {
      if let value = candidate(stream.words(index: index, block: block, attempt: attempt)) { return value }
    }
    // Acceptance is above one half everywhere, so this has probability below 2⁻²⁵⁶.
    fatalError("256 candidates were rejected at index \(index), block \(block)")
  }

  static func word64(_ low: UInt32, _ high: UInt32) -> UInt64 { UInt64(low) | UInt64(high) &<< 32 }

  /// (k + ½) 2⁻⁵² with 52 bits of k: exact in Double, neither 0 nor 1.
  @inline(__always)
  static func openUniform(_ low: UInt32, _ high: UInt32) -> Double {
    (Double(Int64(bitPattern: word64(low, high) &>> 12)) + 0.5) * 0x1p-52
  }

  static func openUniform(_ word: UInt32) -> Double { (Double(word) + 0.5) * 0x1p-32 }

  static func normal(_ u: Double, _ turn: Double) -> Double { (-2 * log(u)).squareRoot() * cos(2 * Double.pi * turn) }
}
