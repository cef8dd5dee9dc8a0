/// What is wrong with a value, before its place is known.
package struct Complaint: Error, Equatable {
  package let text: String
  package init(_ text: String) { self.text = text }
}
