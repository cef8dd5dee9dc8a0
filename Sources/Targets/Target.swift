public import Diffusion
public import LinearAlgebra
public import Randomness

/// A data law that can be drawn from exactly.
public protocol Target: Sendable {
  /// The number d of coordinates.
  var dimension: Int { get }

  /// The number of columns after those that condition: x in rows (θ | x).
  var conditions: Int { get }

  /// Fills row r with draw number `firstIndex + r`.
  ///
  /// A draw is a function of the stream and its index alone.
  ///
  /// - Parameters:
  ///   - stream: the source of randomness.
  ///   - firstIndex: the index of row 0.
  ///   - rows: shape `[rows, dimension + conditions]`, in the law's own units.
  func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix)

  /// The exact mean and standard deviation of every column.
  var standardisation: Standardisation { get }

  /// The exact score of the law's marginals under a process run in trained coordinates; nil where none is known.
  func score(under process: any ForwardProcess, in standardisation: Standardisation) -> (any Score)?

  /// The law's own density in trained coordinates; nil where none is known. Without standardisation it is normalised.
  func density(in standardisation: Standardisation) -> (any LogDensity)?
}

extension Target {
  /// None unless a law says otherwise.
  public var conditions: Int { 0 }

  /// As `draw`, without the conditions: `rows` has shape `[rows, dimension]`.
  public func drawData(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    guard conditions > 0 else { return draw(stream, firstIndex: firstIndex, into: &rows) }
    var whole = Matrix(rows: rows.rows, columns: dimension + conditions)
    draw(stream, firstIndex: firstIndex, into: &whole)
    for r in 0..<rows.rows { for k in 0..<dimension { rows[r, k] = whole[r, k] } }
  }

  /// No exact score is known unless a law says otherwise.
  public func score(under process: any ForwardProcess, in standardisation: Standardisation) -> (any Score)? { nil }

  /// No density is known unless a law says otherwise.
  public func density(in standardisation: Standardisation) -> (any LogDensity)? { nil }
}
