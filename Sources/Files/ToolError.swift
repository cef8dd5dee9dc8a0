import Glibc

/// Where in a text a fault lies: a file, or an option of the command line, with line and column where they are known.
package struct Place: Sendable, Equatable {
  /// The file as the user named it, or the option as it was typed.
  package let source: String
  /// The line, from 1.
  package let line: Int?
  /// The column in characters, from 1.
  package let column: Int?

  /// A place; without line and column it is the whole source.
  package init(_ source: String, line: Int? = nil, column: Int? = nil) {
    self.source = source
    self.line = line
    self.column = column
  }
}

extension Place: CustomStringConvertible {
  /// `funnel.yaml:12:3`, the form editors jump to.
  package var description: String {
    [source, line.map(String.init), column.map(String.init)].compactMap { $0 }.joined(separator: ":")
  }
}

/// Everything that users, files and the machine can do wrong to a tool of ours.
///
/// Each message says what happened, where, and what to do. Whatever came from a file is shown with its control
/// characters escaped.
package enum ToolError: Error, Sendable, Equatable {
  /// The command line is wrong.
  case usage(String)
  /// The experiment, from its file or from `--set`, is wrong.
  case configuration(Place, String)
  /// A data file or checkpoint is damaged or holds what cannot be used.
  case data(Place, String)
  /// A file cannot be opened for reading; the number is `errno`.
  case unreadable(file: String, Int32)
  /// A file or folder cannot be created; the number is `errno`.
  case uncreatable(file: String, Int32)
  /// An output is there already.
  case exists(file: String, remedy: String)
  /// Reading or writing failed part-way; the number is `errno`.
  case inputOutput(doing: String, file: String, Int32)
  /// The operating system refused something else; the number is `errno`.
  case system(doing: String, Int32)
  /// Something this program needs of its surroundings is missing.
  case unavailable(String)
  /// The machine computed, stored or sent wrong bits.
  case corruption(String)
  /// The work stopped in good order before its end.
  case stopped(String)
  /// A fault of this program.
  case fault(String)
}

extension ToolError: CustomStringConvertible {
  /// One line for people.
  package var description: String { printable(text) }

  private var text: String {
    switch self {
    case .usage(let problem), .unavailable(let problem), .stopped(let problem), .corruption(let problem): problem
    case .configuration(let place, let problem), .data(let place, let problem): "\(place): \(problem)"
    case .unreadable(let file, let code): "\(file): cannot be read: \(reason(code)); check the path and its permissions"
    case .uncreatable(let file, let code):
      "\(file): cannot be created: \(reason(code)); choose an output folder you may write to"
    case .exists(let file, let remedy): "\(file): exists already; \(remedy)"
    case .inputOutput(let doing, let file, let code): "\(file): \(doing) failed: \(reason(code))"
    case .system(let doing, let code): "\(doing) failed: \(reason(code))"
    case .fault(let problem): "\(problem); this is a fault of the program, please report it"
    }
  }
}

/// The operating system's words for an error number.
private func reason(_ code: Int32) -> String {
  // The C library returns a constant string for every number it knows, so no other thread can change it under us.
  guard let words = unsafe strerror(code) else { return "error \(code)" }
  let text = unsafe String(cString: words)
  return text.prefix(1).lowercased() + text.dropFirst()
}

/// The text with every character that could move a terminal's cursor or hide other text written as `\u{…}`.
package func printable(_ text: String) -> String {
  var shown = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
      shown += "\\u{\(String(scalar.value, radix: 16))}"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return shown
}

/// Lines of text, each made printable; what separates them stays.
package func printableLines(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }.joined(separator: "\n")
}

/// A number of things in words: `1 row`, `2 rows`.
package func counted(_ number: Int, _ thing: String) -> String { "\(number) \(thing)\(number == 1 ? "" : "s")" }

/// Text cut to a length that fits in a message.
package func shortened(_ text: String) -> String {
  let scalars = text.unicodeScalars.prefix(61)
  return scalars.count > 60 ? String(String.UnicodeScalarView(scalars.prefix(60))) + "…" : text
}

/// A word as a shell reads it back: in quotes where it holds anything but letters, digits and `_ . / : = , + -`.
package func shellWord(_ text: String) -> String {
  let isPlain = !text.isEmpty && text.utf8.allSatisfy { "_./:=,+-".utf8.contains($0) || $0.isLetterOrDigit }
  return isPlain ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
}

/// Something found in a file, in quotes and cut to a length that fits in a message.
package func quoted(_ text: some StringProtocol) -> String {
  // Scalars, not characters: one character can carry any number of combining marks.
  let scalars = text.unicodeScalars.prefix(61)
  guard scalars.count > 60 else { return "\"\(text)\"" }
  return "\"\(String(String.UnicodeScalarView(scalars.prefix(60))))…\""
}
