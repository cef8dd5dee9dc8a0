public import LinearAlgebra
public import Randomness

/// Where true samples come from: pairs of independent sets for each repeat of a judgement.
public protocol TrueSamples {
  /// The number of coordinates.
  var dimension: Int { get }
  /// The most rows that both sets of a pair can have; nil where there is no end to them.
  var largestCount: Int? { get }
  /// Fills `first` and `second`, each `[rows, dimension]`, with true samples independent of one another.
  func fill(_ first: inout Matrix, _ second: inout Matrix, repeat number: Int, seed: UInt64) throws
}

/// Fresh draws from a known law: every set of every repeat is independent of all others.
public struct DrawnSamples: TrueSamples {
  /// The number of coordinates.
  public let dimension: Int
  /// A law can be drawn from without end.
  public var largestCount: Int? { nil }
  private let draw: (RandomStream, inout Matrix) throws -> Void

  /// The samples of a law.
  /// - Parameters:
  ///   - dimension: the number of coordinates.
  ///   - draw: fills a matrix with the law's samples of indices 0, 1, … of a stream, in the units of the judgement.
  public init(dimension: Int, draw: @escaping (RandomStream, inout Matrix) throws -> Void) {
    self.dimension = dimension
    self.draw = draw
  }

  /// Draws both sets, with purpose `floor` and steps 2·number and 2·number + 1.
  public func fill(_ first: inout Matrix, _ second: inout Matrix, repeat number: Int, seed: UInt64) throws {
    try draw(RandomStream(seed: seed, purpose: .floor, step: 2 * UInt64(number)), &first)
    try draw(RandomStream(seed: seed, purpose: .floor, step: 2 * UInt64(number) + 1), &second)
  }
}

/// The rows of a file, all there is of the truth: each repeat takes two disjoint random sets of them.
///
/// With R rows a set has at most R/2, so the distances are those of sets of R/2 rows; a judgement states that number.
/// Sets of different repeats share rows: their spread is that of the choice of rows, smaller than that of new data.
public final class RowSamples: TrueSamples {
  private let rows: Matrix

  /// Takes rows `[rows, dimension]`, in the units of the judgement.
  public init(_ rows: consuming Matrix) { self.rows = rows }

  /// The number of columns.
  public var dimension: Int { rows.columns }
  /// Half of the rows.
  public var largestCount: Int? { rows.rows / 2 }

  /// Takes the first rows of a permutation (purpose `bootstrap`, step `number`) and the next ones.
  public func fill(_ first: inout Matrix, _ second: inout Matrix, repeat number: Int, seed: UInt64) throws {
    let needed = first.rows + second.rows
    guard needed <= rows.rows else { throw MetricsError.tooFewRows(rows: rows.rows, needed: needed) }
    let order = RandomStream(seed: seed, purpose: .bootstrap, step: UInt64(number)).permutation(of: rows.rows)
    copyRows(of: rows, order[..<first.rows], into: &first)
    copyRows(of: rows, order[first.rows..<needed], into: &second)
  }
}

/// Copies the rows of these numbers, in their order.
func copyRows(of source: borrowing Matrix, _ numbers: some Sequence<UInt32>, into target: inout Matrix) {
  precondition(source.columns == target.columns, "\(source.columns) columns into \(target.columns)")
  var r = 0
  for number in numbers {
    let from = source.row(Int(number))
    var to = target.mutableRow(r)
    for j in 0..<from.count { to[j] = from[j] }
    r += 1
  }
}
