package import Targets

/// Kinds of columns, by name or number from 0.
package struct ColumnKinds: Sendable, Equatable {
  /// A column and what it holds.
  package struct Entry: Sendable, Equatable {
    package var column: String
    package var content: ColumnContent

    package init(column: String, content: ColumnContent) { (self.column, self.content) = (column, content) }
  }

  /// The kinds as written; of other columns a table of numbers has numbers, and a mixed table what is found there.
  package var entries: [Entry]

  /// A list, empty unless kinds are given.
  package init(_ entries: [Entry] = []) { self.entries = entries }

  /// Whether any column is no plain number.
  package var isEmpty: Bool { entries.allSatisfy { $0.content == .values(.number) } }
}

extension Value {
  /// A name and what is said of it.
  package struct Member: Sendable, Equatable {
    package var name: String
    package var text: String

    package init(name: String, text: String) { (self.name, self.text) = (name, text) }
  }
}

extension ColumnKinds: KeyValue {
  package static var shape: Shape { .kinds }
  package static var isOptional: Bool { true }
  package init?(_ value: Value) {
    if value == .absent {
      self.init()
      return
    }
    guard case .members(let members) = value else { return nil }
    let entries = members.compactMap { member in
      ColumnContent(member.text).map { Entry(column: member.name, content: $0) }
    }
    guard entries.count == members.count else { return nil }
    self.init(entries)
  }
  package var value: Value {
    entries.isEmpty ? .absent : .members(entries.map { .init(name: $0.column, text: $0.content.words) })
  }
}
