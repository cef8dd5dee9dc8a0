import Foundation
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
      #expect(values.map { $0[0] } == (0..<rows).map(Double.init))
      #expect(firsts == [0, 65_536, 131_072])
    }
  }

  @Test(
    "each fault has its own message with line and column, and status 65",
    arguments: [
      ("", ": is empty; a table starts with names or numbers"),
      ("a,b\n", ": has no rows; add at least one below the names"),
      ("\n1\n", ":1: is empty; a table starts with names or numbers"),
      ("a,b\n1,2\n3\n", ":3: has 1 column, but line 1 has 2; columns are separated by commas"),
      (
        "a,b\n1,2\n3,4,5\n",
        ":3: has 3 columns, but line 1 has 2; columns are separated by commas; "
          + "if the first column holds the names of rows, leave them out (R: row.names=FALSE)"
      ),
      ("1,2\n3,4,5\n", ":2: has 3 columns, but line 1 has 2; columns are separated by commas"),
      ("a,b,\n1,2,\n", ":1: column 3 of 3 has no name; name it, or remove the separator at the end of each line"),
      ("a;b\n1;2\n3,4\n", ":3: has 1 column, but line 1 has 2; columns are separated by semicolons"),
      (
        "a;b\n1;2\n3;4,5\n",
        ":3: column 2 (b) holds \"4,5\", not a number; "
          + "fields are separated by semicolons and decimals marked by a point"
      ),
      ("a,b\n1,2\n3,four\n", ":3: column 2 (b) holds \"four\", not a number; correct it, or remove its row or column"),
      ("1,2\n3,0x10\n", ":2: column 2 holds \"0x10\", not a number; correct it, or remove its row or column"),
      ("a,b\n1,\n", ":2: column 2 (b) is empty; remove the row"),
      ("a,b\nNaN,2\n", ":2: column 1 (a) holds \"NaN\", not a finite number; remove the row"),
      ("a,b\n1,2\n2,-inf\n", ":3: column 2 (b) holds \"-inf\", not a finite number; remove the row"),
      ("nan,2\n", ":1: column 1 holds \"nan\", not a finite number; remove the row"),
      (
        "a,b\n1,1e400\n",
        ":2: column 2 (b) holds \"1e400\", beyond the largest number of double precision, 1.8e308; measure in a larger unit"
      ),
      ("a,b\n1,True\n", ":2: column 2 (b) holds \"True\", not a number; write truth values as 1 and 0"),
      (
        "x\n3,14\n",
        ":2: has 2 columns, but line 1 has 1; columns are separated by commas; "
          + "if these are decimal commas, write decimals with a point"
      ),
      (
        "3,14\n-0,5\n",
        ":2: holds \"-0,5\", a number with a decimal comma, while commas separate columns; write decimals with a point "
          + "(pandas reads such a file with decimal=\",\"), or name the columns in a first line"
      ),
      (
        "3,14,1,5\n2,71,7,05\n",
        ":2: holds \"7,05\", a number with a decimal comma, while commas separate columns; write decimals with a point "
          + "(pandas reads such a file with decimal=\",\"), or name the columns in a first line"
      ),
      ("sep=|\n1|2\n", ":1: declares the separator \"|\"; fields are separated by commas, semicolons, tabs or blanks"),
      ("# a b\n", ": has no rows; add at least one below the names"),
      ("1 2\n3 4 5\n", ":2: has 3 columns, but line 1 has 2; columns are separated by blanks"),
      ("a,b\n1,\u{e9}\n", ":2: column 2 (b) holds \"\u{e9}\", not a number; correct it, or remove its row or column"),
      ("a,b\n1,2\n\n3,4\n", ":3: is empty; remove the line"),
      (
        "a,\(String(repeating: "n", count: 99))\n1,x\n",
        ":2: column 2 (\(String(repeating: "n", count: 60))…) holds \"x\", not a number; correct it, or remove its row or column"
      ),
      ("a,b\n1,\"2\n", ":2: column 2 has no closing quote; a field in quotes must end on its line"),
      ("a,b\n1,\"2\"x\n", ":2: column 2 has text after its closing quote; a quote within quotes is doubled"),
      (
        "x,1\n2,3\n",
        ":1: is neither names nor numbers: \"x\" beside \"1\"; name every column, or none, or say by data.header: true that these are names"
      ),
      (",a\n1,2\n", ":1: column 1 of 2 has no name; name it, or leave it out (pandas: index=False)"),
      ("a,a\n1,2\n", ":1: names two columns \"a\"; rename one"),
      (
        "a,b\n1,\u{1b}[2J\u{202e}\n",
        ":2: column 2 (b) holds \"\\u{1b}[2J\\u{202e}\", not a number; correct it, or remove its row or column"
      ),
    ])
  func refuses(text: String, message: String) throws {
    try withFile(Array(text.utf8), "bad.csv") { path in
      let body = { try TableFile(path).forEachBlock { _, _ in } }
      #expect(errorText(body) == path + message)
      #expect(errorStatus(body) == .dataErr)
    }
  }

  @Test(
    "comments, savetxt's names, blanks, a spreadsheet's separator and old line ends are read",
    arguments: [
      ("# a b\n1 2\n3  4 \n", ["a", "b"], nil), ("# made by us\n# a,b\n1,2\n3,4\n", ["a", "b"], 1),
      ("1\t2\n3\t4\n", nil, nil), (" 1  2\n 3 \t 4\n", nil, nil), ("#3 2\n1 2\n3 4\n# end\n", nil, 2),
      ("a b\n1 2\n3 4\n", ["a", "b"], nil), ("\"a b\" \"c\"\n1 2\n3 4\n", ["a b", "c"], nil),
      ("sep=,\na,b\n1,2\n3,4\n", ["a", "b"], nil), ("SEP=;\r\na;b\r\n1;2\r\n3;4", ["a", "b"], nil),
      ("a,b\r1,2\r3,4\r", ["a", "b"], nil), ("1,2\r3,4", nil, nil), ("#id,x\n1,2\n3,4\n", ["id", "x"], nil),
    ] as [(String, [String]?, Int?)])
  func foreignTables(text: String, names: [String]?, comments: Int?) throws {
    try withFile(Array(text.utf8), "a.csv") { path in
      let file = try TableFile(path)
      #expect(file.columnNames == names)
      #expect(try collect(file).rows == [[1, 2], [3, 4]])
      let lines = comments == 1 ? "1 line that begins" : "\(comments ?? 0) lines that begin"
      let counts = file.remarks.filter { !$0.contains("counts") }
      #expect(counts == (comments == nil ? [] : ["note: \(path): \(lines) with # left out"]), "\(file.remarks)")
    }
  }

  @Test("bytes that are not UTF-8 are read as Latin-1 with a warning, never replaced") func latin() throws {
    try withFile([0xe9, 0x2c, 0xe8, 0x0a] + Array("1,2\n".utf8), "a.csv") { path in
      let file = try TableFile(path)
      #expect(file.columnNames == ["é", "è"])
      #expect(file.remarks == ["warning: \(path): line 1 is not UTF-8 and is read as Latin-1: é, è"])
    }
    try withFile(Array("a\n".utf8) + [0xe9, 0x0a], "a.csv") { path in
      let file = try TableFile(path)
      #expect(errorText { try file.forEachBlock { _, _ in } }.contains("holds \"é\", not a number"))
    }
  }

  @Test(
    "a first line of numbers is taken for names where it is unlike those below, with a warning, and not elsewhere",
    arguments: [
      ("0,1,2\n", "0.5,1.5,2.5\n", "it holds whole numbers above columns of decimals"),
      ("0,1,2,3,4\n", "5,7,1,0,2\n", "it counts 0, 1, …"),
      ("\"1\",\"2\"\n", "1,2\n", "its numbers alone stand in quotes"),
      ("1990,2000,2010\n", "12,13,14\n", "it holds years above other numbers"),
      ("400.5,401.5\n", "0.12,0.2\n", "its numbers lie far from those below"),
      ("1,2\n", "3.5,4\n", nil), ("3,1,2\n", "2,2,1\n", nil), ("0,0\n", "0.5,0.5\n", nil),
      ("0,1,2,3,4\n", "5,6,7,8,9\n", nil), ("1990,2000\n", "1995,2005\n", nil), ("1.5,2.5\n", "1.0,2.0\n", nil),
      ("\"1\",\"2\"\n", "\"3\",\"4\"\n", nil),
    ] as [(String, String, String?)])
  func numericNames(first: String, row: String, reason: String?) throws {
    // Rows that are not all the same, so that columns have a width.
    let other = row.replacingOccurrences(of: "2", with: "1")
    let text = first + row + other + row + other + row + other
    try withFile(Array(text.utf8), "a.csv") { path in
      let file = try TableFile(path)
      #expect(file.rows == (reason == nil ? 7 : 6))
      let said =
        "warning: \(path): line 1 is read as names, because \(reason ?? ""); data.header: false reads it as a row"
      #expect(file.remarks.contains(said) == (reason != nil), "\(file.remarks)")
      #expect(try TableFile(path, header: .absent).rows == 7)
      // Two columns cannot have one name.
      if !first.hasPrefix("0,0") { #expect(try TableFile(path, header: .present).rows == 6) }
    }
  }

  @Test("names beside numbers are names if data.header says so, and words are no row if it denies them") func header()
    throws
  {
    try withFile(Array("id,1990\n1,2\n".utf8), "a.csv") { (path) throws in
      #expect(try TableFile(path, header: .present).columnNames == ["id", "1990"])
      #expect(
        errorText { _ = try TableFile(path, header: .absent) }
          == "\(path):1: is not a row of numbers, but data.header is false; set it to auto or true")
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
        == "a.parquet: is of an unknown kind; data files end in .npy, .csv, .tsv, .txt or .dat, or are named as rows.h5:/PATH"
    )
    try withFile(Array("1 2\n".utf8), "a.txt") { (path) throws in #expect(try openRows(path).dimension == 2) }
    #expect(errorStatus { _ = try openRows("/nowhere/a.npy") } == .noInput)
  }
}
