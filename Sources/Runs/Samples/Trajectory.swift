package import Communication
internal import Configuration
package import Files
package import LinearAlgebra
internal import Reports
internal import Sampling

/// Whole paths of the first samples, for plots and couplings.
package final class Trajectory {
  /// The most samples whose paths are kept: those of the first chunk.
  package static let most = Generator.rows

  private let count: Int
  private let description: DataSet.Description
  private var paths: [[Float]]
  private var columns = 0

  /// Room for the paths of samples 0 … count − 1.
  init(count: Int, _ description: DataSet.Description) {
    precondition(count <= Self.most, "\(count) paths of at most \(Self.most)")
    self.count = count
    self.description = description
    paths = Array(repeating: [], count: count)
  }

  /// Adds a time and the state of every kept sample.
  package func append(_ time: Double, _ state: borrowing Matrix) {
    for row in 0..<count { append(row, time, state.row(row)) }
  }

  /// Adds a time and a state to one sample's path, if it is kept.
  package func append(_ row: Int, _ time: Double, _ state: borrowing Span<Float>) {
    guard row < count else { return }
    columns = state.count + 2
    paths[row].append(Float(row))
    paths[row].append(Float(time))
    for k in state.indices { paths[row].append(state[k]) }
  }

  /// Writes `NAME-trajectories.npy` beside the samples' file `NAME.npy`, on the rank that has the first chunk.
  package func write(beside samples: String, _ communicator: Communicator) throws {
    // With fewer chunks than ranks the first chunk may be another rank's; whoever has paths writes them.
    try communicator.agree { try write(to: Self.file(beside: samples)) }
  }

  /// `NAME-trajectories.npy` for `NAME.npy`, `NAME.csv`, `NAME.tsv` or `NAME.json`.
  static func file(beside samples: String) -> String {
    let ending = [".npy", ".csv", ".tsv", ".json"].first { samples.lowercased().hasSuffix($0) } ?? ""
    return String(samples.dropLast(ending.count)) + "-trajectories.npy"
  }

  /// Writes one row for each time of each sample: its number, the time, the state with positions in original units.
  package func write(to path: String) throws(ToolError) {
    let numbers = paths.joined()
    guard columns > 0 else { return }
    let rows = numbers.count / columns
    var positions = Matrix(rows: rows, columns: description.dimension)
    var table = RowBlock(rows: rows, columns: columns)
    for (index, number) in numbers.enumerated() {
      let (r, k) = (index / columns, index % columns - 2)
      table.numbers[index] = Double(number)
      if k >= 0, k < positions.columns { positions[r, k] = number }
    }
    let restored = description.restored(positions, count: rows)
    for r in 0..<rows { for k in 0..<positions.columns { table[r, k + 2] = restored[r, k] } }
    guard !description.isDouble else { return try ArrayFileWriter.write(table, to: path) }
    var single = Matrix(rows: rows, columns: columns)
    for r in 0..<rows { for k in 0..<columns { single[r, k] = Float(table[r, k]) } }
    try ArrayFileWriter.write(single, to: path)
  }
}
