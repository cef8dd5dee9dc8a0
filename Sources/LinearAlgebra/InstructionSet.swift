/// Vector widths of CPUs, on which no result depends any more.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// 256-bit vectors.
  case avx2
  /// 512-bit vectors.
  case avx512

  /// The same on every CPU.
  public static var highest: InstructionSet? { .avx2 }

  /// The place in the order of vector widths, from 0.
  public var level: Int { self == .avx2 ? 0 : 1 }

  /// Does nothing, successfully.
  public func pin() -> Bool { true }
}
