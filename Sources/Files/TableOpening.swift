/// What the first lines of a table say of it: its separator, its columns and their names.
struct TableOpening {
  /// What stands between fields.
  private(set) var separator = UInt8(ascii: ",")
  /// Columns.
  private(set) var dimension = 0
  /// The names, safe to print.
  private(set) var names: [String]?
  /// Lines before the first of numbers.
  private(set) var linesBefore = 0
  /// The line by which columns were counted.
  private var countedLine = 1
  private let path: String
  private var comments = 0
  private var guesses: [String] = []

  /// Reads the first lines.
  ///
  /// - Throws: `ToolError.data` for a file of no lines, and names that cannot be used.
  init(_ path: String, header: TableHeader) throws(ToolError) {
    self.path = path
    var lines = try LineReader(path)
    var comment: (bytes: [UInt8], line: Int)?
    var declared: UInt8?
    while let line = try lines.next() {
      if lines.line == 1, let found = try separator(declaredBy: line) {
        declared = found
      } else if Self.isComment(line) {
        comments += 1
        comment = (Array(line), lines.line)
      } else {
        let first = (bytes: Array(line), line: lines.line)
        let second = try lines.next().map(Array.init)
        separator = declared ?? Self.separator(of: first.bytes, before: second)
        try open(first, comment, header)
        return
      }
    }
    guard lines.line > 0 else { throw .data(Place(path), "is empty; a table starts with names or numbers") }
    throw .data(Place(path), "has no rows; add at least one below the names")
  }

  /// Whether a line begins with `#`.
  static func isComment(_ line: ArraySlice<UInt8>) -> Bool {
    line.first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: "#")
  }

  /// The separator that a spreadsheet's first line `sep=;` names, or nil for another line.
  private func separator(declaredBy line: ArraySlice<UInt8>) throws(ToolError) -> UInt8? {
    guard line.count == 5, String(decoding: line.prefix(4), as: UTF8.self).lowercased() == "sep=", let last = line.last
    else { return nil }
    guard [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09, TableLine.blank].contains(last) else {
      throw .data(
        Place(path, line: 1),
        "declares the separator \(quoted(latinText([last]))); fields are separated by commas, semicolons, tabs or blanks"
      )
    }
    return last
  }

  /// The separator by the first line that is no comment; where that has none, blanks may separate, if the line consists of
  /// numbers or the next one has as many words.
  private static func separator(of first: [UInt8], before second: [UInt8]?) -> UInt8 {
    if let found = TableLine.separator(of: first[...]) { return found }
    guard let words = try? TableLine(first[...], separator: TableLine.blank), words.fields.count > 1 else {
      return UInt8(ascii: ",")
    }
    let isNumbers = words.fields.allSatisfy { TableFile.isNumeric(words.bytes[$0.range]) }
    let next = second.flatMap { try? TableLine($0[...], separator: TableLine.blank) }
    return isNumbers || next?.fields.count == words.fields.count ? TableLine.blank : UInt8(ascii: ",")
  }

  private mutating func open(
    _ first: (bytes: [UInt8], line: Int), _ comment: (bytes: [UInt8], line: Int)?, _ header: TableHeader
  ) throws(ToolError) {
    countedLine = first.line
    do throws(Complaint) {
      let line = try TableLine(first.bytes[...], separator: separator)
      dimension = line.fields.count
      names = try names(line, header)
      if !line.isUnicode, names != nil { guessLatin(first.line) }
    } catch {
      throw .data(Place(path, line: first.line), error.text)
    }
    linesBefore = names == nil ? first.line - 1 : first.line
    guard names == nil else { return }
    if let comment, let found = names(inComment: comment.bytes) {
      names = found
      comments -= 1
      if String(validating: comment.bytes, as: UTF8.self) == nil { guessLatin(comment.line) }
      return
    }
    guard header == .automatic else { return }
    let survey = try TableSurvey(path, self)
    if let reason = survey.reasonForNames {
      names = survey.names
      linesBefore = first.line
      guesses.append(
        "line \(first.line) is read as names, because \(reason); data.header: false reads it as a row")
    } else if let complaint = survey.decimalCommas {
      throw .data(Place(path, line: complaint.line), complaint.text)
    } else if let doubt = survey.doubt {
      guesses.append(doubt)
    }
  }

  private mutating func guessLatin(_ line: Int) {
    let shown = shortened((names ?? []).joined(separator: ", "))
    guesses.append("line \(line) is not UTF-8 and is read as Latin-1: \(shown)")
  }

  /// The names in a line that is no comment, nil if it is one of numbers.
  private func names(_ line: TableLine, _ header: TableHeader) throws(Complaint) -> [String]? {
    let isNumber = line.fields.map { TableFile.isNumeric(line.bytes[$0.range]) }
    let isNumbers = !isNumber.contains(false)
    if header == .absent {
      if isNumbers { return nil }
      throw Complaint("is not a row of numbers, but data.header is false; set it to auto or true")
    }
    if isNumbers, header == .automatic { return nil }
    let names = line.fields.indices.map { printable(line.text($0)) }
    if let column = names.firstIndex(of: "") {
      throw Complaint(
        names.count == 1
          ? "is empty; a table starts with names or numbers"
          : "column \(column + 1) of \(names.count) has no name; "
            + (column + 1 == names.count
              ? "name it, or remove the separator at the end of each line"
              : "name it, or leave it out (pandas: index=False)"))
    }
    if header == .automatic, let column = isNumber.firstIndex(of: true) {
      let text = isNumber.firstIndex(of: false).map { quoted(line.text($0)) } ?? ""
      throw Complaint(
        "is neither names nor numbers: \(text) beside \(quoted(line.text(column))); name every column, or none, "
          + "or say by data.header: true that these are names")
    }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw Complaint("names two columns \(quoted(name)); rename one")
    }
    return names
  }

  /// The names in a comment such as `# a b`, where it has one for each column.
  private func names(inComment bytes: [UInt8]) -> [String]? {
    let text = bytes.drop { $0 == 0x20 || $0 == 0x09 }.drop { $0 == UInt8(ascii: "#") }
    guard let line = try? TableLine(text, separator: separator), line.fields.count == dimension else { return nil }
    let names = line.fields.indices.map { printable(line.text($0)) }
    let isNumber = line.fields.contains { TableFile.isNumeric(line.bytes[$0.range]) }
    return isNumber || names.contains("") || Set(names).count < names.count ? nil : names
  }

  /// What is wrong with a row of another number of fields.
  func complaint(ofCount count: Int) -> String {
    let text =
      "has \(counted(count, "column")), but line \(countedLine) has \(dimension); "
      + "columns are separated by \(TableLine.name(of: separator))"
    if separator == UInt8(ascii: ","), count == 2 * dimension {
      return text + "; if these are decimal commas, write decimals with a point"
    }
    guard names != nil, count == dimension + 1 else { return text }
    return text + "; if the first column holds the names of rows, leave them out (R: row.names=FALSE)"
  }

  /// What was guessed and left out, in lines that name the file.
  func remarks(comments later: Int) -> [String] {
    let count = comments + later
    let lines = count == 1 ? "1 line that begins" : "\(count) lines that begin"
    let left = count == 0 ? [] : ["note: \(path): \(lines) with # left out"]
    return guesses.map { "warning: \(path): \($0)" } + left
  }
}
