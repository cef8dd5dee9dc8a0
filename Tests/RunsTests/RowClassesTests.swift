import TestSupport
import Testing

@testable import Files
@testable import Runs

@Suite struct RowClassesTests {
  private static func read(_ text: String, rows: Int) throws -> [Int] {
    try withFile(Array(text.utf8), ".csv") { try readClasses($0, rows: rows, of: "digits.npy") }
  }

  @Test("each row has its own class") func classes() throws {
    #expect(try Self.read("3\n0\n999\n0\n", rows: 4) == [3, 0, 999, 0])
  }

  @Test(
    "a file that cannot be the classes of the rows is refused in words",
    arguments: [
      ("0\n1\n", 3, "has 2 rows of 1 column, but evaluation.classes is one column with the class of each of the 3"),
      ("0,1\n1,0\n0,0\n", 3, "has 3 rows of 2 columns, but evaluation.classes is one column"),
      ("0\n1\n0.5\n", 3, "row 2 (from 0) holds 0.5, but a class is a whole number from 0 to 999"),
      ("0\n-1\n0\n", 3, "row 1 (from 0) holds -1.0, but a class is a whole number from 0 to 999"),
      ("0\n1\n1000\n", 3, "row 2 (from 0) holds 1000.0, but a class is"),
      ("7\n7\n7\n", 3, "names one class alone, but a classifier needs two or more"),
    ])
  func refuses(text: String, rows: Int, words: String) {
    let error = errorText { _ = try Self.read(text, rows: rows) }
    #expect(error.contains(words), "\(error)")
    #expect(errorStatus { _ = try Self.read(text, rows: rows) } == .config)
  }
}
