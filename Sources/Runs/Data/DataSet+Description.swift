package import Configuration
internal import Files
internal import Networks
internal import Reports
internal import Targets
package import Training

extension Experiment {
  /// The score model for data.
  package func model(of data: DataSet.Description) -> ScoreModel {
    model(dimension: data.dimension, conditions: data.conditions, words: data.words)
  }

  /// The network's shape for data.
  func architecture(of data: DataSet.Description) -> NetworkArchitecture {
    architecture(dimension: data.dimension, conditions: data.conditions, words: data.words)
  }

  /// Where all that is learned of data lies.
  func layout(of data: DataSet.Description) -> ParameterLayout {
    layout(dimension: data.dimension, conditions: data.conditions)
  }
}

extension DataSet.Description {
  /// The rows of a file as those that the run learned from: words encoded, and conditions last.
  func rows(of file: String, _ experiment: Experiment) throws -> any RowSource {
    let rows = try openRows(file, header: experiment.data.header)
    guard let table else { return try DataSource.ordered(rows, experiment) }
    guard let cells = rows as? TableFile else {
      throw ToolError.data(Place(file), "is no table of text, as the run's data is: .csv, .tsv, .txt or .dat")
    }
    return EncodedRows(cells, try table.of(cells), missing: experiment.data.missingWords)
  }

  /// How large the data is, in words.
  package var size: String {
    guard let table else { return "\(counted(rows, "row")) of dimension \(dimension)" }
    let columns = table.names(within: table.dimension).count
    return "\(counted(rows, "row")) of \(counted(columns, "column")) as \(counted(table.dimension, "number"))"
  }

  /// Each thing in which other data differ, in words.
  package func differences(to other: DataSet.Description) -> String {
    var parts: [String] = []
    if rows != other.rows { parts.append("\(counted(other.rows, "row")) to train on, not \(rows)") }
    if dimension != other.dimension { parts.append("\(counted(other.dimension, "column")), not \(dimension)") }
    if let names = otherNames(in: other) { parts.append(names) }
    if fingerprint != other.fingerprint { parts.append("fingerprint \(other.fingerprint), not \(fingerprint)") }
    return parts.joined(separator: "; ")
  }

  /// The first column that other data call otherwise; nil where all names are the same.
  private func otherNames(in other: DataSet.Description) -> String? {
    guard columnNames != other.columnNames else { return nil }
    guard let own = columnNames, let others = other.columnNames, own.count == others.count else {
      return "other column names"
    }
    let different = own.indices.first { own[$0] != others[$0] } ?? 0
    return "other column names: column \(different) (from 0) is \(others[different]), not \(own[different])"
  }
}
