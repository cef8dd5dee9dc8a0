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
