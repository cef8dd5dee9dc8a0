import Testing

@testable import Files

@Suite struct SimulatedTableTests {
  private func table(_ text: String) throws(Complaint) -> SimulatedTable { try SimulatedTable(Array(text.utf8)) }

  @Test("names and numbers come back in their order, whatever ends the lines", arguments: ["\n", "\r\n"])
  func read(end: String) throws {
    let found = try table(["\"x\",y one", "1,-2.5e3", " 0.1 ,4", ""].joined(separator: end))
    #expect(found.names == ["x", "y one"] && found.rows == 2)
    #expect(found.numbers == [1, -2500, 0.1, 4])
  }

  @Test("names alone are no rows") func names() throws {
    #expect(try table("x,y").rows == 0)
    // Of one column: digits in quotes are a name.
    #expect(try table("\"1\"\n5\n").names == ["1"])
  }

  @Test(
    "what is no table is refused by its line and column",
    arguments: [
      ("", "wrote nothing; a line of names and rows of numbers are expected"),
      ("\n\n", "wrote nothing; a line of names and rows of numbers are expected"),
      ("1,2\n3,4\n", "wrote no line of names first: its first line is \"1,2\""),
      ("x,\n3,4\n", "wrote no name for column 2"),
      ("x,y,x\n", "wrote two columns named \"x\""),
      ("x,y\n1,2\n1\n", "wrote 1 number in line 3, but 2 names in its first line"),
      ("x,y\n1,nan\n", "wrote \"nan\" in line 2, column 2 (y), where a finite number is expected"),
      ("x,y\n1,2\n1,1e999\n", "wrote \"1e999\" in line 3, column 2 (y), where a finite number is expected"),
      ("x,y\n,2\n", "wrote \"\" in line 2, column 1 (x), where a finite number is expected"),
      ("x,y\n\"1,2\n", "wrote line 2, which column 1 has no closing quote; a field in quotes must end on its line"),
    ])
  func refused(text: String, complaint: String) {
    #expect(throws: Complaint(complaint)) { try table(text) }
  }
}
