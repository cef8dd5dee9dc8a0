internal import Configuration
internal import Files
internal import LinearAlgebra

/// Rows with their classes, from which the classifier behind the Fréchet distance learns.
struct LabelledRows {
  /// The most rows that it learns from.
  static let most = 20_000
  let rows: MatrixBox
  let classes: [Int]
}

/// The classes of a data file's rows, one whole number from 0 in each row of a file.
///
/// - Parameters:
///   - path: the file of `evaluation.classes`.
///   - rows: the number of rows of the data.
///   - data: the name of the data, for messages.
/// - Returns: a class for each row.
/// - Throws: `ToolError.configuration` for a file that does not fit the data or holds no classes.
func readClasses(_ path: String, rows: Int, of data: String) throws -> [Int] {
  let source = try openRows(path)
  func fault(_ words: String) -> ToolError { .configuration(Place(path), words) }
  guard source.dimension == 1, source.rows == rows else {
    throw fault(
      "has \(counted(source.rows, "row")) of \(counted(source.dimension, "column")), but evaluation.classes is one column "
        + "with the class of each of the \(rows) rows of \(data)")
  }
  var classes: [Int] = []
  try source.forEachBlock { first, block in
    for r in 0..<block.rows {
      let number = block[r, 0]
      guard number >= 0, number < 1_000, number == number.rounded() else {
        throw fault("row \(first + r) (from 0) holds \(number), but a class is a whole number from 0 to 999")
      }
      classes.append(Int(number))
    }
  }
  guard Set(classes).count > 1 else { throw fault("names one class alone, but a classifier needs two or more") }
  return classes
}

extension DataSource {
  /// The classes of the first training rows; nil where the experiment names none.
  func trainingClasses(_ count: Int) throws -> [Int]? {
    guard let file = classesFile else { return nil }
    let all = try readClasses(file, rows: source.rows, of: name)
    let training = separate == nil ? isHeldOut.indices.filter { !isHeldOut[$0] } : Array(all.indices)
    return training.prefix(count).map { all[$0] }
  }
}
