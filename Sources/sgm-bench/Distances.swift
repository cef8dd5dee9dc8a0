import Communication
import Configuration
import Files
import LinearAlgebra
import Metrics
import Randomness
import Runs
import Targets

/// Distances between two sets of a funnel's draws, 100 columns.
///
/// Sliced W2 of 50,000 rows along 2,000 directions, and exact W2 of 2,000 rows. `twin_pot.py` does the same.
func distancesOfSets() throws -> [Measurement] {
  let few = Meter(repeats: 3)
  let target = Funnel(dimension: 100)
  func draw(_ rows: Int, _ set: UInt64) -> Matrix {
    var matrix = Matrix(rows: rows, columns: 100)
    target.draw(RandomStream(seed: 1, purpose: .benchmark, step: set), firstIndex: 0, into: &matrix)
    return matrix
  }
  var results: [Measurement] = []
  let manyFirst = draw(50_000, 0)
  let manySecond = draw(50_000, 1)
  let directions = randomDirections(count: 2_000, dimension: 100, seed: 1)
  let sliced = try few.seconds(count: 1) {
    var distance = SlicedWasserstein(directions: directions, over: .single)
    try distance.setReference(manyFirst)
    _ = try distance.values(to: manySecond)
  }
  results.append(
    Measurement(name: "sliced W2, 50000 × 100, 2000 directions", value: sliced, unit: "s"))
  let fewFirst = draw(2_000, 0)
  let fewSecond = draw(2_000, 1)
  let exact = try few.seconds(count: 1) {
    var distance = ExactWasserstein()
    try distance.setReference(fewFirst)
    _ = try distance.values(to: fewSecond)
  }
  results.append(Measurement(name: "exact W2, 2000 × 100", value: exact, unit: "s"))
  return results
}
