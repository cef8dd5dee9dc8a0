package import Files
internal import Yams

extension Experiment {
  /// An experiment from YAML text.
  ///
  /// - Parameters:
  ///   - yaml: the text; it may be empty when `settings` name the data.
  ///   - file: the name used in errors.
  ///   - settings: `key=value` as given to `--set`, applied in order after the file.
  /// - Throws: ``ToolError/configuration(_:_:)`` with line and column, or ``ToolError/usage(_:)`` for a
  ///   setting without `=`.
  package init(yaml: String, file: String, settings: [String] = []) throws(ToolError) {
    var reader = ExperimentReader(file: file)
    try reader.read(yaml)
    if let axis = reader.axes.first {
      throw .configuration(axis.place, "a sweep is for sgm-train; here name one of its cells, or remove the table")
    }
    for setting in settings { try reader.apply(setting) }
    self = try reader.finish()
  }

  /// This experiment of a run with settings of `--set`.
  ///
  /// A run's file has every key. Those that mean nothing under the settings, such as the options of the sampler that gave way
  /// to another, are left out; a setting that means nothing is refused as anywhere.
  ///
  /// - Throws: as `init(yaml:file:settings:)`.
  package func changed(by settings: [String], file: String) throws(ToolError) -> Experiment {
    var reader = ExperimentReader(file: file)
    try reader.read(yaml)
    for given in settings { try reader.apply(given) }
    for key in ExperimentKey.all where key.condition?.holds(reader.experiment) == false {
      if reader.places[key.path]?.source == file { reader.places[key.path] = nil }
    }
    return try reader.finish()
  }

  /// An experiment from a file of at most 64 KiB of UTF-8.
  ///
  /// - Throws: as `init(yaml:file:settings:)`, and ``ToolError/unreadable(file:_:)``.
  package init(contentsOf path: String, settings: [String] = []) throws(ToolError) {
    try self.init(yaml: experimentText(of: path), file: path, settings: settings)
  }
}

/// The text of an experiment file.
package func experimentText(of path: String) throws(ToolError) -> String {
  guard !isFolder(path) else {
    throw .usage("\(path): is a folder; name an experiment file, or go on with a run by sgm-train --resume")
  }
  let bytes = try readFile(path, atMost: ExperimentReader.largestFile) { size in
    .configuration(
      Place(path), "is \(size) bytes long; an experiment file has at most \(ExperimentReader.largestFile)")
  }
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw .configuration(Place(path), "is not UTF-8 text; save it as UTF-8")
  }
  return text
}

/// Turns YAML nodes and settings into an experiment, remembering where each value was given.
struct ExperimentReader {
  /// Bytes of the longest experiment file; hundreds of times what a real one needs.
  static let largestFile = 65_536

  let file: String
  var experiment = Experiment()
  var places: [String: Place] = [:]
  var axes: [SweptKey] = []

  init(file: String) { self.file = file }

  mutating func read(_ yaml: String) throws(ToolError) {
    // Windows' editors begin a file with a byte order mark.
    let yaml = yaml.unicodeScalars.first == "\u{feff}" ? String(yaml.unicodeScalars.dropFirst()) : yaml
    try refuseAliases(in: yaml, file: file)
    guard let root = try compose(yaml, file: file) else { return }
    switch root {
    case .mapping(let mapping): try readTop(mapping)
    case .scalar(let scalar) where isNothing(scalar): return
    default: throw .configuration(place(root), "an experiment is a mapping of keys to values, such as name: trial")
    }
  }

  private mutating func readTop(_ mapping: Node.Mapping) throws(ToolError) {
    for (key, value) in mapping {
      let name = try self.name(of: key)
      if name == "sweep" {
        try readSweep(value)
      } else if ExperimentKey.sections.contains(name) {
        switch value {
        case .mapping(let section):
          for (key, value) in section { try readKey("\(name).\(try self.name(of: key))", at: key, value) }
        case .scalar(let scalar) where isNothing(scalar): break
        default: throw .configuration(place(value), "\(name) is a section of keys, such as \(example(in: name))")
        }
      } else {
        try readKey(name, at: key, value)
      }
    }
  }

