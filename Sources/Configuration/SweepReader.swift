internal import Files
internal import Yams

extension ExperimentReader {
  /// Reads the `sweep:` table: a mapping of keys to lists of values.
  mutating func readSweep(_ node: Node) throws(ToolError) {
    guard case .mapping(let mapping) = node, !mapping.isEmpty else {
      throw .configuration(
        place(node), "sweep is a table of keys and their values, such as {process.epsilon: [0, 0.25], seed: [1, 2]}")
    }
    for (name, value) in mapping {
      let place = place(name)
      let key = try self.key(try self.name(of: name), at: place)
      guard key.path != "name" else {
        throw .configuration(place, "name cannot be swept: the cells' folders carry their values already")
      }
      guard case .sequence(let sequence) = value, !sequence.isEmpty else {
        throw .configuration(self.place(value), "sweep of \(key.path) must be a list of values, such as \(key.example)")
      }
      var entries: [(value: Value, place: Place)] = []
      for node in sequence {
        let entry = (value: try self.value(of: node, for: key), place: self.place(node))
        if entries.contains(where: { $0.value == entry.value }) {
          throw .configuration(
            entry.place, "sweep of \(key.path) has \(spelled(entry.value, as: key.shape)) twice; keep one")
        }
        entries.append(entry)
      }
      axes.append(SweptKey(key: key, place: place, entries: entries))
    }
  }

  /// Gives a swept key one of its values.
  mutating func assign(_ axis: SweptKey, _ index: Int) throws(ToolError) {
    try assign(axis.key, .success(axis.entries[index].value), at: axis.entries[index].place)
  }

  private func value(of node: Node, for key: ExperimentKey) throws(ToolError) -> Value {
    let result: Result<Value, Complaint>
    switch node {
    case .scalar(let scalar):
      let isQuoted = scalar.style != .plain && scalar.style != .any
      result = key.value(of: scalar.string, isQuoted: isQuoted)
    case .sequence(let sequence): result = key.value(of: sequence.map { $0.scalar?.string ?? "a list or section" })
    case .mapping, .alias: result = .failure(Complaint("\(key.path) must be \(key.shape.expectation), found a section"))
    }
    switch result {
    case .success(let value): return value
    case .failure(let complaint): throw .configuration(place(node), "sweep: \(complaint.text)")
    }
  }
}

extension ExperimentKey {
  /// A list of values for messages.
  fileprivate var example: String {
    switch shape {
    case .choice(let names): "[\(names.prefix(2).joined(separator: ", "))]"
    case .choices(let names): "[[\(names.prefix(2).joined(separator: ", "))]]"
    case .integers: "[[64, 64], [128, 128]]"
    case .reals: "[[0.05], [0.05, 0.1]]"
    case .boolean: "[true, false]"
    case .words: "[[a], [a, b]]"
    case .kinds: "[\"a: positive\", \"a: bounded [0, 1]\"]"
    case .laws: "[\"a: uniform [0, 1]\", \"a: normal [0, 1]\"]"
    case .text, .fractionOrFile: "[a.npy, b.npy]"
    case .integer: "[1, 2]"
    case .real: "[0.5, 1]"
    }
  }
}
