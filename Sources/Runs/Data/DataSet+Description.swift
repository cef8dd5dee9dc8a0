internal import Configuration
internal import Files
internal import Reports
internal import Targets

extension DataSet.Description {
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
