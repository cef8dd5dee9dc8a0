public import LinearAlgebra
public import Randomness

/// Uniform noise that gives whole numbers a density.
///
/// ```
/// y = x + w (U − ½),   U uniform on (0, 1), new in every step;   w: the width of one level in trained coordinates
/// ```
/// A density p of y bounds the probability of the levels: −ln P(x) ≤ E_U[−ln p(y)] − Σ ln w, by Jensen's inequality, as
/// P(x) is the integral of p over one cell. After Theis, van den Oord and Bethge 2016 (arXiv 1511.01844). `Dequantiser` has noise of
/// a learned law.
public struct Dequantisation: Sendable, Equatable {
  /// w of each data coordinate; 0 where numbers are no levels.
  public let widths: [Float]

  /// Noise of these widths; nil where all are 0.
  public init?(widths: [Float]) {
    guard widths.contains(where: { $0 != 0 }) else { return nil }
    self.widths = widths
  }

  /// Adds noise to the first coordinates of rows.
  ///
  /// - Parameters:
  ///   - rows: `[rows, at least the widths' count]` in trained coordinates; columns beyond the widths are left alone.
  ///   - firstIndex: the global index of row 0, by which its noise is drawn.
  ///   - stream: of uniform numbers.
  public func add(to rows: inout Matrix, firstIndex: UInt64, _ stream: RandomStream) {
    var uniforms = Matrix(rows: 1, columns: widths.count)
    for r in 0..<rows.rows {
      stream.fillUniforms(&uniforms, firstIndex: firstIndex + UInt64(r))
      for k in widths.indices { rows[r, k].addProduct(widths[k], uniforms[0, k] - 0.5) }
    }
  }
}
