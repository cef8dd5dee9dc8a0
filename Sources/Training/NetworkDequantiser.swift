public import LinearAlgebra
internal import Networks
public import Randomness

/// A dequantiser with its parameters: gives rows of levels noise of its law, and says the density of what it gave.
@safe public final class NetworkDequantiser {
  /// The rows that are gone through at a time: a fixed shape, so that a row's bits do not depend on its neighbours' number.
  public static let rows = NetworkScore.rows

  private let parameters: Matrix
  private let pass: DequantiserPass

  /// The dequantiser of a model, with parameters of its own, `[1, layout count]`; nil for a model without.
  public init?(model: ScoreModel, parameters: consuming Matrix) {
    guard let dequantiser = model.dequantiser else { return nil }
    pass = DequantiserPass(dequantiser, model.layout, rows: Self.rows, sets: 1, use: .inference)
    self.parameters = parameters
  }

  /// Adds noise to rows.
  ///
  /// - Parameters:
  ///   - noise: the levels' widths w, one for each column.
  ///   - rows: x, then y = x + w(u − ½), shape `[any, d]`, in trained coordinates.
  ///   - stream: of uniform numbers; row r has those of index r.
  /// - Returns: ln q(u|x) of each row, in nats; u is in units of a level.
  public func add(_ noise: Dequantisation, to rows: inout Matrix, _ stream: RandomStream) -> [Double] {
    let d = rows.columns
    precondition(noise.widths.count == d, "\(noise.widths.count) widths for \(d) columns")
    let chunk = Matrix(rows: Self.rows, columns: d)
    var uniforms = Matrix(rows: Self.rows, columns: d)
    var densities: [Double] = []
    for first in stride(from: 0, to: rows.rows, by: Self.rows) {
      let count = min(Self.rows, rows.rows - first)
      // A chunk always has 256 rows: those of the chunk before stand in for those that are missing.
      unsafe chunk.pointer.update(from: rows.pointer + first * d, count: count * d)
      stream.fillUniforms(&uniforms, firstIndex: UInt64(first))
      unsafe pass.add(parameters.pointer, chunk.pointer, uniforms: uniforms.pointer, widths: noise.widths)
      unsafe (rows.pointer + first * d).update(from: pass.noisy.pointer, count: count * d)
      densities += pass.logDensities.prefix(count)
    }
    return densities
  }
}
