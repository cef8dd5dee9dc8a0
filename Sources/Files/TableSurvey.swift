/// A look at the first thousand rows of a table whose first line holds nothing but numbers, to tell whether it is a row.
///
/// Programs also write numbers as names: pandas numbers its columns, and tables of years or wavelengths name theirs by
/// them.
struct TableSurvey {
  /// Rows that are looked at below the first line.
  private static let most = 1_000
  /// Rows below the first line without which it is compared with nothing.
  private static let fewest = 5
  private static let years = 1500.0...2200.0

  /// The first line's fields, safe to print.
  private(set) var names: [String] = []
  private let path: String
  private let separator: UInt8
  private let firstLine: Int
  private var numbers: [Double] = []
  /// Whether fields of the first line stand in quotes, and any below.
  private var (hasQuotes, hasQuotesBelow) = (false, false)
  /// Whether every field of the first line is a whole number, and of each column below whether all have a point.
  private var isWhole = false
  private var isPointed: [Bool] = []
  private var (least, largest): ([Double], [Double]) = ([], [])
  private var hasYearsBelow = false
  private var rows = 0
  private var second: [Double] = []
  /// Whether commas may be decimal signs throughout, and the first line that can hardly be anything else.
  private var mayBeDecimals: Bool
  private var decimals: (line: Int, text: String)?
  /// The digits after each second comma, where they are as many throughout.
  private var digits: Int?

  /// Reads the first line of numbers and those below it.
  init(_ path: String, _ opening: TableOpening) throws(ToolError) {
    self.path = path
    separator = opening.separator
    firstLine = opening.linesBefore + 1
    mayBeDecimals = separator == UInt8(ascii: ",") && opening.dimension % 2 == 0
    var lines = try LineReader(path)
    while rows <= Self.most, let bytes = try lines.next() {
      guard lines.line > opening.linesBefore, !TableOpening.isComment(bytes) else { continue }
      guard let line = try? TableLine(bytes, separator: separator), line.fields.count == opening.dimension
      else { break }
      if lines.line == firstLine { begin(line) } else { add(line) }
      lookForDecimals(line, lines.line)
    }
  }

  private mutating func begin(_ line: TableLine) {
    names = line.fields.indices.map { printable(line.text($0)) }
    numbers = line.fields.map { number(line.bytes[$0.range]) }
    hasQuotes = line.fields.allSatisfy(\.isQuoted)
    isWhole = line.fields.allSatisfy { isPlain(line.bytes[$0.range]) }
    isPointed = names.map { _ in true }
    least = names.map { _ in .infinity }
    largest = names.map { _ in -.infinity }
  }

  private mutating func add(_ line: TableLine) {
    rows += 1
    for (column, field) in line.fields.enumerated() {
      let bytes = line.bytes[field.range]
      let value = number(bytes)
      hasQuotesBelow = hasQuotesBelow || field.isQuoted
      isPointed[column] = isPointed[column] && !isPlain(bytes)
      least[column] = min(least[column], value)
      largest[column] = max(largest[column], value)
      hasYearsBelow = hasYearsBelow || Self.years.contains(value)
      if rows == 1 { second.append(value) }
    }
  }

  private func number(_ bytes: ArraySlice<UInt8>) -> Double {
    isDecimal(bytes) ? Double(String(decoding: bytes, as: UTF8.self)) ?? .nan : .nan
  }

  /// Digits alone, with or without a sign.
  private func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
    let digits = bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") ? bytes.dropFirst() : bytes
    return !digits.isEmpty && digits.allSatisfy(\.isDigit)
  }

  /// Why the first line holds names; nil where it is a row.
  var reasonForNames: String? {
    guard rows > 0, Set(names).count == names.count, numbers.allSatisfy(\.isFinite) else { return nil }
    if hasQuotes, !hasQuotesBelow { return "its numbers alone stand in quotes" }
    // A row of five or more consecutive whole numbers is no accident, unless the rows below go on like that.
    if isRun, names.count >= 5 { return "it counts \(names[0]), \(names[1]), …" }
    guard rows >= Self.fewest else { return nil }
    if isWhole, 2 * isPointed.count(where: { $0 }) > names.count {
      return "it holds whole numbers above columns of decimals"
    }
    guard names.count > 1, zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
    if isWhole, numbers.allSatisfy(Self.years.contains), !hasYearsBelow { return "it holds years above other numbers" }
    // Far outside of what is below in every column: ten times the width of the column.
    let isFar = numbers.indices.allSatisfy { j in
      let width = largest[j] - least[j]
      return max(least[j] - numbers[j], numbers[j] - largest[j]) > 10 * width && width > 0
    }
    return isFar ? "its numbers lie far from those below" : nil
  }

  /// Whether the first line counts, and the second does not go on like that.
  private var isRun: Bool {
    func counts(_ row: [Double]) -> Bool { zip(row, row.dropFirst()).allSatisfy { $1 == $0 + 1 } }
    return isWhole && names.count > 1 && counts(numbers) && !counts(second)
  }

  /// Pairs of fields such as `-0,7175`: a whole number, then digits alone.
  private mutating func lookForDecimals(_ line: TableLine, _ number: Int) {
    guard mayBeDecimals else { return }
    for first in stride(from: 0, to: line.fields.count, by: 2) {
      let whole = line.bytes[line.fields[first].range]
      let part = line.bytes[line.fields[first + 1].range]
      let isPair = isPlain(whole) && !part.isEmpty && part.allSatisfy(\.isDigit) && !line.fields[first].isQuoted
      guard isPair else {
        mayBeDecimals = false
        return
      }
      digits = digits == nil || digits == part.count ? part.count : 0
      // No program writes a whole number as −0 or 05.
      let isNegativeZero = whole.first == UInt8(ascii: "-") && whole.dropFirst().allSatisfy { $0 == 0x30 }
      let isPadded = part.count > 1 && part.first == 0x30
      if decimals == nil, isNegativeZero || isPadded {
        decimals = (number, String(decoding: whole, as: UTF8.self) + "," + String(decoding: part, as: UTF8.self))
      }
    }
  }

  /// The refusal of a table whose commas are decimal signs.
  var decimalCommas: (line: Int, text: String)? {
    guard mayBeDecimals, let decimals else { return nil }
    return (
      decimals.line,
      "holds \(quoted(decimals.text)), a number with a decimal comma, while commas separate columns; "
        + "write decimals with a point (pandas reads such a file with decimal=\",\"), or name the columns in a first line"
    )
  }

  /// What cannot be told for sure.
  var doubt: String? {
    guard rows > 0 else { return nil }
    if isRun { return "line \(firstLine) counts by ones, but is read as a row; data.header: true reads it as names" }
    guard mayBeDecimals, let digits, digits > 1 else { return nil }
    return "each comma separates two columns of whole numbers; if they are decimal commas, write decimals with a point"
  }
}
