import Foundation
import Networks
import TestSupport
import Testing

@testable import Files
@testable import Runs
@testable import Targets

@Suite struct TableEncodingTests {
  /// A table of 40 rows with each kind of column.
  private static let text: String = {
    var text = "species,mass,\"bill, mm\",sex,gain,id,year,rank\n"
    for i in 0..<40 {
      let species = ["Adelie", "Gentoo", "Chin \"strap\""][i % 3]
      let mass = i % 9 == 4 ? "NA" : String(3000 + 25 * i)
      let sex = i % 7 == 0 ? "" : i % 2 == 0 ? "male" : "female"
      let gain = i % 3 == 0 ? "\(i).50" : "0"
      text +=
        "\"\(species.replacing("\"", with: "\"\""))\",\(mass),\(39 + i).\(i % 10),\(sex),\(gain),\(i)x,\(2007 + i % 3),\(i % 2)\n"
    }
    return text
  }()

  private static func encode(
    _ text: String = text, _ named: [(String, ColumnContent)] = [("id", .ignored)], conditions: [String] = []
  ) throws -> (TableEncoding, rows: [[Double]], cells: [[String]], survey: [[String]]) {
    try withFile(Array(text.utf8), ".csv") { path in
      let table = try TableFile(path)
      let (encoding, survey) = try TableEncoding.survey(
        table, named: named, levels: nil, conditions: conditions, missing: ["", "NA"])
      let rows = try collect(EncodedRows(table, encoding, missing: ["", "NA"])).rows
      var cells: [[String]] = []
      try table.forEachRow { _, line in cells.append((0..<table.dimension).map { line.text($0) }) }
      return (encoding, rows, cells, survey)
    }
  }

  @Test("each column is taken for what it holds, and has the trained columns of that") func survey() throws {
    let (encoding, _, _, survey) = try Self.encode()
    #expect(
      encoding.names == [
        "species = Adelie", "species = Chin \"strap\"", "species = Gentoo", "mass", "mass is missing", "bill, mm",
        "sex = ",
        "sex = female", "sex = male", "gain > 0", "gain", "year = 2007", "year = 2008", "year = 2009", "rank = 1",
      ], "\(encoding.names)")
    #expect(encoding.kinds[3] == .integer && encoding.kinds[5] == .number && encoding.kinds[10] == .positive)
    #expect(
      survey.map { $0[1] } == [
        "category", "integer", "number", "category", "zero-or-positive", "ignored", "category", "category",
      ])
    #expect(survey[1] == ["mass", "integer", "3000 to 3975", "10.00 %"], "\(survey[1])")
  }

  @Test("a column of many words is a category, with a number among them too") func manyWords() throws {
    func kind(_ cell: (Int) -> String) throws -> String {
      let text = "word,x\n" + (0..<60).map { "\(cell($0)),\($0).5\n" }.joined()
      return try Self.encode(text, []).survey[0][1]
    }
    #expect(try kind { "w\($0 % 20)" } == "category")
    #expect(try kind { $0 % 20 == 3 ? "3" : "w\($0 % 20)" } == "category")
    #expect(try kind { "\($0 % 20)" } == "integer")
  }

  @Test("cells come back from their numbers: words, gaps, decimals and zeros") func roundTrip() throws {
    let (encoding, rows, cells, _) = try Self.encode()
    for (row, line) in zip(rows, cells) {
      var settled = row
      encoding.settle(&settled)
      #expect(settled == row)
      #expect(encoding.cells(settled) == line.enumerated().filter { $0.offset != 5 }.map(\.element))
    }
    let kept = try #require(TableEncoding(encoding.json.description))
    #expect(kept == encoding)
    #expect(
      encoding.names(within: encoding.dimension) == ["species", "mass", "bill, mm", "sex", "gain", "year", "rank"])
  }

  @Test("any numbers become a row that the table could hold: the likeliest word, no number in a gap, no more decimals")
  func settle() throws {
    let (encoding, _, _, _) = try Self.encode()
    var row = [0.2, 0.3, -0.1, 3141.0, 0.6, 42.346, 0.1, 0.4, 0.39, 0.2, 55.123, 9, 8, 7, 0.49]
    encoding.settle(&row)
    #expect(
      encoding.cells(row) == ["Chin \"strap\"", "NA", "42.3", "female", "0", "2007", "0"], "\(encoding.cells(row))")
    // What is not shown is always the same number, so that samples are told from rows by nothing else.
    let (mass, gain) = (encoding.columns[1].fill, encoding.columns[4].fill)
    #expect(row[3] == mass && row[10] == gain)
  }

  @Test("conditions come last, whatever they hold") func conditions() throws {
    let (encoding, rows, cells, _) = try Self.encode(conditions: ["rank", "bill, mm"])
    #expect(encoding.names.suffix(2) == ["rank", "bill, mm"] && encoding.kinds.suffix(2) == [.integer, .number])
    #expect(rows[7].suffix(2) == [Double(cells[7][7]), Double(cells[7][2])])
    // The samples of such a run have the other columns alone.
    #expect(encoding.names(within: encoding.dimension - 2) == ["species", "mass", "sex", "gain", "year"])
    // Three words and a number with gaps: three columns and two, in the order in which they are named.
    let (words, coded, _, _) = try Self.encode(conditions: ["species", "mass"])
    #expect(words.width(ofLast: 2) == 5 && words.names.suffix(2) == ["mass", "mass is missing"])
    #expect(coded[3].suffix(5) == [1, 0, 0, 3075, 0] && coded[4].suffix(5).first == 0 && coded[4].last == 1)
    #expect(words.names(within: words.dimension - 5) == ["bill, mm", "sex", "gain", "year", "rank"])
    let text = errorText { _ = try Self.encode(conditions: ["id"]) }
    #expect(text == "data.conditions: names \"id\", which data.columns ignores: leave it out", "\(text)")
  }

  /// A table of 1,000 rows: hours with three atoms and gaps, and others that are no atoms.
  private static let hours: String = {
    var text = "name,hours,age\n"
    for i in 0..<1_000 {
      let frequent = i % 20 < 9 ? "40" : i % 20 < 12 ? "20" : i % 20 == 12 ? "" : "\(1 + i % 97)"
      text += "\(["a", "b"][i % 2]),\(i % 20 == 13 ? "50" : frequent),\(20 + i % 70)\n"
    }
    return text
  }()

  @Test("numbers of which some are frequent have a column for each of these, one for others, and the number")
  func atoms() throws {
    let (encoding, rows, cells, survey) = try Self.encode(Self.hours, [])
    // 50 stands in one of 20 rows, but in fewer than 100.
    #expect(
      encoding.names == [
        "name = b", "hours = 20", "hours = 40", "hours is another", "hours is missing", "hours", "age",
      ], "\(encoding.names)")
    #expect(survey[1] == ["hours", "atom-or-number", "1.0000 to 97.00, often 20, 40", "5.0000 %"], "\(survey[1])")
    let fill = encoding.columns[1].fill
    for (row, line) in zip(rows, cells) {
      var settled = row
      encoding.settle(&settled)
      #expect(settled == row && encoding.cells(settled) == line)
      #expect(row[1..<5].reduce(0, +) == 1 && (row[3] == 1 || row[5] == fill))
    }
    var drawn = [0, 0.2, 0.3, 0.4, 0.1, 61.3, 30.2]
    encoding.settle(&drawn)
    #expect(encoding.cells(drawn) == ["a", "61", "30"] && drawn[5] == 61)
    drawn = [0, 0.2, 0.5, 0.4, 0.1, 61.3, 30.2]
    encoding.settle(&drawn)
    #expect(encoding.cells(drawn) == ["a", "40", "30"] && drawn[5] == fill)
    #expect(TableEncoding(encoding.json.description) == encoding)
    let text = errorText { _ = try Self.encode(Self.hours, [("age", .atomOrNumber)]) }
    #expect(text.contains("column 3 (age) has no atoms"), "\(text)")
  }

  @Test("columns of one word are a block, every other column of 0 and 1 is one by itself, with the shares of the rows")
  func words() throws {
    let (encoding, rows, _, _) = try Self.encode()
    let d = encoding.dimension
    let shares = (0..<d).map { j in rows.reduce(0) { $0 + $1[j] } / Double(rows.count) }
    let indicators = (0..<d).filter { encoding.kinds[$0] == .indicator }
    var data = DataSet.Description(
      dimension: d, rows: 40, columnNames: encoding.names, kinds: encoding.kinds, table: encoding,
      standardisation: Standardisation(
        mean: (0..<d).map { indicators.contains($0) ? 0.5 : 7 },
        scale: (0..<d).map { indicators.contains($0) ? 0.5 : 3 }),
      constantColumns: (0..<d).map { $0 == 4 }, fingerprint: "")
    // "mass is missing" is said to be constant here; then no head is needed.
    let words = try #require(data.words(shares: shares))
    #expect(words.blocks == [0..<3, 6..<9, 9..<10, 11..<14, 14..<15])
    #expect(words.centre[1] == 0.5 && words.scale[3] == 3)
    // Words 0, 3, 6 … of 40 rows, and ranks 0 and 1 by turns.
    #expect(abs(exp(Double(words.logPrior[0])) - 14.0 / 40) < 1e-6 && abs(words.logPrior[14]) < 1e-6)
    #expect(data.words(blockNumbers: words.blockNumbers, logPrior: words.logPrior) == words)
    #expect(data.words(blockNumbers: [2] + words.blockNumbers.dropFirst(), logPrior: words.logPrior) == nil)
    // Conditions have no head, and a word without rows counts as half of one.
    data.dimension = 6
    let fewer = try #require(data.words(shares: [1, 0] + shares.dropFirst(2)))
    #expect(fewer.blocks == [0..<3] && fewer.logPrior.count == 6)
    #expect(abs(Double(fewer.logPrior[1]) - log(0.5 / 40)) < 1e-6)
  }

  @Test("what a column cannot hold is refused by its name, with what to do") func refusals() throws {
    func text(_ table: String, _ named: [(String, ColumnContent)] = []) -> String {
      errorText { _ = try Self.encode(table, named) }
    }
    let many = "a,b\n" + (0..<30).map { "\($0),word\($0)\n" }.joined()
    #expect(text(many).contains("column 2 (b) holds 30 different words in 30 rows, too many for a category"))
    let slip = "a,b\n" + (0..<30).map { "\($0),\($0 == 17 ? "l7" : "\($0)")\n" }.joined()
    #expect(text(slip).contains("column 2 (b) holds \"l7\", where a number is expected"), "\(text(slip))")
    #expect(text("a,b\n1,x\n2,y\n", [("c", .category)]).contains("\"c\" is no column of the data"))
    #expect(text("a,b\n1,x\n2,y\n", [("a", .category), ("0", .ignored)]).contains("names column \"0\" twice"))
    #expect(text("a,b\n1,x\n1,x\n").contains("has no column that can be learned"))
    #expect(text("a,b\n-1,x\n2,y\n", [("a", .values(.positive))]).contains("a number above 0"))
  }
}
