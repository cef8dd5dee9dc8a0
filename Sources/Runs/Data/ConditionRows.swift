internal import Configuration
internal import Files
internal import Foundation
internal import Targets

/// What `--condition` names, as rows of the numbers that condition, in the data's units.
struct ConditionRows: ~Copyable {
  private(set) var rows: RowBlock
  /// What users should know of the file: lines to be shown.
  private(set) var remarks: [String] = []

  /// Reads one row's cells between commas, or a file of rows.
  ///
  /// - Parameters:
  ///   - text: a file's path, or numbers and words between commas.
  ///   - data: what the run was trained on.
  ///   - section: how its file is read.
  /// - Throws: `ToolError.usage` for other columns; errors of the file.
  init(_ text: String, _ data: DataSet.Description, _ section: Experiment.DataSection) throws {
    let cells = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    let isFile = endsAsData(text) || FileManager.default.fileExists(atPath: text)
    if cells.allSatisfy({ real(from: $0) != nil }) || data.table != nil && !isFile {
      rows = try Self.row(of: cells, text, data, section)
    } else if isFile {
      let source = try openRows(text, header: section.header)
      let order = try Self.order(of: data.conditionColumns, in: source, text, data)
      remarks = source.remarks + Self.remark(source, order, text)
      rows = try Self.rows(of: source, order, text, data, section)
    } else {
      throw ToolError.usage(
        "--condition \(text): is neither numbers between commas, such as 0.5,-1, nor a file of them")
    }
  }

  /// The row of the cells that a command names.
  private static func row(
    of cells: [String], _ text: String, _ data: DataSet.Description, _ section: Experiment.DataSection
  ) throws(ToolError) -> RowBlock {
    let columns = data.conditionColumns
    guard cells.count == columns.count else { throw data.refusal(of: text, cells.count) }
    var numbers: [Double] = []
    for (column, cell) in zip(columns, cells) {
      let isMissing = data.table != nil && section.missingWords.contains(cell)
      guard let found = column.encode(cell, real(from: cell), isMissing: isMissing) else {
        throw .usage(
          "--condition \(text): holds \(quoted(cell)) in column \(shortened(column.name)), \(column.expectation)")
      }
      numbers += found
    }
    var row = RowBlock(rows: 1, columns: numbers.count)
    for (k, number) in numbers.enumerated() { row[0, k] = number }
    return row
  }

  /// The rows of a file, of which column k is that of the number `order[k]`.
  private static func rows(
    of source: any RowSource, _ order: [Int], _ text: String, _ data: DataSet.Description,
    _ section: Experiment.DataSection
  ) throws -> RowBlock {
    var rows = RowBlock(rows: source.rows, columns: data.conditions)
    guard data.table != nil else {
      try source.forEachBlock { first, block in
        for row in 0..<block.rows {
          for (k, number) in order.enumerated() { rows[first + row, k] = block[row, number] }
        }
      }
      return rows
    }
    guard let table = source as? TableFile else {
      throw ToolError.data(Place(text), "is no table of text, as the run's data is: .csv, .tsv, .txt or .dat")
    }
    let encoding = TableEncoding(columns: data.conditionColumns, order: order)
    try EncodedRows(table, encoding, missing: section.missingWords).forEachBlock { first, block in
      for row in 0..<block.rows { for k in 0..<block.columns { rows[first + row, k] = block[row, k] } }
    }
    return rows
  }

  /// Says that columns of a file are passed over.
  private static func remark(_ source: any RowSource, _ order: [Int], _ text: String) -> [String] {
    guard let names = source.columnNames, names.count > order.count else { return [] }
    return [
      "--condition \(shortened(text)): of its \(names.count) columns only those that condition are used: "
        + shortened(order.map { names[$0] }.joined(separator: ", "))
    ]
  }

  /// The file's number of each column that conditions: by name where both have names, else all columns as they stand.
  private static func order(
    of columns: [TableColumn], in source: any RowSource, _ text: String, _ data: DataSet.Description
  ) throws(ToolError) -> [Int] {
    guard data.columnNames != nil, let names = source.columnNames else {
      guard source.dimension == columns.count else { throw data.refusal(of: text, source.dimension) }
      return Array(columns.indices)
    }
    var order: [Int] = []
    for column in columns {
      guard let number = names.firstIndex(of: column.name) else {
        throw .usage(
          "--condition \(text): has no column \(quoted(column.name)), by which the network was conditioned; its columns are "
            + shortened(names.joined(separator: ", ")))
      }
      order.append(number)
    }
    return order
  }
}

extension DataSet.Description {
  /// The columns that condition, as a file has them.
  var conditionColumns: [TableColumn] {
    if let table {
      return zip(table.columns, table.ranges).filter { $1.lowerBound >= dimension && !$1.isEmpty }.map(\.0)
    }
    return (dimension..<dimension + conditions).map {
      TableColumn(name: columnNames?[$0] ?? "\($0)", content: .values(kind($0)))
    }
  }

  /// How many columns condition, and their names.
  var conditionWords: String {
    let columns = conditionColumns
    let names = columnNames == nil ? "" : " (\(shortened(columns.map(\.name).joined(separator: ", "))))"
    return counted(columns.count, "condition") + names
  }

  /// The refusal of conditions of another number.
  fileprivate func refusal(of text: String, _ found: Int) -> ToolError {
    .usage("--condition \(text): has \(counted(found, "column")), but the network was trained with \(conditionWords)")
  }
}
