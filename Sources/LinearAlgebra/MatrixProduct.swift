internal import COneDNN

/// A product of row-major matrices with fixed shapes, run by oneDNN in the calling thread.
///
/// ```
/// C[m, n] = op(A)[m, k] · op(B)[k, n] (+ bias[n] in every row)
/// ```
/// The bits depend on the shapes, the strides and the instruction set, never on the addresses or the environment:
/// one thread, strict fp32. A product is prepared once and not shared between threads.
@safe public final class MatrixProduct {
  /// Whether an operand is used as stored or transposed.
  public enum Operand: Sendable {
    /// As stored, rows `stride` numbers apart.
    case plain(stride: Int)
    /// Transposed: stored with its rows, which are the columns of the operand, `stride` numbers apart.
    case transposed(stride: Int)
  }

  private let product: OpaquePointer

  /// Prepares a product.
  ///
  /// - Parameters:
  ///   - rows: m.
  ///   - columns: n.
  ///   - inner: k.
  ///   - left: how A is stored.
  ///   - right: how B is stored.
  ///   - stride: the distance between rows of C.
  ///   - bias: whether `callAsFunction` gets a bias.
  ///   - packs: whether B comes from `pack`, in the layout that oneDNN likes best. Worth it when one B is used again.
  public init(
    rows: Int, columns: Int, inner: Int, left: Operand, right: Operand, stride: Int, bias: Bool = false,
    packs: Bool = false
  ) {
    let (transposeLeft, strideLeft) = left.storage
    let (transposeRight, strideRight) = right.storage
    var status: Int32 = 0
    let made = unsafe sgm_product_create(
      Int64(rows), Int64(columns), Int64(inner), transposeLeft, transposeRight, Int64(strideLeft),
      Int64(strideRight), Int64(stride), bias, packs, &status)
    guard let made = unsafe made else {
      preconditionFailure("oneDNN refuses a product of \(rows)×\(inner) by \(inner)×\(columns): status \(status)")
    }
    unsafe product = made
  }

  deinit { unsafe sgm_product_destroy(product) }

  /// Packs B for all runs to come.
  @unsafe public func pack(_ b: UnsafePointer<Float>) {
    let status = unsafe sgm_product_pack(product, b)
    precondition(status == 0, "oneDNN failed to pack a matrix: status \(status)")
  }

  /// Runs a product whose B is packed: `c` is overwritten.
  @unsafe public func callAsFunction(
    _ a: UnsafePointer<Float>, bias: UnsafePointer<Float>?, into c: UnsafeMutablePointer<Float>
  ) {
    let status = unsafe sgm_product_run(product, a, nil, bias, c)
    precondition(status == 0, "oneDNN failed to run a product: status \(status)")
  }

  /// Runs the product: `c` is overwritten.
  @unsafe public func callAsFunction(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
    into c: UnsafeMutablePointer<Float>
  ) {
    let status = unsafe sgm_product_run(product, a, b, bias, c)
    precondition(status == 0, "oneDNN failed to run a product: status \(status)")
  }

  /// Runs the product on whole matrices without bias.
  public func callAsFunction(_ a: borrowing Matrix, _ b: borrowing Matrix, into c: inout Matrix) {
    unsafe self(a.pointer, b.pointer, into: c.pointer)
  }
}

extension MatrixProduct.Operand {
  fileprivate var storage: (transposed: Bool, stride: Int) {
    switch self {
    case .plain(let stride): (false, stride)
    case .transposed(let stride): (true, stride)
    }
  }
}

/// The instruction set that oneDNN generates code for: the only part of the arithmetic that depends on the CPU.
public enum InstructionSet: Int, Sendable, CaseIterable, Comparable {
  /// 256-bit vectors.
  case avx2 = 0
  /// 512-bit vectors.
  case avx512 = 1
  /// Everything that the CPU and oneDNN share.
  case best = 2

  /// The level in force, or `nil` on a CPU without AVX2.
  public static var current: InstructionSet? { InstructionSet(rawValue: Int(sgm_onednn_effective_isa())) }

  /// Restricts oneDNN to this level; false if a product exists already.
  public func pin() -> Bool { sgm_onednn_limit_isa(Int32(rawValue)) == 0 }

  /// The name in `--isa` and in checkpoints.
  public var name: String {
    switch self {
    case .avx2: "avx2"
    case .avx512: "avx512"
    case .best: "best"
    }
  }

  /// Orders by vector width.
  public static func < (a: InstructionSet, b: InstructionSet) -> Bool { a.rawValue < b.rawValue }
}

/// The version of oneDNN in use, for example `2.6.3`.
public var oneDNNVersion: String {
  let version = sgm_onednn_version()
  return "\(version / 10000).\(version / 100 % 100).\(version % 100)"
}
