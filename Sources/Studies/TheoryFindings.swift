internal import Configuration
package import Files
internal import Foundation
package import Reports
internal import Runs

/// What a study found: tables and pictures.
package struct TheoryFindings {
  /// A cell of a table.
  package enum Cell {
    case number(Double)
    case text(String)
  }

  /// One table.
  package struct Table {
    package var name: String
    package var note = ""
    package var columns: [String]
    package var rows: [[Cell]] = []
  }

  package var tables: [Table] = []
  package var panels: [(name: String, panel: CurvePanel)] = []

  package mutating func add(_ name: String, note: String = "", _ columns: [String], _ rows: [[Cell]]) {
    tables.append(Table(name: name, note: note, columns: columns, rows: rows))
  }

  /// Aligned columns, table after table.
  package var text: String {
    tables.map { table in
      let note = table.note.isEmpty ? [] : [table.note]
      let plain = TextTable(title: "", header: table.columns, rows: table.rows.map { $0.map(\.text) }).plain
      return ([table.name] + note).joined(separator: "\n") + "\n" + plain
    }.joined(separator: "\n")
  }

  /// One line a row: the table's name and the row's cells by their columns.
  package var json: String {
    tables.flatMap { table in
      table.rows.map { row in
        let members = zip(table.columns, row).map { JSONValue.Member($0, $1.json) }
        return JSONValue.object([JSONValue.Member("table", .string(table.name))] + members).description + "\n"
      }
    }.joined()
  }

  /// Writes the pictures with their scripts and data; says which could not be drawn.
  package func draw(in folder: String) throws -> String {
    try makeFolder(folder)
    let gnuplot = Gnuplot()
    var words = ""
    for (name, panel) in panels {
      switch try gnuplot.draw(panel.plot(name: name), in: URL(fileURLWithPath: folder)) {
      case .picture: words += "picture: \(folder)/\(name).\(gnuplot.pixels ? "png" : "svg")\n"
      case .missing(let reason): words += "no picture of \(name): \(reason)\n"
      }
    }
    return words
  }
}

extension TheoryFindings.Cell {
  package var text: String {
    switch self {
    case .number(let value): short(value)
    case .text(let text): text
    }
  }

  package var json: JSONValue {
    switch self {
    case .number(let value): .real(value)
    case .text(let text): .string(text)
    }
  }
}

/// Numbers as cells.
package func cells(_ values: Double...) -> [TheoryFindings.Cell] { values.map { .number($0) } }

extension CurvePanel.Series {
  /// A marked curve through (x, y).
  package init(_ name: String, _ x: [Double], _ y: [Double], marked: Bool = true) {
    self.init(name: name, points: zip(x, y).map { (x: $0, y: $1) }, style: marked ? .marked : .lines)
  }
}
