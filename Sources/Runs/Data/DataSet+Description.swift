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
    if columnNames != other.columnNames { parts.append("other column names") }
    return (parts + ["fingerprint \(other.fingerprint), not \(fingerprint)"]).joined(separator: "; ")
  }
}
