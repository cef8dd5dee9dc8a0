internal import Files
internal import Glibc
internal import LinearAlgebra
internal import Reports
internal import Targets

/// A column as people know it: its name, or its number from 0.
func columnTitle(_ column: Int, _ names: [String]?) -> String { names.map { shortened($0[column]) } ?? String(column) }

extension DataSet.Description {
  /// A column as people know it.
  func title(_ column: Int) -> String { columnTitle(column, columnNames) }

  /// What users should know of the data before they train on them, in sentences.
  ///
  /// - Parameters:
  ///   - statistics: of the training rows.
  ///   - sample: some of their rows, row after row; it may be empty.
  ///   - isScaled: whether columns are scaled by their own standard deviations.
  /// - Returns: the sentences, in the order of the columns.
  func warnings(_ statistics: ColumnStatistics, sample: [Double], isScaled: Bool) -> [String] {
    let columns = statistics.means.count
    let constant = (0..<columns).filter { constantColumns[$0] && kind($0) != .indicator }
    // Pictures have dozens of them.
    let isLong = constant.count > 4
    let together =
      isLong
      ? [
        "\(constant.count) columns never change, \(constant.prefix(4).map(title).joined(separator: ", ")) among them; samples "
          + "will repeat their values exactly"
      ] : []
    return together
      + (0..<columns).compactMap { j in
        if kind(j) == .indicator { return nil }
        if constantColumns[j], isLong { return nil }
        if constantColumns[j] { return "column \(title(j)) never changes; samples will repeat its value exactly" }
        let deviation = statistics.variances[j].squareRoot()
        if isScaled {
          let values = stride(from: j, to: sample.count, by: columns).map { sample[$0] }
          return flattening(values, deviation: deviation).map { width in
            let far = max(statistics.largest[j] - statistics.means[j], statistics.means[j] - statistics.least[j])
            return "column \(title(j)): few values far away, up to \(rounded(far)) from its mean, make its standard "
              + "deviation \(rounded(deviation)), but most values lie within \(rounded(width)): in trained units these are "
              + "almost one number; remove or clip the few"
          }
        }
        // The distance of neighbouring numbers in single precision is at most this share of them.
        let step = max(abs(statistics.least[j]), abs(statistics.largest[j])) * 0x1p-23
        guard !constantColumns[j], scaleIsOne(j), step > 0.01 * deviation else { return nil }
        return "column \(title(j)) lies so far from 0 that single precision, in which training computes, tells its "
          + "values apart by \(rounded(step)) only; set data.standardise to true"
      }
  }

  private func scaleIsOne(_ column: Int) -> Bool {
    standardisation.scale[column] == 1 && standardisation.mean[column] == 0
  }

  /// The width of the middle four fifths of a column, where it is less than a hundredth of its standard deviation.
  ///
  /// A normal law's is 2.6 standard deviations. A column most of whose values are equal has none, and is left alone.
  private func flattening(_ values: [Double], deviation: Double) -> Double? {
    guard values.count >= 50 else { return nil }
    let sorted = values.sorted()
    let width = sorted[values.count - 1 - values.count / 10] - sorted[values.count / 10]
    return width > 0 && width < 0.01 * deviation ? width : nil
  }

  /// Refuses rows that single precision does not hold in trained coordinates.
  func refuseNotFinite(_ rows: borrowing Matrix, file: String) throws(ToolError) {
    let numbers = rows.span
    guard let bad = numbers.indices.first(where: { !numbers[$0].isFinite }) else { return }
    throw .configuration(
      Place(file),
      "column \(title(bad % rows.columns)) holds numbers beyond single precision (3.4e38), in which training computes; "
        + "measure it in a larger unit, or set data.standardise to true")
  }
}
