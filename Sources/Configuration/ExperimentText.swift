internal import Files

extension Experiment {
  /// The experiment as YAML with every default filled in, in a fixed order; reading it gives an equal experiment.
  ///
  /// Keys that mean nothing under the chosen process or data are left out.
  package var yaml: String { yaml { _ in true } }

  /// As `yaml`, with some of the keys.
  func yaml(_ isKept: (ExperimentKey) -> Bool) -> String {
    var text = ""
    var section: Substring = ""
    for key in ExperimentKey.all {
      let value = key.get(self)
      if value == .absent || key.condition?.holds(self) == false || !isKept(key) { continue }
      if key.section != section {
        section = key.section
        text += "\(section):\n"
      }
      text += (section.isEmpty ? "" : "  ") + "\(key.name): \(spelled(value, as: key.shape))\n"
    }
    return text
  }

  /// An experiment file of defaults with an explanation of every key.
  ///
  /// Only the data are missing.
  package static var printedDefaults: String {
    let defaults = Experiment()
    var text =
      "# Every key of an experiment and its default. Give data.target, data.file or data.prior; the rest may be left out.\n"
    var section: Substring = ""
    for key in ExperimentKey.all {
      if key.section != section {
        section = key.section
        text += "\n\(section):\n"
      }
      let indent = section.isEmpty ? "" : "  "
      text += "\(indent)# \(key.meaning.filter { $0 != "`" }) \(key.note)\n"
      let value = key.get(defaults)
      let isLeftOut = value == .absent || key.defaultText != nil || key.condition?.holds(defaults) == false
      let shown = value == .absent ? "null" : spelled(value, as: key.shape)
      text += "\(indent)\(isLeftOut ? "# " : "")\(key.name): \(shown)\n"
    }
    return text
  }
}

/// A value as it stands in an experiment file.
package func spelled(_ value: Value, as shape: Shape) -> String {
  switch value {
  case .absent: return "null"
  case .integer(let number): return String(number)
  case .natural(let number): return String(number)
  case .real(let number): return decimal(number)
  case .boolean(let truth): return truth ? "true" : "false"
  case .integers(let numbers): return "[" + numbers.map(String.init).joined(separator: ", ") + "]"
  case .reals(let numbers): return "[" + numbers.map(decimal).joined(separator: ", ") + "]"
  case .members(let members):
    let texts = members.map { "\(isPlain($0.name) ? $0.name : escaped($0.name)): \(escaped($0.text))" }
    return "{" + texts.joined(separator: ", ") + "}"
  case .words(let words):
    return "[" + words.map { isPlain($0) ? $0 : escaped($0) }.joined(separator: ", ") + "]"
  case .text(let text):
    if case .choice = shape { return text }
    return isPlain(text) ? text : escaped(text)
  }
}

/// Whether YAML of any version reads the bare word as text.
private func isPlain(_ text: String) -> Bool {
  let words: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
  guard let first = text.utf8.first, first.isLetter else { return false }
  return !words.contains(text.lowercased()) && text.utf8.allSatisfy { $0.isLetterOrDigit || "._-/".utf8.contains($0) }
}

/// A double-quoted scalar.
package func escaped(_ text: String) -> String {
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": quoted += "\\\""
    case "\\": quoted += "\\\\"
    default:
      if scalar.isASCII && scalar.value >= 0x20 && scalar.value < 0x7f {
        quoted.unicodeScalars.append(scalar)
      } else {
        let digits = String(scalar.value, radix: 16)
        quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
  }
  return quoted + "\""
}

extension ExperimentKey {
  /// Type, range and condition in brackets, for the printed defaults.
  package var note: String {
    let parts = [allowed, condition.map { "for \($0.words)" } ?? "", defaultText.map { "default: \($0)" } ?? ""]
    return "(" + parts.filter { !$0.isEmpty }.joined(separator: "; ") + ")"
  }

  /// Type and range in words.
  var allowed: String {
    switch shape {
    case .choice(let names): names.joined(separator: ", ")
    case .choices(let names): "list of " + names.joined(separator: ", ")
    case .integer: ["integer", limits.words].filter { !$0.isEmpty }.joined(separator: ", ")
    case .real: ["number", limits.words].filter { !$0.isEmpty }.joined(separator: ", ")
    case .integers: "list of integers, \(limits.words)"
    case .reals: "list of numbers, \(limits.words)"
    case .words: "list of names or numbers"
    case .kinds: "section of columns"
    case .laws: "section of parameters"
    case .fractionOrFile: "number, \(limits.words), or a path"
    case .boolean: "true or false"
    case .text: "text"
    }
  }
}
