package import Targets

/// What an experiment file says of things that have names: of columns what they hold, of parameters their laws.
package struct NamedList<Item: NamedListItem>: Sendable, Equatable {
  /// A name and what is said of it.
  package struct Entry: Sendable, Equatable {
    package var name: String
    package var item: Item

    package init(_ name: String, _ item: Item) { (self.name, self.item) = (name, item) }
  }

  /// The entries as written.
  package var entries: [Entry]

  /// A list, empty unless entries are given.
  package init(_ entries: [Entry] = []) { self.entries = entries }
}

/// What can stand in a list of names: one text spells it.
package protocol NamedListItem: Sendable, Equatable {
  static var listShape: Shape { get }
  init?(_ words: String)
  var words: String { get }
}

/// Kinds of columns, by name or number from 0; of other columns a table of numbers has numbers, and a mixed table what is
/// found there.
package typealias ColumnKinds = NamedList<ColumnContent>
/// The prior of a simulator's parameters: independent laws, in the order of the parameters' columns.
package typealias ParameterPriors = NamedList<PriorLaw>

extension ColumnContent: NamedListItem {
  package static var listShape: Shape { .kinds }
}

extension PriorLaw: NamedListItem {
  package static var listShape: Shape { .laws }
}

extension ColumnKinds {
  /// Whether no column is other than a plain number.
  package var isEmpty: Bool { entries.allSatisfy { $0.item == .values(.number) } }
}

extension Value {
  /// A name and what is said of it.
  package struct Member: Sendable, Equatable {
    package var name: String
    package var text: String

    package init(name: String, text: String) { (self.name, self.text) = (name, text) }
  }
}

extension NamedList: KeyValue {
  package static var shape: Shape { Item.listShape }
  package static var isOptional: Bool { true }
  package init?(_ value: Value) {
    if value == .absent {
      self.init()
      return
    }
    guard case .members(let members) = value else { return nil }
    let entries = members.compactMap { member in Item(member.text).map { Entry(member.name, $0) } }
    guard entries.count == members.count else { return nil }
    self.init(entries)
  }
  package var value: Value {
    entries.isEmpty ? .absent : .members(entries.map { .init(name: $0.name, text: $0.item.words) })
  }
}
