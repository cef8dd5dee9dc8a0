public import LinearAlgebra
internal import RealFunctions

/// How heavy the tails are: Hill's index of the rows' norms around the reference's mean.
///
/// ```
/// ξ = (1/k) Σ_{i=1…k} ln(R_(i) / R_(k+1)),   R_(1) ≥ R_(2) ≥ …,   k = a twentieth of the rows
/// ```
/// ξ is about 1/α where P(R > r) falls like r^−α, and shrinks towards 0 with the threshold for lighter tails. The distance
/// is |ξ_samples − ξ_reference|. Cost: n d.
///
/// Source: Hill, Annals of Statistics 3, 1975.
public struct TailIndex: SampleDistance {
  /// The name of the value.
  public var names: [String] { ["Hill tail index, difference"] }
  private var centre: [Double] = []
  private var index = 0.0

  /// A distance without a reference.
  public init() {}

  /// ξ has no unit.
  public func units(coordinates: String) -> [String] { ["index"] }

  /// Takes the reference's mean and index.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    try checkSamples(reference, atLeast: 2)
    centre = columnMeans(reference)
    index = Self.index(of: reference, around: centre)
  }

  /// The difference of the indices.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, atLeast: 2, dimension: centre.count)
    return [abs(Self.index(of: samples, around: centre) - index)]
  }

  /// ξ of a set around a point.
  static func index(of rows: borrowing Matrix, around centre: [Double]) -> Double {
    var squares: [Double] = []
    for i in 0..<rows.rows {
      var sum = 0.0
      for (x, c) in zip(doubles(rows, i), centre) { sum += (x - c) * (x - c) }
      squares.append(sum)
    }
    squares.sort(by: >)
    let k = max(rows.rows / 20, 1)
    guard squares[k] > 0 else { return .infinity }
    return (0..<k).reduce(0) { $0 + 0.5 * log(squares[$1] / squares[k]) } / Double(k)
  }

  /// The column with the heaviest tails and its ξ, of the largest fiftieth of the distances from its median.
  ///
  /// From about 0.36 on the variance is infinite or nearly so (Student-t laws: 0.52 with two degrees of freedom, 0.32 with
  /// three; log-normal 0.42, exponential 0.24, normal 0.13): sliced distances are then decided by a few rows. Columns whose
  /// root mean square distance is below a tenth of the largest one's are left out: no row of theirs decides anything.
  public static func heaviestColumn(of rows: borrowing Matrix) -> (column: Int, index: Double)? {
    guard rows.rows >= 1000 else { return nil }
    let columns = (0..<rows.columns).map { j in
      let values = (0..<rows.rows).map { Double(rows[$0, j]) }.sorted()
      let distances = values.map { abs($0 - values[values.count / 2]) }.sorted(by: >)
      return (square: distances.reduce(0) { $0 + $1 * $1 }, distances: distances.prefix(rows.rows / 50 + 1))
    }
    let largest = columns.reduce(0) { max($0, $1.square) }
    var heaviest: (column: Int, index: Double)?
    for (j, column) in columns.enumerated() {
      let (k, distances) = (column.distances.count - 1, column.distances)
      guard column.square >= 0.01 * largest, distances[k] > 0 else { continue }
      let index = (0..<k).reduce(0) { $0 + log(distances[$1] / distances[k]) } / Double(k)
      if index > heaviest?.index ?? 0 { heaviest = (j, index) }
    }
    return heaviest
  }
}
