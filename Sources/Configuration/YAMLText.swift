internal import Files
internal import Yams

/// The tree of the only document in `yaml`, or nil for an empty text; faults of syntax with their place.
func compose(_ yaml: String, file: String) throws(ToolError) -> Node? {
  do {
    // The encoding is said, because the library would otherwise ask the environment.
    return try Parser(yaml: yaml, encoding: .utf8).singleRoot()
  } catch let error as YamlError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      let lines = yaml.split(separator: "\n", omittingEmptySubsequences: false)
      let isTab =
        lines.indices.contains(mark.line - 1) && lines[mark.line - 1].prefix { $0 == " " || $0 == "\t" }.contains("\t")
      throw .configuration(
        Place(file, line: mark.line, column: mark.column),
        "is not YAML: \(problem)\(isTab ? "; indent by blanks, not by tabs" : "")")
    case .duplicatedKeysInMapping(let names, let context):
      let name = names.first.map { quoted($0) } ?? "a key"
      throw .configuration(
        Place(file, line: context.mark.line, column: context.mark.column), "\(name) is given more than once; keep one")
    case .reader(let problem, let offset, let value, _):
      let (line, column) = position(of: offset ?? 0, in: yaml)
      let character = value > 0 ? " (U+\(String(value, radix: 16, uppercase: true)))" : ""
      throw .configuration(Place(file, line: line, column: column), "is not YAML: \(problem)\(character)")
    default: throw .configuration(Place(file), "is not YAML")
    }
  } catch {
    throw .configuration(Place(file), "is not YAML")
  }
}

/// Refuses texts in which some name is both an anchor (`&name`) and an alias (`*name`).
///
/// A few nested aliases can stand for more nodes than memory holds, and experiments need none. An alias needs its
/// anchor, so looking for both spellings anywhere finds every alias without knowing what is a comment or quoted.
func refuseAliases(in yaml: String, file: String) throws(ToolError) {
  let anchors = Set(names(after: UInt8(ascii: "&"), in: yaml).map { $0.name })
  if anchors.isEmpty { return }
  for alias in names(after: UInt8(ascii: "*"), in: yaml) where anchors.contains(alias.name) {
    let before = yaml.utf8.prefix(alias.offset)
    let line = before.split(separator: 10, omittingEmptySubsequences: false)
    let column = line.last.map { String(decoding: $0, as: UTF8.self).unicodeScalars.count + 1 }
    let name = String(decoding: alias.name.prefix(60), as: UTF8.self)
    throw .configuration(
      Place(file, line: line.count, column: column),
      "*\(name) is an alias; write the value out, experiment files have no aliases")
  }
}

/// The words that follow a mark, and where in the text the marks are.
private func names(after mark: UInt8, in text: String) -> [(name: [UInt8], offset: Int)] {
  let bytes = Array(text.utf8)
  return bytes.indices.compactMap { start in
    guard bytes[start] == mark else { return nil }
    let name = bytes[(start + 1)...].prefix { $0.isLetterOrDigit || "_-".utf8.contains($0) }
    return name.isEmpty ? nil : (Array(name), start)
  }
}

private func position(of offset: Int, in text: String) -> (line: Int, column: Int) {
  var line = 1
  var column = 1
  for character in text.prefix(offset) {
    if character.isNewline {
      line += 1
      column = 1
    } else {
      column += 1
    }
  }
  return (line, column)
}
