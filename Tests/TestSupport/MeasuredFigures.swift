internal import Foundation

/// How a measured figure of a page is tied to what made it: `<!-- figures KIND: COMMAND -->` above the figure.
package struct FigureTie: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// The tests run the command and compare.
    case rerun
    /// `launch/record.sh NAME` ran the command, and the tests compare with what it left in `docs/figures/records`.
    case record(String)
    /// Measured by the command at some time; the tests do not run it.
    case once
    /// Times and speeds of a machine.
    case machine
    /// Measured by what is no part of this project: words in place of a command.
    case elsewhere
  }

  package let kind: Kind
  package let command: String

  /// The tie that a line is; an error where it is meant to be one and is not.
  package init?(line: Substring) throws {
    guard line.hasPrefix("<!-- figures") else { return nil }
    guard let match = line.wholeMatch(of: /<!-- figures (\S+)(?: (\S+))?: (.+) -->/) else {
      throw FigureError("no tie: \(line)")
    }
    let name = match.2.map(String.init)
    switch (String(match.1), name) {
    case ("rerun", nil): kind = .rerun
    case ("record", let name?): kind = .record(name)
    case ("once", nil): kind = .once
    case ("machine", nil): kind = .machine
    case ("elsewhere", nil): kind = .elsewhere
    default: throw FigureError("no kind of tie: \(line)")
    }
    command = String(match.3)
  }
}

package struct FigureError: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// A table or a paragraph of a page, with the ties above it.
package struct FigureBlock: Sendable, CustomStringConvertible {
  /// The page and the block's first line.
  package let description: String
  package let ties: [FigureTie]
  /// A table's rows without its head, or a paragraph's lines.
  package let lines: [String]
  package let isTable: Bool

  /// The blocks of a page's prose; code is left out.
  package static func all(of page: String, text: String) throws -> [FigureBlock] {
    var (blocks, ties, lines): ([FigureBlock], [FigureTie], [String]) = ([], [], [])
    var (begin, isCode) = (0, false)
    func close() {
      guard let first = lines.first else { return }
      let isTable = first.hasPrefix("|")
      let body = isTable ? Array(lines.dropFirst(2)) : lines
      blocks.append(FigureBlock(description: "\(page):\(begin)", ties: ties, lines: body, isTable: isTable))
      (ties, lines) = ([], [])
    }
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let tie = try FigureTie(line: line)
      if line.hasPrefix("```") { isCode.toggle() }
      let isBlank = line.isEmpty || line.hasPrefix("```") || isCode || tie != nil
      if isBlank || lines.first.map({ $0.hasPrefix("|") != line.hasPrefix("|") }) ?? false { close() }
      if let tie { ties.append(tie) }
      guard !isBlank else { continue }
      if lines.isEmpty { begin = number + 1 }
      lines.append(String(line))
    }
    close()
    guard ties.isEmpty else { throw FigureError("\(page): a tie without a figure below it") }
    return blocks
  }

  /// Whether the block has what only a measurement gives: a deviation, or a table two cells that are numbers with decimals
  /// or units.
  package var isMeasured: Bool {
    let text = lines.joined(separator: "\n")
    if text.contains(/[0-9] ± \.?[0-9]/) { return true }
    guard isTable else { return false }
    let cells = lines.flatMap { $0.split(separator: "|") }
    return cells.filter { $0.contains(/^\s*[−-]?[0-9]*(?:\.[0-9]+|[0-9] (?:%|s|ms)(?![a-z]))/) }.count > 1
  }

  /// The block's lines, or a paragraph's figures, that an output does not have.
  package func missing(from output: String) -> [String] {
    let printed = output.split(separator: "\n").map(String.init)
    if isTable {
      let (whole, numbers) = (Set(printed), printed.map(PrintedNumber.all))
      return lines.filter { row in
        if whole.contains(row) { return false }
        // The output is no table of this form: all numbers of the row stand in one line of it, as the row rounds them.
        let wanted = PrintedNumber.all(in: row).filter { $0.decimals > 0 }
        return wanted.isEmpty || !numbers.contains { line in wanted.allSatisfy { line.contains(where: $0.isRounding) } }
      }
    }
    let numbers = PrintedNumber.all(in: output)
    // What stands behind "=" is a setting and no figure.
    let text = lines.joined(separator: " ").replacing(/[=∈] \{?[−-]?[0-9.]+[0-9](?:, [0-9.]+[0-9])*/, with: "")
    return PrintedNumber.all(in: text).filter { figure in
      figure.decimals > 0 && !numbers.contains(where: figure.isRounding)
    }.map(\.text)
  }

  /// The rows of a table that an output prints, and not the page.
  package func unknownRows(of output: String) -> [String] {
    let rows = output.split(separator: "\n").map(String.init).filter { $0.hasPrefix("|") }
    // A head is followed by its rule.
    let heads = rows.indices.filter { $0 + 1 < rows.count && rows[$0 + 1].hasPrefix("|---") }
    return rows.indices.filter { !heads.contains($0) && !rows[$0].hasPrefix("|---") && !lines.contains(rows[$0]) }
      .map { rows[$0] }
  }
}

/// A number as it stands in a text.
package struct PrintedNumber {
  package let text: String
  package let value: Double
  /// Digits behind the point.
  package let decimals: Int

  package static func all(in text: String) -> [PrintedNumber] {
    // Behind a letter, a digit or a point no number begins.
    let number =
      /(?:^|[^\w.])([−-]?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)(?:e[+-]?[0-9]+)?)/
    return text.matches(of: number).compactMap {
      let text = $0.1.replacing("−", with: "-").replacing(",", with: "")
      guard let value = Double(text) else { return nil }
      let digits = text.split(separator: ".", omittingEmptySubsequences: false)
      let decimals = text.contains("e") || digits.count < 2 ? 0 : digits[1].count
      return PrintedNumber(text: String($0.1), value: value, decimals: decimals)
    }
  }

  /// Whether this is the other number, rounded to as many decimals as this one shows.
  package func isRounding(of other: PrintedNumber) -> Bool {
    String(format: "%.\(decimals)f", other.value) == String(format: "%.\(decimals)f", value)
  }
}
