internal import Configuration
internal import Files
internal import RealFunctions
internal import Targets

/// What is seen of one column when all rows of a table are read once.
struct ColumnSurvey {
  /// The most words of a category.
  static let mostWords = 1_000
  /// The most different whole numbers that are taken for names, such as years or grades.
  private static let mostCodes = 10

  private(set) var rows = 0
  private(set) var missing = 0
  /// The first word by which a cell said that there is no number.
  private(set) var missingWord: String?
  /// The different cells, missing ones left out, and how often each occurs; no more are added than can be words.
  private(set) var words: [String: Int] = [:]
  private(set) var hasManyWords = false
  private(set) var (numbers, zeros, above): (Int, Int, Int) = (0, 0, 0)
  private(set) var isWhole = true
  /// The first cell that holds neither a number nor nothing, and its line in the file.
  private var firstText: (text: String, line: Int)?
  private(set) var (least, largest) = (Double.infinity, -Double.infinity)
  private var (sum, logarithms) = (0.0, 0.0)
  private var decimals: Int? = 0

  /// Takes a cell.
  mutating func add(_ cells: TableCells, _ column: Int, isMissing: Bool) {
    rows += 1
    let text = cells.text(column)
    guard !isMissing else {
      missing += 1
      missingWord = missingWord ?? text
      return
    }
    if words[text] != nil || words.count <= Self.mostWords { words[text, default: 0] += 1 } else { hasManyWords = true }
    guard let value = cells.value(column) else {
      firstText = firstText ?? (text, cells.number)
      return
    }
    numbers += 1
    if value == 0 { zeros += 1 }
    if value > 0 {
      above += 1
      logarithms += log(value)
    }
    isWhole = isWhole && value == value.rounded()
    (least, largest, sum) = (min(least, value), max(largest, value), sum + value)
    if let shown = cells.decimals(column), let most = decimals { decimals = max(most, shown) } else { decimals = nil }
  }

  /// Whether every cell that is not missing holds a number.
  var isNumeric: Bool { numbers == rows - missing && numbers > 0 }

  /// What the column is taken for unless the experiment says it.
  var content: ColumnContent {
    // A few words among numbers are rather slips of the pen than names.
    guard isNumeric else { return 2 * numbers > rows - missing ? .values(.number) : .category }
    if isWhole, words.count <= Self.mostCodes, !hasManyWords { return .category }
    if zeros * 2 >= numbers, zeros + above == numbers { return .zeroOrPositive }
    if !atoms.isEmpty { return .atomOrNumber }
    return .values(isWhole ? .integer : .number)
  }

  /// The numbers that occur far more often than others, as their cells have them: in one of 50 rows, and in 100 rows, and three times as
  /// often as the average number.
  private var atoms: [String] {
    let least = max(Double(numbers) / 50, 100, 3 * Double(numbers) / Double(max(words.count, 1)))
    return words.filter { Double($0.value) >= least }.compactMap { word, _ in Double(word).map { (word, $0) } }
      .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
  }

  /// The column, holding what is said of it.
  ///
  /// - Parameters:
  ///   - name: the column's name.
  ///   - content: what it holds.
  ///   - place: the number of the column from 0, and the file, for messages.
  /// - Returns: the column.
  /// - Throws: `ToolError` where the cells are not what is said.
  func column(
    _ name: String, _ content: ColumnContent, at place: (number: Int, path: String)
  ) throws(ToolError) -> TableColumn {
    let title = "column \(place.number + 1) (\(shortened(name)))"
    let digits = decimals.flatMap { $0 <= 12 ? $0 : nil }
    func numeric(fill: Double) throws(ToolError) -> TableColumn {
      if let (text, line) = firstText {
        throw .data(
          Place(place.path, line: line),
          "\(title) holds \(quoted(text)), where a number is expected; correct it, call the column category in data.columns, or "
            + "add the word to data.missing")
      }
      guard numbers > 0 else {
        throw .configuration(
          Place(place.path), "\(title) holds no number: all its cells are missing; call it ignored in data.columns")
      }
      return TableColumn(name: name, content: content, missing: missingWord, fill: fill, decimals: digits)
    }
    switch content {
    case .values(let kind):
      return try numeric(fill: kind.outer(kind.inner(sum / Double(max(numbers, 1)))))
    case .zeroOrPositive: return try numeric(fill: exp(logarithms / Double(max(above, 1))))
    case .atomOrNumber:
      var column = try numeric(fill: sum / Double(max(numbers, 1)))
      column.words = atoms
      guard !atoms.isEmpty else {
        throw .configuration(
          Place(place.path),
          "\(title) has no atoms: no number stands in 100 rows, in one of 50 and three times as often as others; call it number or "
            + "integer in data.columns")
      }
      return column
    case .ignored: return TableColumn(name: name, content: content)
    case .category:
      guard !hasManyWords, words.count <= Self.mostWords, words.count < 10 || 2 * words.count <= rows else {
        throw .configuration(
          Place(place.path),
          "\(title) holds \(hasManyWords ? "more than \(Self.mostWords)" : "\(words.count)") different words in \(rows) rows, too many for "
            + "a category; call it ignored in data.columns")
      }
      let all = Set(words.keys).union(missingWord.map { [$0] } ?? [])
      let sorted = all.sorted { a, b in
        if let x = Double(a), let y = Double(b), x != y { return x < y }
        return a < b
      }
      return TableColumn(name: name, content: content, words: sorted)
    }
  }

