internal import Files

/// A table of texts.
package struct TextTable: Sendable {
  /// The heading.
  package var title: String
  /// One sentence on what is shown; may be empty.
  package var note: String
  /// The columns' headings.
  package var header: [String]
  /// The rows, each as long as the header.
  package var rows: [[String]]

  /// A table from its parts.
  package init(title: String, note: String = "", header: [String], rows: [[String]]) {
    self.title = title
    self.note = note
    self.header = header
    self.rows = rows
  }

  /// For terminals: columns as wide as their widest cell, two blanks apart, each line without blanks at its end.
  package var plain: String {
    let lines = [header] + rows
    let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      let cells = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }

  /// The section.
  package var html: String {
    let text = note.isEmpty ? "" : "<p class=\"soft\">\(escapedHTML(note))</p>"
    return "<section><h2>\(escapedHTML(title))</h2>\(text)\n\(body)</section>"
  }

  /// The table alone; on a narrow screen it scrolls by itself.
  package var body: String {
    func line(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\(escapedHTML($0))</\(tag)>" }.joined() + "</tr>"
    }
    return "<div class=\"wide\"><table>" + line(header, "th") + rows.map { line($0, "td") }.joined(separator: "\n")
      + "</table></div>"
  }
}
