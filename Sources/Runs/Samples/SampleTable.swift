internal import Files
internal import LinearAlgebra
internal import Targets

/// Samples as a table with the columns' names in its first line, for programs that read no NPY.
struct SampleTable {
  private let separator: String
  private let names: [String]
  private let isDouble: Bool
  /// How the rows of a mixed table become its cells again.
  private let table: TableEncoding?

  /// What separates the columns of a table by its file's ending; nil for a file of another kind.
  static func separator(of file: String) -> String? {
    let name = file.lowercased()
    return name.hasSuffix(".csv") ? "," : name.hasSuffix(".tsv") ? "\t" : nil
  }

  /// A table in a file of one of those endings; columns without names are x1, x2, ….
  init(_ description: DataSet.Description, separator: String) {
    self.separator = separator
    isDouble = description.isDouble
    let dimension = description.dimension
    table = description.table
    let all =
      table?.names(within: dimension) ?? description.columnNames.map { Array($0.prefix(dimension)) }
      ?? (1...dimension).map { "x\($0)" }
    names = Self.fields(ofNames: all)
  }

  /// Names as they stand in the first line of a table.
  static func fields(ofNames names: [String]) -> [String] {
    // In quotes, names that are numbers are told from a row.
    let needsQuotes = names.contains { isDecimal(Array($0.utf8)) }
    return names.map { needsQuotes ? quoted($0) : field($0) }
  }

  /// Writes the rows of a finished array.
  func write(_ array: String, to path: String) throws {
    let source = try ArrayFile(array)
    let file = try AtomicFile.create(path)
    do {
      var place = try append(names.joined(separator: separator) + "\n", to: file, at: 0)
      try source.forEachBlock { _, block in
        var text = ""
        for r in 0..<block.rows {
          // The shortest decimals that read back as the same numbers.
          let cells =
            table.map { $0.cells((0..<block.columns).map { block[r, $0] }).map(Self.field) }
            ?? (0..<block.columns).map { isDouble ? "\(block[r, $0])" : "\(Float(block[r, $0]))" }
          text += cells.joined(separator: separator) + "\n"
        }
        place = try append(text, to: file, at: place)
      }
      try file.synchronise()
    } catch {
      AtomicFile.discard(path)
      throw error
    }
    try AtomicFile.publish(path)
  }

  /// A field as it stands in a table, in quotes where it must.
  static func field(_ text: String) -> String {
    text.unicodeScalars.allSatisfy { !"\"\t,;# ".unicodeScalars.contains($0) } ? text : quoted(text)
  }

  private static func quoted(_ text: String) -> String { "\"\(text.replacing("\"", with: "\"\""))\"" }

  private func append(_ text: String, to file: borrowing Descriptor, at place: Int) throws(ToolError) -> Int {
    let bytes = Array(text.utf8)
    try file.write(bytes, at: place)
    return place + bytes.count
  }
}
