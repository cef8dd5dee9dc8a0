package import Files
internal import Targets

/// One key of an experiment file: how it is read, checked, printed and explained.
package struct ExperimentKey: Sendable {
  /// `section.key`, or `key` at the top.
  package let path: String
  /// What the value may look like.
  package let shape: Shape
  /// Whether `null` is a value.
  let isOptional: Bool
  /// The range of a number, or of each number of a list.
  package let limits: Limits
  /// One line with the unit.
  let meaning: String
  /// Whether a resumed run may change it.
  let mutableOnResume: Bool
  /// The choices under which the key means something; nil for always.
  package let condition: Condition?
  /// The documented default where it is not one value.
  let defaultText: String?
  /// The property's value.
  package let get: @Sendable (Experiment) -> Value
  /// Sets the property; false if the value has the wrong type.
  package let set: @Sendable (inout Experiment, Value) -> Bool

  package init<V: KeyValue>(
    _ path: String, _ property: any WritableKeyPath<Experiment, V> & Sendable, in limits: Limits = .any,
    onResume mutable: Bool = false, when condition: Condition? = nil, default defaultText: String? = nil,
    _ meaning: String
  ) {
    self.path = path
    shape = V.shape
    isOptional = V.isOptional
    self.limits = limits
    self.meaning = meaning
    mutableOnResume = mutable
    self.condition = condition
    self.defaultText = defaultText
    get = { $0[keyPath: property].value }
    set = { experiment, value in
      guard let typed = V(value) else { return false }
      experiment[keyPath: property] = typed
      return true
    }
  }

  /// The section, empty at the top.
  package var section: Substring { path.contains(".") ? path.prefix { $0 != "." } : "" }
  /// The key within its section.
  package var name: Substring { path.contains(".") ? path.drop { $0 != "." }.dropFirst() : path[...] }

  /// When a key means something, and the words for it.
  package struct Condition: Sendable {
    package let words: String
    /// The key that decides, where it is not the kind of process or of data.
    package var subject: String?
    /// Whether it is a student with a teacher that the key means nothing to.
    var excludesStudents = false
    package let holds: @Sendable (Experiment) -> Bool
  }
}

/// The range of a number.
package struct Limits: Sendable {
  package let words: String
  package let contains: @Sendable (Double) -> Bool

  package static let any = Limits(words: "", contains: \.isFinite)
  package static let positive = Limits(words: "greater than 0") { $0 > 0 && $0.isFinite }
  static let notNegative = Limits(words: "at least 0") { $0 >= 0 && $0.isFinite }
  package static let share = Limits(words: "at least 0 and less than 1") { $0 >= 0 && $0 < 1 }
  package static let unit = Limits(words: "between 0 and 1") { $0 >= 0 && $0 <= 1 }
  /// Whole numbers; the bound keeps later products within 64 bits and memory within reason.
  package static func whole(_ lower: Double, _ upper: Double) -> Limits {
    Limits(words: "\(Int(lower)) to \(Int(upper))") { $0 >= lower && $0 <= upper }
  }
  /// Every number of 64 bits.
  package static let seed = Limits(words: "0 to \(UInt64.max)") { $0 >= 0 && $0 <= 0x1p64 }
  /// Numbers of steps and rows.
  package static let count = whole(1, 1e12)
  /// Numbers of steps where 0 means never.
  static let interval = whole(0, 1e12)
}

extension ExperimentKey {
  /// The value that `text` spells for this key, or what is wrong with it.
  package func value(of text: String, isQuoted: Bool) -> Result<Value, Complaint> {
    let value = spelled(text, isQuoted: isQuoted)
    guard isQuoted, case .failure(let complaint) = value, case .success = spelled(text, isQuoted: false) else {
      return value
    }
    return .failure(Complaint(complaint.text + " in quotes, which make it text; leave them out"))
  }

  /// Values of earlier versions, and what to write in their place.
  private static let formerly = [
    "training.time_law: soft-truncation":
      "write training.time_law uniform with training.truncation_exponent, which was 1.0 unless given"
  ]

  private func spelled(_ text: String, isQuoted: Bool) -> Result<Value, Complaint> {
    if isOptional, !isQuoted, spellsNothing(text) { return .success(.absent) }
    let found = text.isEmpty && !isQuoted ? "nothing" : quoted(text)
    let wrong = Complaint("\(path) must be \(shape.expectation), found \(found)")
    switch shape {
    case .text: return text.isEmpty ? .failure(wrong) : .success(.text(text))
    case .boolean where !isQuoted && truth(text) != nil: return .success(.boolean(truth(text) == true))
    case .integer:
      guard !isQuoted, isWhole(text) else { return .failure(wrong) }
      if let number = integer(from: text) { return limited(.integer(number), Double(number), text) }
      if let number = UInt64(text.filter { $0 != "_" }) { return limited(.natural(number), Double(number), text) }
      return limited(.real(.infinity), .infinity, text)
    case .real:
      guard !isQuoted, let number = real(from: text) else { return .failure(wrong) }
      return limited(.real(number), number, text)
    case .fractionOrFile:
      guard !isQuoted, let number = real(from: text) else {
        return text.isEmpty ? .failure(wrong) : .success(.text(text))
      }
      return limited(.real(number), number, text)
    case .choice(let names):
      if names.contains(text) { return .success(.text(text)) }
      if !isQuoted, let truth = truth(text), names.contains("\(truth)") { return .success(.text("\(truth)")) }
      let hint = Self.formerly["\(path): \(text)"] ?? nearest(to: text, among: names).map { "did you mean \($0)?" }
      return .failure(Complaint(wrong.text + (hint.map { "; " + $0 } ?? "")))
    case .choices: return value(of: [text])
    case .kinds, .laws: return members(of: text, wrong)
    case .integers, .reals, .words, .boolean: return .failure(wrong)
    }
  }