  private mutating func readKey(_ path: String, at node: Node, _ value: Node) throws(ToolError) {
    let key = try self.key(path, at: place(node))
    switch value {
    case .scalar(let scalar):
      let isQuoted = scalar.style != .plain && scalar.style != .any
      try assign(key, key.value(of: scalar.string, isQuoted: isQuoted), at: place(value))
    case .sequence(let sequence):
      let texts = sequence.map { $0.scalar?.string ?? "a list or section" }
      try assign(key, key.value(of: texts), at: place(value))
    case .mapping(let mapping) where key.shape.hasMembers:
      var members: [Value.Member] = []
      for (name, kind) in mapping {
        guard let text = kind.scalar?.string else {
          throw .configuration(
            place(kind),
            "\(path): write the \(key.shape == .kinds ? "kind" : "law") in one text, such as "
              + "\"\(key.shape == .kinds ? "bounded" : "uniform") [0, 1]\" in quotes between braces")
        }
        members.append(.init(name: try self.name(of: name), text: text))
      }
      try assign(key, key.value(of: members), at: place(value))
    case .mapping, .alias:
      throw .configuration(place(value), "\(path) must be \(key.shape.expectation), found a section")
    }
  }

  /// Applies one `key=value` of the command line.
  mutating func apply(_ setting: String) throws(ToolError) {
    guard let equals = setting.firstIndex(of: "="), equals != setting.startIndex else {
      throw .usage("--set \(setting): expected KEY=VALUE, such as training.steps=300")
    }
    let place = Place("--set \(setting)")
    let key = try self.key(String(setting[..<equals]), at: place)
    if let axis = axes.first(where: { $0.key.path == key.path }) {
      throw .configuration(place, "\(key.path) is swept in \(axis.place); change the table there")
    }
    let text = setting[setting.index(after: equals)...]
    guard key.shape.isList else {
      return try assign(key, key.value(of: String(text), isQuoted: false), at: place)
    }
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    let inner = isBracketed ? text.dropFirst().dropLast() : text
    let texts =
      inner.isEmpty ? [] : inner.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
    try assign(key, key.value(of: texts), at: place)
  }

  mutating func assign(
    _ key: ExperimentKey, _ value: Result<Value, Complaint>, at place: Place
  ) throws(ToolError) {
    switch value {
    case .failure(let complaint): throw .configuration(place, complaint.text)
    case .success(let value):
      guard key.set(&experiment, value) else {
        throw .configuration(place, "\(key.path) must be \(key.shape.expectation)")
      }
      places[key.path] = value == .absent ? nil : place
    }
  }

  func key(_ path: String, at place: Place) throws(ToolError) -> ExperimentKey {
    if let key = ExperimentKey.all.first(where: { $0.path == path }) { return key }
    if ExperimentKey.sections.contains(path) {
      throw .configuration(
        place, "\(path) is a section, not a key; set one of its keys, such as \(path).\(example(in: path))")
    }
    throw .configuration(place, "\(shortened(path)) is not a key\(suggestion(for: path))")
  }

  /// What the author of an unknown key may have meant.
  private func suggestion(for path: String) -> String {
    let paths = ExperimentKey.all.map(\.path)
    // A key in the wrong section, or without one, is more likely than another key of similar spelling.
    if let last = path.split(separator: ".").last, let moved = ExperimentKey.all.first(where: { $0.name == last }) {
      return "; did you mean \(moved.path)?"
    }
    let section = String(path.prefix { $0 != "." })
    guard ExperimentKey.sections.contains(section) else {
      if let near = nearest(to: path, among: paths + ExperimentKey.sections) { return "; did you mean \(near)?" }
      return "; the sections are \(ExperimentKey.sections.joined(separator: ", "))"
    }
    let names = ExperimentKey.all.filter { $0.section == section }.map { String($0.name) }
    let name = String(path.dropFirst(section.count + 1))
    if let near = nearest(to: name, among: names) { return "; did you mean \(section).\(near)?" }
    return "; the keys of \(section) are \(names.joined(separator: ", "))"
  }

  func name(of key: Node) throws(ToolError) -> String {
    guard let scalar = key.scalar else { throw .configuration(place(key), "a key is a word, found a list or section") }
    return scalar.string
  }

  private func example(in section: String) -> String {
    ExperimentKey.all.first { $0.section == section }.map { String($0.name) } ?? section
  }

  private func isNothing(_ scalar: Node.Scalar) -> Bool {
    scalar.style == .plain && spellsNothing(scalar.string)
  }

  func place(_ node: Node) -> Place { Place(file, line: node.mark?.line, column: node.mark?.column) }

  private func shortened(_ path: String) -> String {
    path.unicodeScalars.count <= 60 ? path : String(String.UnicodeScalarView(path.unicodeScalars.prefix(60))) + "…"
  }
}
