internal import COneDNN

/// The instruction set that oneDNN generates code for: the only part of the arithmetic that depends on the CPU.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// 256-bit vectors.
  case avx2
  /// 512-bit vectors.
  case avx512

  /// The highest of this CPU, or `nil` on a CPU without AVX2.
  public static var highest: InstructionSet? {
    let level = Int(sgm_cpu_isa())
    return allCases.indices.contains(level) ? allCases[level] : nil
  }

  /// The place in the order of vector widths, from 0.
  public var level: Int { self == .avx2 ? 0 : 1 }

  /// Makes oneDNN generate this code, whatever the environment says.
  ///
  /// - Returns: false if another is in force and it is too late to change that, because a product exists already.
  public func pin() -> Bool { sgm_onednn_pin_isa(Int32(level)) == 0 }
}
