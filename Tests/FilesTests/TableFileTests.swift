import LinearAlgebra
import TestSupport
import Testing

@testable import Files

@Suite struct TableFileTests {
  @Test(
    "names, byte order mark, quotes, blanks, line ends and separators are read",
    arguments: [
      ("a,b\n1,2\n3,4\n", ["a", "b"]), ("1,2\n3,4", nil), ("\u{feff}a;b\r\n1;2\r\n3;4\r\n\r\n", ["a", "b"]),
      ("\"a, \"\"x\"\"\"\t\"b\"\n\"1\"\t 2 \n3\t+4e0\n \n", ["a, \"x\"", "b"]), (" 1 , 2.0\n.3e1,4.", nil),
    ] as [(String, [String]?)])
  func reads(text: String, names: [String]?) throws {
    try withFile(Array(text.utf8), "a.csv") { path in
      let file = try TableFile(path)
      #expect(file.columnNames == names)
      #expect(file.rows == 2 && file.dimension == 2)
      #expect(try collect(file).rows == [[1, 2], [3, 4]])
    }
  }

  @Test("control characters in names are escaped") func names() throws {
    try withFile(Array("\"a\u{1b}[2J\"\n1\n".utf8), "a.csv") { (path) throws in
      #expect(try TableFile(path).columnNames == ["a\\u{1b}[2J"])
    }
  }

  @Test("blocks cover all rows once and in order, over many chunks of the file") func blocks() throws {
    let rows = 150_000
    let text = "x\n" + (0..<rows).map { "\($0)" }.joined(separator: "\n")
    try withFile(Array(text.utf8), "a.csv") { path in
      let (values, firsts) = try collect(TableFile(path))
      #expect(values.map { $0[0] } == (0..<rows).map(Float.init))
      #expect(firsts == [0, 65_536, 131_072])
    }
  }

  @Test(
    "each fault has its own message with line and column, and status 65",
    arguments: [
      ("", ": is empty; a table starts with names or numbers"),
      ("a,b\n", ": has no rows; add at least one below the names"),
      ("\n1\n", ":1: is empty; a table starts with names or numbers"),
      ("a,b\n1,2\n3\n", ":3: has 1 columns, but line 1 has 2; columns are separated by commas"),
      ("a,b\n1,2\n3,4,5\n", ":3: has 3 columns, but line 1 has 2; columns are separated by commas"),
      ("a;b\n1;2\n3,4\n", ":3: has 1 columns, but line 1 has 2; columns are separated by semicolons"),
      (
        "a;b\n1;2\n3;4,5\n",
        ":3: column 2 (b) holds \"4,5\", not a number; "
          + "fields are separated by semicolons and decimals marked by a point"
      ),
      ("a,b\n1,2\n3,four\n", ":3: column 2 (b) holds \"four\", not a number; correct it, or remove the row"),
      ("1,2\n3,0x10\n", ":2: column 2 holds \"0x10\", not a number; correct it, or remove the row"),
      ("a,b\n1,\n", ":2: column 2 (b) is empty; remove the row"),
      ("a,b\nNaN,2\n", ":2: column 1 (a) holds \"NaN\", not a finite single-precision number; remove the row"),
      ("a,b\n1,2\n2,-inf\n", ":3: column 2 (b) holds \"-inf\", not a finite single-precision number; remove the row"),
      ("nan,2\n", ":1: column 1 holds \"nan\", not a finite single-precision number; remove the row"),
      ("a,b\n1,1e39\n", ":2: column 2 (b) holds \"1e39\", not a finite single-precision number; remove the row"),
      ("a,b\n1,2\n\n3,4\n", ":3: is empty; remove the line"),
      (
        "a,\(String(repeating: "n", count: 99))\n1,x\n",
        ":2: column 2 (\(String(repeating: "n", count: 60))…) holds \"x\", not a number; correct it, or remove the row"
      ),
      ("a,b\n1,\"2\n", ":2: column 2 has no closing quote; a field ends on its line"),
      ("a,b\n1,\"2\"x\n", ":2: column 2 has text after its closing quote; a quote within quotes is doubled"),
      ("x,1\n2,3\n", ":1: is neither names nor numbers: \"x\" beside \"1\"; name every column, or none"),
      (",a\n1,2\n", ":1: column 1 has no name; name it, or leave it out (pandas: index=False)"),
      ("a,a\n1,2\n", ":1: names two columns \"a\"; rename one"),
      (
        "a,b\n1,\u{1b}[2J\u{202e}\n",
        ":2: column 2 (b) holds \"\\u{1b}[2J\\u{202e}\", not a number; correct it, or remove the row"
      ),
    ])
  func refuses(text: String, message: String) throws {
    try withFile(Array(text.utf8), "bad.csv") { path in
      let body = { try TableFile(path).forEachBlock { _, _ in } }
      #expect(errorText(body) == path + message)
      #expect(errorStatus(body) == .dataErr)
    }
  }

  @Test("UTF-16 and endless lines are refused") func foreign() throws {
    try withFile([0xff, 0xfe, 0x31, 0], "a.csv") { path in
      #expect(errorText { _ = try TableFile(path) } == "\(path): is UTF-16 text; save it as UTF-8")
    }
    try withFile(Array("1\n".utf8) + [UInt8](repeating: 0x31, count: 9 << 20), "a.csv") { path in
      #expect(errorText { _ = try TableFile(path) } == "\(path):2: is longer than 8388608 bytes; is this a table?")
    }
  }

  @Test("a line of more columns than any experiment may have is refused before room is made for them")
  func wide() throws {
    let line = [UInt8](repeating: UInt8(ascii: ","), count: 1_000_001)
    try withFile(line, "a.csv") { path in
      #expect(errorText { _ = try TableFile(path) } == "\(path):1: has more than 1000000 columns; is this a table?")
    }
  }

  @Test("the file's ending decides the format") func endings() throws {
    try withFile(Array("1\t2\n".utf8), "a.TSV") { (path) throws in #expect(try openRows(path).dimension == 2) }
    #expect(
      errorText { _ = try openRows("a.parquet") }
        == "a.parquet: is of an unknown kind; data files end in .npy, .csv or .tsv")
    #expect(errorStatus { _ = try openRows("/nowhere/a.npy") } == .noInput)
  }
}
