internal import Configuration
internal import Files
internal import Targets

/// A row of which some cells are missing, as a network is given it.
struct GivenRow: Sendable {
  /// What is known of it, in trained coordinates.
  var known: (columns: [Int], values: [Double]) = ([], [])
  /// The numbers of its data columns in the data's units, encoded as those of the run; nil in cells to be filled in.
  var numbers: [Double?]
  /// Its conditions, in trained coordinates.
  var conditions: [Float] = []
  /// The trained columns of words that no filled cell may hold.
  var excluded: [Int] = []
  /// Whether no cell is missing.
  var isWhole = true
}

/// The rows of a table whose missing cells are to be filled in.
struct GivenRows: Sendable {
  let table: TableFile
  /// The run's columns, with their numbers in this file; −1 for a column that is ignored and left out.
  let encoding: TableEncoding
  /// The texts of cells in which there is nothing.
  let missing: Set<String>
  private(set) var rows: [GivenRow] = []
  /// What users should know of the table: lines to be shown.
  private(set) var remarks: [String]
  private let data: DataSet.Description
  /// Of each trained column, how many numbers lie far from the data, and the first of them.
  private var far: [Int: (count: Int, value: Double, trained: Double)] = [:]

  /// Reads a table with the columns of a run, in any order where both have names.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - data: what the run was trained on.
  ///   - experiment: the run's, for the words of missing cells and the columns that condition.
  /// - Throws: `ToolError.data` naming the line and column of a cell that the run cannot have.
  init(_ path: String, _ data: DataSet.Description, _ experiment: Experiment) throws {
    guard let table = try openRows(path, header: experiment.data.header) as? TableFile else {
      throw ToolError.data(
        Place(path), "is no table of text: cells can be missing in files that end in .csv, .tsv, .txt or .dat")
    }
    (self.table, self.data, missing) = (table, data, experiment.data.missingWords)
    remarks = table.remarks
    if let learned = data.table {
      encoding = try learned.of(table)
    } else {
      let names = data.columnNames ?? (1...data.dimension + data.conditions).map { "x\($0)" }
      let columns = names.enumerated().map { number, name in
        let kind = data.kind(number)
        return TableColumn(name: name, content: .values(kind), decimals: kind.isWhole ? 0 : nil)
      }
      let last = experiment.data.conditions.names
      var usual = Array(columns.indices)
      if !last.isEmpty, table.dimension == columns.count {
        usual = try OrderedRows(table, last: last, key: "data.conditions").order
      }
      encoding = try TableEncoding(columns: columns, order: usual).of(table, isNamed: data.columnNames != nil)
    }
    try table.forEachRow { _, cells in
      let given = try row(cells)
      rows.append(given)
    }
    guard data.rows > 0 else { return }
    remarks += far.sorted { $0.key < $1.key }.map { column, found in
      let others = found.count == 1 ? "" : ", and \(found.count - 1) more,"
      let words = data.farWords(column, found.value, trained: found.trained, others: others)
      return "warning: --complete \(shortened(path)): \(words)"
    }
  }

  /// What is known of a row.
  private mutating func row(_ cells: TableCells) throws(ToolError) -> GivenRow {
    var row = GivenRow(numbers: Array(repeating: nil, count: data.dimension))
    for (place, column) in encoding.columns.enumerated() where column.content != .ignored {
      let (number, range) = (encoding.order[place], encoding.ranges[place])
      func fault(_ words: String) -> ToolError {
        .data(Place(table.path, line: cells.number), "column \(number + 1) (\(shortened(column.name))) \(words)")
      }
      let (isMissing, isCondition) = (missing.contains(cells.text(number)), range.lowerBound >= data.dimension)
      if !isMissing || isCondition {
        guard let values = column.encode(cells.text(number), cells.value(number), isMissing: isMissing) else {
          guard isMissing else { throw column.refusal(cells, number, in: table.path) }
          throw fault("is missing, but the run was trained with it as a condition, which must be given; fill it in")
        }
        for (j, value) in zip(range, values) {
          let trained = data.trained(value, j)
          guard Float(trained).isFinite else {
            throw fault("holds \(quoted(cells.text(number))), beyond single precision (3.4e38) in trained units")
          }
          note(j, value, trained)
          guard j < data.dimension else {
            row.conditions.append(Float(trained))
            continue
          }
          row.numbers[j] = value
          row.known.columns.append(j)
          row.known.values.append(trained)
        }
        continue
      }
      guard let (known, excluded) = column.filled(missing) else {
        throw fault("is missing, and the run knows no word to fill in: all its cells were missing; leave the row out")
      }
      row.isWhole = false
      row.excluded += excluded.map { range.lowerBound + $0 }
      for (k, value) in known {
        row.known.columns.append(range.lowerBound + k)
        row.known.values.append(data.trained(value, range.lowerBound + k))
      }
    }
    return row
  }

  private mutating func note(_ column: Int, _ value: Double, _ trained: Double) {
    guard data.kind(column) != .indicator, data.isFar(column, trained: trained) else { return }
    if let found = far[column] {
      far[column] = (found.count + 1, found.value, found.trained)
    } else {
      far[column] = (1, value, trained)
    }
  }
}

extension TableColumn {
  /// What is known of the trained columns of a cell that is to be filled in, which is that it will not be missing.
  ///
  /// - Parameter missing: the words that stand for nothing.
  /// - Returns: places among the trained columns with their numbers, and the places of words that must not be filled in; nil
  ///   where no word is left.
  fileprivate func filled(_ missing: Set<String>) -> (known: [(place: Int, value: Double)], excluded: [Int])? {
    switch content {
    case .values: return (self.missing == nil ? [] : [(1, 0)], [])
    case .zeroOrPositive: return (self.missing == nil ? [] : [(2, 0)], [])
    case .atomOrNumber:
      let absent = self.missing == nil ? [] : [self.words.count + 1]
      return (absent.map { ($0, 0) }, absent)
    case .ignored: return ([], [])
    case .category:
      let absent = words.indices.filter { missing.contains(words[$0]) }
      guard absent.count < words.count else { return nil }
      if words.count > 2 { return (absent.map { ($0, 0) }, absent) }
      // Two words have one column, which is 1 for the second.
      return (absent.map { (0, $0 == 0 ? 1 : 0) }, [])
    }
  }
}

extension ColumnKind {
  /// Whether its numbers are whole.
  fileprivate var isWhole: Bool {
    switch self {
    case .integer, .indicator, .levels: true
    case .number, .positive, .bounded: false
    }
  }
}
