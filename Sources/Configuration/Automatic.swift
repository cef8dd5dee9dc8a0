/// A choice that may be left to the program: `automatic`, or one of the choice's own words.
package struct Automatic<Word: Choice>: KeyValue, Equatable where Word: Equatable {
  /// The choice; nil where the program makes it.
  package var choice: Word?

  /// A choice, or none.
  package init(_ choice: Word?) { self.choice = choice }

  /// `automatic`, and the words of the choice.
  package static var shape: Shape { .choice(["automatic"] + Word.allCases.map(\.rawValue)) }

  /// The choice of a word.
  package init?(_ value: Value) {
    if value == .text("automatic") {
      choice = nil
    } else if let word = Word(value) {
      choice = word
    } else {
      return nil
    }
  }

  /// The word of the choice.
  package var word: String { choice?.rawValue ?? "automatic" }

  /// The word as a value.
  package var value: Value { .text(word) }
}

extension Optional where Wrapped: Choice & Equatable {
  /// The choice as a key's value.
  package var orAutomatic: Automatic<Wrapped> {
    get { Automatic(self) }
    set { self = newValue.choice }
  }
}
