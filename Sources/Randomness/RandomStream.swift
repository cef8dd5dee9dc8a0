/// An endless table of random numbers, named by (seed, purpose, step) and addressed by global index.
///
/// A stream is a value without state: the numbers of index i are the same whoever asks for them, in whatever order or
/// grouping. The counter of Philox4x32-10 is laid out as
///
///     word 0   block (24 bits)        | attempt (8 bits) << 24
///     word 1   index, bits 0…31
///     word 2   index, bits 32…47      | step, bits 32…39 << 16 | purpose << 24
///     word 3   step, bits 0…31
///
/// and its key is the seed, low word first. `block` counts groups of four words within one index; `attempt` counts
/// rejections. Distinct addresses have distinct counters, so no number is ever used twice.
public struct RandomStream: Sendable {
  /// The experiment's seed.
  public let seed: UInt64
  /// What the numbers are for.
  public let purpose: Purpose
  /// The step, epoch or repetition the numbers belong to, below 2⁴⁰.
  public let step: UInt64

  /// Indices lie below this bound, 2⁴⁸.
  public static let indexLimit: UInt64 = 1 << 48
  /// Blocks of one index lie below this bound, 2²⁴.
  public static let blockLimit: UInt32 = 1 << 24
  /// Steps lie below this bound, 2⁴⁰.
  public static let stepLimit: UInt64 = 1 << 40

  /// The stream of `purpose` at `step` in an experiment with `seed`.
  public init(seed: UInt64, purpose: Purpose, step: UInt64 = 0) {
    precondition(step < Self.stepLimit, "step \(step) of at most \(Self.stepLimit)")
    self.seed = seed
    self.purpose = purpose
    self.step = step
  }

  var key: SIMD2<UInt32> { SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed &>> 32)) }

  @inline(__always)
  func word2(_ index: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: index &>> 32) | UInt32(truncatingIfNeeded: step &>> 32) &<< 16
      | UInt32(purpose.rawValue) &<< 24
  }

  var word3: UInt32 { UInt32(truncatingIfNeeded: step) }

  /// The Philox counter of an address, as laid out above.
  func counter(index: UInt64, block: UInt32, attempt: UInt8) -> SIMD4<UInt32> {
    precondition(index < Self.indexLimit && block < Self.blockLimit, "index \(index), block \(block)")
    return SIMD4(
      block | UInt32(attempt) &<< 24, UInt32(truncatingIfNeeded: index), word2(index), word3)
  }

  /// The four random words of one address.
  ///
  /// - Parameters:
  ///   - index: the global index, below `indexLimit`.
  ///   - block: the group of four words within the index, below `blockLimit`.
  ///   - attempt: the number of rejections before.
  /// - Returns: Philox4x32-10 of the address's counter, 128 random bits.
  public func words(index: UInt64, block: UInt32, attempt: UInt8 = 0) -> SIMD4<UInt32> {
    Philox.block(counter: counter(index: index, block: block, attempt: attempt), key: key)
  }

  /// The variates of one index, one after another.
  ///
  /// - Parameters:
  ///   - index: the global index, below `indexLimit`.
  ///   - firstBlock: the block of the first variate; ⌈columns / 4⌉ passes by the numbers of a fill of so many columns.
  /// - Returns: the sequence that begins at `firstBlock`.
  public func row(_ index: UInt64, firstBlock: UInt32 = 0) -> VariateSequence {
    VariateSequence(stream: self, index: index, block: firstBlock)
  }
}
