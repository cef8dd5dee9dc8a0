internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Targets
package import Training

/// Standard deviations beyond which a condition is far from the data: a normal law has one in 1.7 million there.
private let farthest = 5.0

/// The conditions under which samples are drawn, in trained coordinates: sample i takes row i, and from the start again.
package struct SampleConditions {
  private let rows: MatrixBox
  /// What users should know of the conditions: lines to be shown.
  private(set) var remarks: [String] = []
  /// Which sample is given which row, to stand behind a sentence.
  private(set) var words = ""

  /// The number of rows.
  var count: Int { rows.value.rows }

  /// The last columns of rows that are in trained coordinates already.
  init(of data: borrowing Matrix, after dimension: Int) {
    var conditions = Matrix(rows: data.rows, columns: data.columns - dimension)
    for r in 0..<data.rows { for k in 0..<conditions.columns { conditions[r, k] = data[r, dimension + k] } }
    rows = MatrixBox(conditions)
  }

  /// What `--condition` names: the numbers of one row, or a file of rows.
  ///
  /// - Parameters:
  ///   - text: a file's path, or numbers between commas.
  ///   - data: how many conditions there are, and their units.
  ///   - section: how the run's file is read.
  /// - Throws: `ToolError.usage` for other columns, and numbers that are not of their kind; errors of the file.
  init(_ text: String, data: DataSet.Description, _ section: Experiment.DataSection) throws {
    let given = try ConditionRows(text, data, section)
    remarks = given.remarks
    let rows = given.rows
    var trained = Matrix(rows: rows.rows, columns: rows.columns)
    for r in 0..<rows.rows {
      for k in 0..<rows.columns {
        let kind = data.kind(data.dimension + k)
        guard kind.contains(rows[r, k]) else {
          throw ToolError.usage(
            "--condition \(text): holds \(rows[r, k]) in column \(data.title(data.dimension + k)), where "
              + "\(kind.expectation ?? "a number") is expected")
        }
        trained[r, k] = Float(data.trained(rows[r, k], data.dimension + k))
        guard trained[r, k].isFinite else {
          let number = rows[r, k].isFinite ? "\(rows[r, k])" : "a number"
          throw ToolError.usage("--condition \(text): \(number) is beyond single precision in trained units")
        }
      }
    }
    remarks += Self.warnings(trained, rows, data).map { "warning: --condition \(shortened(text)): \($0)" }
    words = rows.rows == 1 ? "" : "; sample i is given row i mod \(rows.rows) of \(text)"
    self.rows = MatrixBox(trained)
  }

  /// The number of samples: as many as asked for of each row, and one of each without a number.
  func total(_ count: Int?, _ experiment: Experiment) throws -> Int {
    let (total, overflow) = rows.value.rows.multipliedReportingOverflow(
      by: count ?? (rows.value.rows == 1 ? experiment.sampling.count : 1))
    guard !overflow else {
      throw ToolError.usage(
        "--count \(count ?? 0): so many samples for each row of --condition are more than a file can hold")
    }
    return total
  }

  /// Says which conditions lie so far from those of the data that the network knows nothing of them.
  private static func warnings(
    _ trained: borrowing Matrix, _ rows: borrowing RowBlock, _ data: DataSet.Description
  ) -> [String] {
    (0..<trained.columns).compactMap { k in
      let column = data.dimension + k
      guard data.kind(column) != .indicator else { return nil }
      let far = (0..<trained.rows).filter { data.isFar(column, trained: Double(trained[$0, k])) }
      guard let first = far.first else { return nil }
      let others = far.count == 1 ? "" : ", and \(far.count - 1) more,"
      return data.farWords(column, rows[first, k], trained: Double(trained[first, k]), others: others)
    }
  }

  /// Sets the conditions of a chunk's samples.
  package func apply(to score: NetworkScore, chunk: Int) {
    score.setConditions(rows.value, firstIndex: chunk * NetworkScore.rows)
  }
}

extension SampleConditions {
  /// Sets one row's conditions for all samples.
  func apply(to score: NetworkScore, row: Int) {
    var one = Matrix(rows: 1, columns: rows.value.columns)
    one.copyRow(0, from: rows.value, row)
    score.setConditions(one, firstIndex: 0)
  }
}

extension DataSet.Description {
  /// Whether a value of a column lies so far from the data that a network knows nothing of it.
  func isFar(_ column: Int, trained: Double) -> Bool {
    constantColumns[column] ? trained != 0 : abs(trained) > farthest
  }

  /// What is to be said of such a value: `others` stands behind it.
  func farWords(_ column: Int, _ value: Double, trained: Double, others: String = "") -> String {
    let mean = rounded(original(0, column))
    let name = columnNames == nil ? "column \(column)" : title(column)
    if constantColumns[column] {
      return "\(name) = \(value)\(others) is not the \(mean) that all data has; "
        + "the network has learned nothing of other values"
    }
    return
      "\(name) = \(value)\(others) lies \(rounded(abs(trained))) standard deviations from the data's mean "
      + "\(mean); the network has seen few rows like it, or none"
  }

  /// The map of the data columns alone.
  var dataMap: Standardisation {
    Standardisation(
      mean: Array(standardisation.mean.prefix(dimension)), scale: Array(standardisation.scale.prefix(dimension)))
  }
}
