internal import Files
internal import Targets

/// What a column of a mixed table holds, and the trained columns that stand for it.
///
/// ```
/// number of a kind      NAME                            where cells are missing, NAME is missing (0 or 1) as well
/// category              NAME = WORD for each word; one column for two words, none for one
/// zero-or-positive      NAME > 0 (0 or 1), NAME         NAME is ln x where it is above 0
/// atom-or-number        NAME = ATOM for each atom, NAME is another, NAME is missing where cells are (0 or 1), NAME
/// ignored               none
/// ```
/// A missing cell is a word of its own among the words of a category. A number that a row does not have, because the cell is
/// missing, 0 or an atom, is trained as `fill`, and never shown.
struct TableColumn: Sendable, Equatable {
  /// The column's name.
  let name: String
  let content: ColumnContent
  /// The words of a category, or the atoms among numbers, in order.
  var words: [String] = []
  /// The word by which the file says that there is no number; nil where no cell is missing.
  var missing: String?
  /// What is trained where a row has no number.
  var fill = 0.0
  /// How many decimals numbers show; nil for as many as it takes.
  var decimals: Int?

  /// The names and kinds of the trained columns.
  var trained: [(name: String, kind: ColumnKind)] {
    let absent = missing == nil ? [] : [("\(name) is missing", ColumnKind.indicator)]
    switch content {
    case .values(let kind): return [(name, kind)] + absent
    case .zeroOrPositive: return [("\(name) > 0", .indicator), (name, .positive)] + absent
    case .category:
      return (words.count < 3 ? Array(words.dropFirst()) : words).map { ("\(name) = \($0)", .indicator) }
    case .atomOrNumber:
      return words.map { ("\(name) = \($0)", .indicator) } + [("\(name) is another", .indicator)] + absent
        + [(name, .number)]
    case .ignored: return []
    }
  }

  /// The places of trained columns of which exactly one is 1; empty where there are no such columns.
  var oneOfSeveral: Range<Int> {
    switch content {
    case .category: words.count < 3 ? 0..<0 : words.indices
    case .atomOrNumber: 0..<trained.count - 1
    case .values, .zeroOrPositive, .ignored: 0..<0
    }
  }

  /// The trained columns of a cell; nil for a cell that the column cannot hold.
  ///
  /// - Parameters:
  ///   - text: the cell.
  ///   - value: the number that it holds; nil for other text.
  ///   - isMissing: whether it says that there is nothing.
  /// - Returns: a number for each trained column.
  func encode(_ text: String, _ value: @autoclosure () -> Double?, isMissing: Bool) -> [Double]? {
    let flag = missing == nil ? [] : [isMissing ? 1.0 : 0]
    guard !isMissing || missing != nil || content == .category || content == .ignored else { return nil }
    switch content {
    case .values(let kind):
      if isMissing { return [fill] + flag }
      guard let value = value(), kind.contains(value) else { return nil }
      return [value] + flag
    case .zeroOrPositive:
      if isMissing { return [0, fill] + flag }
      guard let value = value(), value >= 0 else { return nil }
      return [value > 0 ? 1 : 0, value > 0 ? value : fill] + flag
    case .category:
      guard let place = words.firstIndex(of: text) else { return nil }
      return words.count < 3 ? (1..<words.count).map { $0 == place ? 1 : 0 } : words.indices.map { $0 == place ? 1 : 0 }
    case .atomOrNumber:
      let value = isMissing ? nil : value()
      guard isMissing || value?.isFinite == true else { return nil }
      let atom = words.firstIndex { isMissing ? false : Double($0) == value }
      let place = isMissing ? words.count + 1 : atom ?? words.count
      return oneOfSeveral.map { $0 == place ? 1 : 0 } + [place == words.count ? value ?? fill : fill]
    case .ignored: return []
    }
  }

  /// Makes trained columns those of one cell: one word, and no number where there is none.
  ///
  /// - Parameter values: in the data's units, numbers already of their kind, indicators any number.
  func settle(_ values: inout ArraySlice<Double>) {
    let first = values.startIndex
    func flag(_ place: Int) -> Double { values[first + place] >= 0.5 ? 1 : 0 }
    switch content {
    case .values(let kind):
      values[first] = shown(values[first], kind)
      guard missing != nil else { return }
      values[first + 1] = flag(1)
      if values[first + 1] == 1 { values[first] = fill }
    case .zeroOrPositive:
      values[first] = flag(0)
      values[first + 1] = shown(values[first + 1], .positive)
      if missing != nil { values[first + 2] = flag(2) }
      if missing != nil, values[first + 2] == 1 { values[first] = 0 }
      if values[first] == 0 { values[first + 1] = fill }
    case .category:
      guard words.count > 2 else {
        if words.count == 2 { values[first] = flag(0) }
        return
      }
      choose(values.indices, &values)
    case .atomOrNumber:
      let last = values.endIndex - 1
      choose(first..<last, &values)
      values[last] = values[first + words.count] == 1 ? shown(values[last], .number) : fill
    case .ignored: return
    }
  }

  /// Makes the largest of some columns 1, and the others 0.
  private func choose(_ columns: Range<Int>, _ values: inout ArraySlice<Double>) {
    let largest = columns.max { values[$0] < values[$1] }
    for k in columns { values[k] = k == largest ? 1 : 0 }
  }

  /// A number with the column's decimals, where that leaves it of its kind.
  private func shown(_ value: Double, _ kind: ColumnKind) -> Double {
    // By its text: the nearest double to the decimal.
    guard let decimals, let near = Double(fixed(value, decimals)), kind.contains(near) else { return value }
    return near
  }

  /// The cell of settled trained columns.
  func text(_ values: ArraySlice<Double>) -> String {
    let first = values.startIndex
    switch content {
    case .values:
      if missing != nil, values[first + 1] == 1 { return missing ?? "" }
      return number(values[first])
    case .zeroOrPositive:
      if let missing, values[first + 2] == 1 { return missing }
      return values[first] == 0 ? "0" : number(values[first + 1])
    case .category:
      guard words.count > 1 else { return words[0] }
      if words.count == 2 { return words[values[first] == 1 ? 1 : 0] }
      return words[(values.firstIndex(of: 1) ?? first) - first]
    case .atomOrNumber:
      let place = oneOfSeveral.first { values[first + $0] == 1 } ?? words.count
      if place == words.count { return number(values[values.endIndex - 1]) }
      return place < words.count ? words[place] : missing ?? ""
    case .ignored: return ""
    }
  }

  private func number(_ value: Double) -> String { decimals.map { fixed(value, $0) } ?? "\(value)" }
}
