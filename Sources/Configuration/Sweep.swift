package import Files

/// A grid of experiments: the `sweep:` table of an experiment file gives some keys several values each.
///
/// ```yaml
/// sweep: {process.epsilon: [0, 0.25], process.a: [0.5, 1, 2], seed: [1, 2]}
/// ```
/// Cells are all combinations, the last key's values running fastest.
package struct Sweep: Sendable {
  /// The most cells of one sweep.
  static let mostCells = 4096

  /// One key and the values it takes.
  package struct Axis: Sendable, Equatable {
    /// For instance `process.epsilon`.
    package let path: String
    /// The values as an experiment file spells them.
    package let values: [String]

    package init(path: String, values: [String]) {
      self.path = path
      self.values = values
    }
  }

  /// One experiment of the grid.
  package struct Cell: Sendable {
    /// For each axis the place of its value.
    package let indices: [Int]
    /// The experiment, with the cell's values in it.
    package let experiment: Experiment
  }

  package let axes: [Axis]
  package let cells: [Cell]

  /// The sweep of an experiment file, or nil where the file has no `sweep:` table.
  ///
  /// - Parameters:
  ///   - path: the experiment file.
  ///   - settings: `key=value` as given to `--set`, for all cells.
  /// - Throws: ``ToolError/configuration(_:_:)`` with line and column, also for a cell that is no experiment.
  package init?(contentsOf path: String, settings: [String] = []) throws(ToolError) {
    try self.init(yaml: experimentText(of: path), file: path, settings: settings)
  }

  /// The sweep of YAML text, or nil where it has no `sweep:` table.
  package init?(yaml: String, file: String, settings: [String] = []) throws(ToolError) {
    var reader = ExperimentReader(file: file)
    try reader.read(yaml)
    guard !reader.axes.isEmpty else { return nil }
    for setting in settings { try reader.apply(setting) }
    try self.init(reader)
  }

  private init(_ reader: ExperimentReader) throws(ToolError) {
    axes = reader.axes.map { axis in
      Axis(path: axis.key.path, values: axis.entries.map { spelled($0.value, as: axis.key.shape) })
    }
    let counts = axes.map(\.values.count)
    let count = counts.reduce(1) { $0.multipliedReportingOverflow(by: $1).overflow ? Int.max : $0 * $1 }
    guard count <= Self.mostCells else {
      throw .configuration(
        reader.axes[0].place, "sweep has more than \(Self.mostCells) cells: take fewer values, or several sweeps")
    }
    var cells: [Cell] = []
    for number in 0..<count {
      let indices = Self.indices(of: number, counts: counts)
      var one = reader
      for (axis, index) in zip(reader.axes, indices) { try one.assign(axis, index) }
      cells.append(Cell(indices: indices, experiment: try one.finish()))
    }
    self.cells = cells
  }

  /// The place on each axis of cell `number`: a number of mixed radix whose last digit runs fastest.
  package static func indices(of number: Int, counts: [Int]) -> [Int] {
    var rest = number
    return counts.reversed().map { count in
      defer { rest /= count }
      return rest % count
    }.reversed()
  }
}

/// A swept key as it is read.
struct SweptKey {
  let key: ExperimentKey
  let place: Place
  let entries: [(value: Value, place: Place)]
}
