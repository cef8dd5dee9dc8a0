internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Targets
package import Training

/// The conditions under which samples are drawn, in trained coordinates: sample i takes row i, and from the start again.
package struct SampleConditions {
  private let rows: MatrixBox

  /// The number of rows.
  var count: Int { rows.value.rows }

  /// The last columns of rows that are in trained coordinates already.
  init(of data: borrowing Matrix, after dimension: Int) {
    var conditions = Matrix(rows: data.rows, columns: data.columns - dimension)
    for r in 0..<data.rows { for k in 0..<conditions.columns { conditions[r, k] = data[r, dimension + k] } }
    rows = MatrixBox(conditions)
  }

  /// What `--condition` names: a file with one row for all samples or one for each, or the numbers of one row.
  ///
  /// - Parameters:
  ///   - text: a file's path, or numbers between commas.
  ///   - count: the number of samples.
  ///   - data: how many conditions there are, and their units.
  /// - Throws: `ExperimentError.usage` for another number of columns or rows; errors of the file.
  init(_ text: String, count: Int, data: DataSet.Description) throws {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map {
      real(from: $0.filter { $0 != " " })
    }
    var rows: RowBlock
    if numbers.allSatisfy({ $0 != nil }) {
      rows = RowBlock(rows: 1, columns: numbers.count)
      for (k, number) in numbers.enumerated() { rows[0, k] = number ?? 0 }
    } else {
      let source = try openRows(text)
      if let names = source.columnNames, let known = data.columnNames?.dropFirst(data.dimension),
        names.count == known.count, names != Array(known)
      {
        throw ExperimentError.usage(
          "--condition \(text): has the columns \(shortened(names.joined(separator: ", "))), but the network was "
            + "trained with \(shortened(known.joined(separator: ", "))), in that order")
      }
      rows = try RowBlock(source)
    }
    guard rows.columns == data.conditions else {
      let names = data.columnNames.map { " (\($0.dropFirst(data.dimension).joined(separator: ", ")))" } ?? ""
      throw ExperimentError.usage(
        "--condition \(text): has \(rows.columns) columns, but the network was trained with \(data.conditions) "
          + "condition\(data.conditions == 1 ? "" : "s")\(names)")
    }
    guard rows.rows == 1 || rows.rows == count else {
      throw ExperimentError.usage(
        "--condition \(text): has \(rows.rows) rows for \(count) samples: give one row for all, or one for each")
    }
    let map = data.conditionMap
    var trained = Matrix(rows: rows.rows, columns: rows.columns)
    for r in 0..<rows.rows {
      for k in 0..<rows.columns { trained[r, k] = Float((rows[r, k] - map.mean[k]) / map.scale[k]) }
    }
    self.rows = MatrixBox(trained)
  }

  /// Sets the conditions of a chunk's samples.
  package func apply(to score: NetworkScore, chunk: Int) {
    score.setConditions(rows.value, firstIndex: chunk * NetworkScore.rows)
  }
}

extension DataSet.Description {
  /// The map of the conditions to trained coordinates.
  var conditionMap: Standardisation {
    Standardisation(
      mean: Array(standardisation.mean.dropFirst(dimension)), scale: Array(standardisation.scale.dropFirst(dimension)))
  }

  /// The map of the data columns alone.
  var dataMap: Standardisation {
    Standardisation(
      mean: Array(standardisation.mean.prefix(dimension)), scale: Array(standardisation.scale.prefix(dimension)))
  }
}
