internal import Configuration
internal import Files
internal import Targets

/// How the rows of a mixed table, with words and missing cells, become rows of numbers, and numbers a row of the table.
struct TableEncoding: Sendable, Equatable {
  /// The table's columns, in the order of the trained ones; their numbers in the file stand in `order`.
  let columns: [TableColumn]
  /// The file's number of each column.
  let order: [Int]
  /// The trained columns of each column.
  let ranges: [Range<Int>]

  init(columns: [TableColumn], order: [Int]) {
    (self.columns, self.order) = (columns, order)
    var first = 0
    ranges = columns.map { column in
      defer { first += column.trained.count }
      return first..<first + column.trained.count
    }
  }

  /// The number of trained columns.
  var dimension: Int { ranges.last?.upperBound ?? 0 }
  /// The number of trained columns of the last so many columns.
  func width(ofLast count: Int) -> Int { ranges.suffix(count).reduce(0) { $0 + $1.count } }
  /// The names of the trained columns.
  var names: [String] { columns.flatMap { $0.trained.map(\.name) } }
  /// The kinds of the trained columns.
  var kinds: [ColumnKind] { columns.flatMap { $0.trained.map(\.kind) } }

  /// Makes the first trained columns of a row those of cells.
  ///
  /// - Parameter row: numbers already of their kind, indicators any number; it may end before the conditions.
  func settle(_ row: inout [Double]) {
    for (column, range) in zip(columns, ranges) where range.upperBound <= row.count { column.settle(&row[range]) }
  }

  /// The names of the columns whose trained columns are among the first so many, as the table has them.
  func names(within dimension: Int) -> [String] { shown(within: dimension).map { columns[$0].name } }

  /// The cells of settled trained columns, in the table's order.
  func cells(_ row: [Double]) -> [String] { shown(within: row.count).map { columns[$0].text(row[ranges[$0]]) } }

  /// The columns that are shown, in the file's order.
  private func shown(within dimension: Int) -> [Int] {
    columns.indices.filter { columns[$0].content != .ignored && ranges[$0].upperBound <= dimension }
      .sorted { order[$0] < order[$1] }
  }
}

extension TableEncoding {
  /// What checkpoints keep of it.
  var json: JSONValue {
    .array(
      zip(columns, order).map { column, number in
        var members: [JSONValue.Member] = [
          .init("name", .string(column.name)), .init("column", .integer(number)), .init("fill", .real(column.fill)),
          .init("content", .string(column.content.words)),
        ]
        if let missing = column.missing { members.append(.init("missing", .string(missing))) }
        if let decimals = column.decimals { members.append(.init("decimals", .integer(decimals))) }
        if !column.words.isEmpty { members.append(.init("words", JSONValue(column.words))) }
        return .object(members)
      })
  }

  /// The encoding that a checkpoint kept; nil for text that is none.
  init?(_ text: String) {
    guard case .array(let items)? = JSONValue(line: text) else { return nil }
    var (columns, order): ([TableColumn], [Int]) = ([], [])
    for item in items {
      guard case .string(let name)? = item["name"], case .integer(let number)? = item["column"],
        let fill = item["fill"]?.number, case .string(let content)? = item["content"],
        let content = ColumnContent(content)
      else { return nil }
      var (words, missing, decimals): ([String], String?, Int?) = ([], nil, nil)
      if case .array(let texts)? = item["words"] {
        words = texts.compactMap { if case .string(let text) = $0 { text } else { nil } }
      }
      if case .string(let word)? = item["missing"] { missing = word }
      if case .integer(let count)? = item["decimals"] { decimals = count }
      columns.append(
        TableColumn(name: name, content: content, words: words, missing: missing, fill: fill, decimals: decimals))
      order.append(number)
    }
    self.init(columns: columns, order: order)
  }
}

