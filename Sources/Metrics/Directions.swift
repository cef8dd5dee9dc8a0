public import LinearAlgebra
import Randomness

/// Directions drawn uniformly on the unit sphere of R^dimension, as normalised N(0, I) vectors.
///
/// Direction k depends on `seed` and k alone, so the first 100 of 2,000 directions are the 100 directions of that seed.
///
/// - Parameters:
///   - count: the number of directions.
///   - dimension: the number of coordinates.
///   - seed: the key of the random stream.
/// - Returns: the directions, shape `[count, dimension]`.
public func randomDirections(count: Int, dimension: Int, seed: UInt64) -> Matrix {
  precondition(count > 0 && dimension > 0, "\(count) directions in \(dimension) dimensions")
  var directions = Matrix(rows: count, columns: dimension)
  RandomStream(seed: seed, purpose: .direction).fillNormals(&directions, firstIndex: 0)
  for k in 0..<count {
    var row = directions.mutableRow(k)
    var squares = 0.0
    for j in 0..<dimension { squares += Double(row[j]) * Double(row[j]) }
    let scale = 1 / squares.squareRoot()
    for j in 0..<dimension { row[j] = Float(Double(row[j]) * scale) }
  }
  return directions
}
