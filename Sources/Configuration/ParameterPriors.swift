package import Targets

/// The prior of a simulator's parameters: independent laws, by name.
package struct ParameterPriors: Sendable, Equatable {
  /// A parameter and its law.
  package struct Entry: Sendable, Equatable {
    package var name: String
    package var law: PriorLaw

    package init(name: String, law: PriorLaw) { (self.name, self.law) = (name, law) }
  }

  /// The laws as written, in the order of the parameters' columns.
  package var entries: [Entry]

  /// Laws, none unless they are given.
  package init(_ entries: [Entry] = []) { self.entries = entries }
}

extension ParameterPriors: KeyValue {
  package static var shape: Shape { .laws }
  package static var isOptional: Bool { true }
  package init?(_ value: Value) {
    if value == .absent {
      self.init()
      return
    }
    guard case .members(let members) = value else { return nil }
    let entries = members.compactMap { member in PriorLaw(member.text).map { Entry(name: member.name, law: $0) } }
    guard entries.count == members.count else { return nil }
    self.init(entries)
  }
  package var value: Value {
    entries.isEmpty ? .absent : .members(entries.map { .init(name: $0.name, text: $0.law.words) })
  }
}