  /// What a person is told of the column: range or words, and the share that is missing.
  func facts(_ column: TableColumn) -> [String] {
    let share = missing == 0 ? "" : "\(short(100 * Double(missing) / Double(rows))) %"
    let found: String
    switch column.content {
    case .values, .zeroOrPositive: found = "\(short(least)) to \(short(largest))"
    case .atomOrNumber:
      found = "\(short(least)) to \(short(largest)), often " + shortened(column.words.joined(separator: ", "))
    case .category:
      found = "\(counted(column.words.count, "word")): " + shortened(column.words.joined(separator: ", "))
    case .ignored: found = ""
    }
    return [shortened(column.name), column.content.words, found, share]
  }
}

extension TableEncoding {
  /// Reads a table once, and decides what each column holds.
  ///
  /// - Parameters:
  ///   - table: the file.
  ///   - named: what the experiment says that columns hold, by name or number from 0.
  ///   - levels: the number of levels of whole numbers that are not named; nil where they are none.
  ///   - conditions: columns that condition, by name or number; they come last, in this order.
  ///   - missing: the words that stand for no number.
  /// - Returns: the encoding, and what is to be told of it.
  /// - Throws: `ToolError.configuration` naming a column that cannot be used.
  static func survey(
    _ table: TableFile, named: [(column: String, content: ColumnContent)], levels: Int?, conditions: [String],
    missing: Set<String>
  ) throws -> (encoding: TableEncoding, survey: [[String]]) {
    var surveys = [ColumnSurvey](repeating: ColumnSurvey(), count: table.dimension)
    try table.forEachRow { _, cells in
      for column in surveys.indices {
        surveys[column].add(cells, column, isMissing: missing.contains(cells.text(column)))
      }
    }
    let names = table.columnNames ?? (0..<table.dimension).map(String.init)
    func index(_ column: String, _ key: String) throws(ToolError) -> Int {
      if let index = names.firstIndex(of: column) ?? Int(column), names.indices.contains(index) { return index }
      throw .configuration(
        Place(key),
        "\(quoted(column)) is no column of the data; its columns are \(shortened(names.joined(separator: ", ")))")
    }
    var contents = surveys.map { survey in
      levels.flatMap { survey.isNumeric && survey.isWhole ? ColumnContent.values(.levels(count: $0)) : nil }
        ?? survey.content
    }
    var seen = Set<Int>()
    for (column, content) in named {
      let place = try index(column, "data.columns")
      guard seen.insert(place).inserted else {
        throw ToolError.configuration(Place("data.columns"), "names column \(quoted(column)) twice")
      }
      contents[place] = content
    }
    var last: [Int] = []
    for name in conditions {
      let place = try index(name, "data.conditions")
      guard !last.contains(place) else {
        throw ToolError.configuration(Place("data.conditions"), "names column \(quoted(name)) twice")
      }
      last.append(place)
      // A number without gaps may condition whatever it would be taken for.
      if surveys[place].isNumeric, surveys[place].missing == 0, !seen.contains(place) {
        contents[place] = .values(surveys[place].isWhole ? .integer : .number)
      }
    }
    let order = surveys.indices.filter { !last.contains($0) } + last
    let columns = try order.map { place -> TableColumn in
      try surveys[place].column(names[place], contents[place], at: (place, table.path))
    }
    let encoding = TableEncoding(columns: columns, order: order)
    for (column, range) in zip(columns, encoding.ranges).suffix(last.count) where range.isEmpty {
      throw ToolError.configuration(
        Place("data.conditions"),
        "names \(quoted(column.name)), "
          + (column.content == .ignored ? "which data.columns ignores" : "a column of one word alone")
          + ": leave it out")
    }
    guard encoding.dimension > encoding.width(ofLast: last.count) else {
      throw ToolError.configuration(Place(table.path), "has no column that can be learned: none varies")
    }
    return (encoding, zip(columns, order).map { surveys[$1].facts($0) })
  }
}