  /// The list that `texts` spell for this key.
  package func value(of texts: [String]) -> Result<Value, Complaint> {
    if case .choices(let names) = shape { return words(texts, among: names) }
    if shape == .words {
      guard !texts.contains("") else { return .failure(Complaint("\(path) must not hold an empty name")) }
      return .success(.words(texts))
    }
    if shape == .reals { return reals(texts) }
    guard shape == .integers else { return .failure(Complaint("\(path) must be \(shape.expectation), found a list")) }
    var numbers: [Int] = []
    for text in texts {
      guard let number = integer(from: text) else {
        return .failure(Complaint("\(path) must be \(shape.expectation), found \(quoted(text)) in the list"))
      }
      if case .failure(let complaint) = limited(.integer(number), Double(number), text) { return .failure(complaint) }
      numbers.append(number)
    }
    return .success(.integers(numbers))
  }

  /// Columns and kinds as the command line gives them: `NAME: KIND; NAME: KIND`, between braces or not.
  private func members(of text: String, _ wrong: Complaint) -> Result<Value, Complaint> {
    let isBraced = text.hasPrefix("{") && text.hasSuffix("}")
    let inner = isBraced ? text.dropFirst().dropLast() : text[...]
    let parts = inner.split(separator: ";").map { part -> Value.Member? in
      guard let colon = part.lastIndex(of: ":") else { return nil }
      func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      return Value.Member(name: trimmed(part[..<colon]), text: trimmed(part[part.index(after: colon)...]))
    }
    let members = parts.compactMap(\.self)
    guard !members.isEmpty, members.count == parts.count else { return .failure(wrong) }
    return value(of: members)
  }

  /// Columns and kinds of a mapping.
  func value(of members: [Value.Member]) -> Result<Value, Complaint> {
    guard shape.hasMembers else { return .failure(Complaint("\(path) must be \(shape.expectation), found a section")) }
    let (isRight, expected) =
      shape == .laws
      ? ({ PriorLaw($0) != nil }, "uniform [LOW, HIGH] with LOW < HIGH or normal [MEAN, DEVIATION] with DEVIATION > 0")
      : (
        { (text: String) in ColumnContent(text) != nil },
        "number, integer, indicator, levels K from 2 to 65536, positive, bounded [LOW, HIGH] with LOW < HIGH, "
          + "zero-or-positive, atom-or-number, category or ignored"
      )
    if let wrong = members.first(where: { !isRight($0.text) }) {
      return .failure(
        Complaint("\(path): \(quoted(wrong.name)) must be \(expected), found \(quoted(wrong.text))"))
    }
    return .success(.members(members))
  }

  private func reals(_ texts: [String]) -> Result<Value, Complaint> {
    var numbers: [Double] = []
    for text in texts {
      guard let number = real(from: text) else {
        return .failure(Complaint("\(path) must be \(shape.expectation), found \(quoted(text)) in the list"))
      }
      if case .failure(let complaint) = limited(.real(number), number, text) { return .failure(complaint) }
      if numbers.contains(number) { return .failure(Complaint("\(path) names \(text) twice")) }
      numbers.append(number)
    }
    return .success(.reals(numbers))
  }

  private func words(_ texts: [String], among names: [String]) -> Result<Value, Complaint> {
    for (i, text) in texts.enumerated() {
      if texts[..<i].contains(text) { return .failure(Complaint("\(path) names \(text) twice")) }
      guard !names.contains(text) else { continue }
      let hint = nearest(to: text, among: names).map { "; did you mean \($0)?" } ?? ""
      return .failure(Complaint("\(path) must be \(shape.expectation), found \(quoted(text))" + hint))
    }
    return .success(.words(texts))
  }

  private func limited(_ value: Value, _ number: Double, _ text: String) -> Result<Value, Complaint> {
    if limits.contains(number) { return .success(value) }
    if number.isInfinite, !isWhole(text) {
      return .failure(Complaint("\(path) is \(quoted(text)), beyond the largest number of double precision, 1.8e308"))
    }
    let words = limits.words.isEmpty ? "finite" : limits.words
    let isTiny = number == 0 && text.utf8.contains { $0 > 0x30 && $0 <= 0x39 }
    let rounding = isTiny ? ", which double precision rounds to 0" : ""
    return .failure(Complaint("\(path) must be \(words), found \(quoted(text))\(rounding)"))
  }
}

/// The truth value that YAML 1.2 reads in a plain word.
private func truth(_ text: String) -> Bool? {
  switch text {
  case "true", "True", "TRUE": true
  case "false", "False", "FALSE": false
  default: nil
  }
}

/// Whether YAML 1.2 reads nothing in a plain word.
func spellsNothing(_ text: String) -> Bool { ["", "null", "Null", "NULL", "~"].contains(text) }
