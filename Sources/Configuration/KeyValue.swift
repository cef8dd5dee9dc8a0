package import Diffusion
internal import Files
package import Metrics
package import Networks
package import Sampling
package import Targets
package import Training

/// A value of an experiment file in its written form.
package enum Value: Sendable, Equatable {
  case absent
  case integer(Int)
  /// A whole number beyond `Int`.
  case natural(UInt64)
  case real(Double)
  case boolean(Bool)
  case text(String)
  case integers([Int])
  case reals([Double])
  case words([String])
  /// Names and what is said of them, in order.
  case members([Member])
}

/// What a key's value may look like.
package enum Shape: Sendable, Equatable {
  case integer, real, boolean, text, integers, reals, words, fractionOrFile
  case choice([String])
  /// A list of choices.
  case choices([String])
  /// Columns and their kinds.
  case kinds
  /// Parameters and their laws.
  case laws

  /// Whether the value is names with something said of each.
  var hasMembers: Bool { self == .kinds || self == .laws }

  /// Whether the value is a list.
  var isList: Bool {
    switch self {
    case .integers, .reals, .words, .choices: true
    case .integer, .real, .boolean, .text, .fractionOrFile, .choice, .kinds, .laws: false
    }
  }

  /// For messages: "must be …".
  var expectation: String {
    switch self {
    case .integer: "an integer"
    case .real: "a number"
    case .boolean: "true or false"
    case .text: "text"
    case .integers: "a list of integers such as [128, 128]"
    case .reals: "a list of numbers such as [0.05, 0.1]"
    case .words: "a list of columns such as [age, 3]"
    case .fractionOrFile: "a fraction or the path of a file"
    case .choice(let names): "one of " + names.joined(separator: ", ")
    case .choices(let names): "a list of some of " + names.joined(separator: ", ")
    case .kinds: "columns and their kinds, such as {theta: \"bounded [0, 1]\", scale: positive}"
    case .laws: "parameters and their laws, such as {a: \"uniform [0, 1]\", b: \"normal [0, 2]\"}"
    }
  }
}

/// A property's type as the key table sees it.
package protocol KeyValue: Sendable {
  static var shape: Shape { get }
  static var isOptional: Bool { get }
  init?(_ value: Value)
  var value: Value { get }
}

extension KeyValue {
  package static var isOptional: Bool { false }
}

extension Int: KeyValue {
  package static var shape: Shape { .integer }
  package init?(_ value: Value) {
    guard case .integer(let number) = value else { return nil }
    self = number
  }
  package var value: Value { .integer(self) }
}

extension UInt64: KeyValue {
  package static var shape: Shape { .integer }
  package init?(_ value: Value) {
    switch value {
    case .integer(let number) where number >= 0: self = UInt64(number)
    case .natural(let number): self = number
    default: return nil
    }
  }
  package var value: Value { Int(exactly: self).map { .integer($0) } ?? .natural(self) }
}

extension Double: KeyValue {
  package static var shape: Shape { .real }
  package init?(_ value: Value) {
    guard case .real(let number) = value else { return nil }
    self = number
  }
  package var value: Value { .real(self) }
}

extension Bool: KeyValue {
  package static var shape: Shape { .boolean }
  package init?(_ value: Value) {
    guard case .boolean(let truth) = value else { return nil }
    self = truth
  }
  package var value: Value { .boolean(self) }
}

extension String: KeyValue {
  package static var shape: Shape { .text }
  package init?(_ value: Value) {
    guard case .text(let text) = value else { return nil }
    self = text
  }
  package var value: Value { .text(self) }
}

/// What a list of an experiment file consists of.
package protocol ListItem: Sendable {
  static var listShape: Shape { get }
  static func list(_ value: Value) -> [Self]?
  static func value(_ list: [Self]) -> Value
}

extension Int: ListItem {
  package static var listShape: Shape { .integers }
  package static func list(_ value: Value) -> [Int]? {
    guard case .integers(let numbers) = value else { return nil }
    return numbers
  }
  package static func value(_ list: [Int]) -> Value { .integers(list) }
}

extension Double: ListItem {
  package static var listShape: Shape { .reals }
  package static func list(_ value: Value) -> [Double]? {
    guard case .reals(let numbers) = value else { return nil }
    return numbers
  }
  package static func value(_ list: [Double]) -> Value { .reals(list) }
}

extension ListItem where Self: Choice {
  package static var listShape: Shape { .choices(allCases.map(\.rawValue)) }
  package static func list(_ value: Value) -> [Self]? {
    guard case .words(let words) = value else { return nil }
    let choices = words.compactMap { Self(rawValue: $0) }
    return choices.count == words.count ? choices : nil
  }
  package static func value(_ list: [Self]) -> Value { .words(list.map(\.rawValue)) }
}

extension Array: KeyValue where Element: ListItem {
  package static var shape: Shape { Element.listShape }
  package init?(_ value: Value) {
    guard let list = Element.list(value) else { return nil }
    self = list
  }
  package var value: Value { Element.value(self) }
}

extension Optional: KeyValue where Wrapped: KeyValue {
  package static var shape: Shape { Wrapped.shape }
  package static var isOptional: Bool { true }
  package init?(_ value: Value) {
    if case .absent = value {
      self = .none
    } else if let wrapped = Wrapped(value) {
      self = .some(wrapped)
    } else {
      return nil
    }
  }
  package var value: Value { self?.value ?? .absent }
}

extension Experiment.DataSection.HeldOut: KeyValue {
  package static var shape: Shape { .fractionOrFile }
  package init?(_ value: Value) {
    switch value {
    case .real(let share): self = .fraction(share)
    case .text(let path): self = .file(path)
    default: return nil
    }
  }
  package var value: Value {
    switch self {
    case .fraction(let share): .real(share)
    case .file(let path): .text(path)
    }
  }
}

/// A closed choice, written as its raw value.
package protocol Choice: KeyValue, RawRepresentable, CaseIterable where RawValue == String {}

extension Choice {
  package static var shape: Shape { .choice(allCases.map(\.rawValue)) }
  package init?(_ value: Value) {
    guard case .text(let text) = value else { return nil }
    self.init(rawValue: text)
  }
  package var value: Value { .text(rawValue) }
}

extension TableHeader: Choice {}
extension TargetKind: Choice {}
extension ProcessChoice: Choice {}
extension StateInput: Choice {}
extension StateHead: Choice {}
extension ReverseForm: Choice {}
extension NoiseSchedule.Kind: Choice {}
extension VarianceExploding.Prior: Choice {}
extension AnnealedPath.Annealing: Choice {}
extension NoiseLaw.Kind: Choice {}
extension Activation: Choice {}
extension NetworkInput: Choice {}
extension NetworkOutput: Choice {}
extension TimeEmbedding.Kind: Choice {}
extension ScoreModel.Level: Choice {}
extension ObjectiveKind: Choice {}
extension NoiseCoupling: Choice {}
extension LossWeight: Choice {}
extension Optimiser.Schedule: Choice {}
extension FaultPolicy: Choice {}
extension TimeLaw.Kind: Choice {}
extension TimeSpread: Choice {}
extension TimeStates: Choice {}
extension LearnedVariance.Kind: Choice {}
extension SamplerChoice: Choice {}
extension TimeGrid: Choice {}
extension StartingChoice: Choice {}
extension ConditioningMethod: Choice {}
extension Predictor: Choice {}
extension ReverseVariance: Choice {}
extension CorrectedBlocks: Choice {}
extension Metric: Choice, ListItem {}
extension JudgingUnits: Choice {}
extension JudgingBaseline: Choice {}