extension TableEncoding {
  /// The same columns with their numbers in another file: by name where both have names, else as they stand here.
  ///
  /// - Parameters:
  ///   - table: the file.
  ///   - isNamed: whether the columns here have names of their own.
  /// - Returns: the encoding; the number −1 stands for a column that is ignored and left out.
  /// - Throws: `ToolError.data` for other columns.
  func of(_ table: TableFile, isNamed: Bool = true) throws(ToolError) -> TableEncoding {
    let all = shortened(columns.map(\.name).joined(separator: ", "))
    guard isNamed, let names = table.columnNames else {
      guard table.dimension == columns.count else {
        throw .data(
          Place(table.path),
          "has \(counted(table.dimension, "column")), but the run has \(columns.count): \(all); give all of them, and leave "
            + "empty what is missing")
      }
      return self
    }
    if let other = names.first(where: { name in !columns.contains { $0.name == name } }) {
      throw .data(
        Place(table.path),
        "has a column \(quoted(other)), which the run does not have; remove it: its columns are \(all)")
    }
    var order: [Int] = []
    for column in columns {
      guard let number = names.firstIndex(of: column.name) else {
        guard column.content == .ignored else {
          throw .data(
            Place(table.path),
            "has no column \(quoted(column.name)), which the run has; add it, and leave its cells empty where they are missing"
          )
        }
        order.append(-1)
        continue
      }
      order.append(number)
    }
    return TableEncoding(columns: columns, order: order)
  }
}

/// The rows of a mixed table as rows of numbers.
struct EncodedRows: RowSource, NamedRows {
  private let table: TableFile
  private let missing: Set<String>
  let encoding: TableEncoding

  /// - Parameters:
  ///   - table: the file.
  ///   - encoding: made of this file, or of one with the same columns.
  ///   - missing: the words that stand for no number.
  init(_ table: TableFile, _ encoding: TableEncoding, missing: Set<String>) {
    (self.table, self.encoding, self.missing) = (table, encoding, missing)
  }

  var path: String { table.path }
  var rows: Int { table.rows }
  var dimension: Int { encoding.dimension }
  var columnNames: [String]? { encoding.names }
  var isDouble: Bool { true }
  var remarks: [String] { table.remarks }

  func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws {
    let most = max(1, 65_536 / dimension)
    var block = RowBlock(rows: min(most, rows), columns: dimension)
    var filled = 0
    try table.forEachRow { row, cells in
      for (place, column) in encoding.columns.enumerated() where column.content != .ignored {
        let number = encoding.order[place]
        let text = cells.text(number)
        guard let values = column.encode(text, cells.value(number), isMissing: missing.contains(text)) else {
          throw column.refusal(cells, number, in: table.path)
        }
        for (k, value) in values.enumerated() { block[filled, encoding.ranges[place].lowerBound + k] = value }
      }
      filled += 1
      guard filled == block.rows else { return }
      try body(row + 1 - filled, block)
      let left = rows - row - 1
      if left > 0, left < block.rows { block = RowBlock(rows: left, columns: dimension) }
      filled = 0
    }
  }
}

extension TableColumn {
  /// What is said of a cell that the column cannot hold.
  ///
  /// - Parameters:
  ///   - cells: a row of the file.
  ///   - number: the file's number of the column, from 0.
  ///   - path: the file.
  /// - Returns: the error.
  func refusal(_ cells: TableCells, _ number: Int, in path: String) -> ToolError {
    .data(
      Place(path, line: cells.number),
      "column \(number + 1) (\(shortened(name))) holds \(quoted(cells.text(number))), \(expectation)"
        + "; data.columns says what a column holds")
  }

  /// What a cell that cannot be is not, to stand behind it.
  var expectation: String {
    switch content {
    case .category:
      "which is none of the \(words.count) words that data.file has there: "
        + shortened(words.joined(separator: ", "))
    case .values(let kind): "where \(kind.expectation ?? "a number") is expected"
    case .atomOrNumber: "where a number is expected"
    case .zeroOrPositive: "where 0 or a number above 0 is expected"
    case .ignored: "which is ignored"
    }
  }
}

extension TableEncoding? {
  /// The number of trained columns that condition under an experiment: a column of words may have several.
  func conditions(of experiment: Experiment) -> Int {
    self?.width(ofLast: experiment.conditionCount) ?? experiment.conditionCount
  }
}
