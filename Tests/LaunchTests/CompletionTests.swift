import Foundation
import Testing

extension LaunchTests {
  @Suite struct CompletionTests {
    private func train(_ workshop: Workshop) throws {
      var table = "species,mass,bill,sex,eggs\n"
      for i in 0..<600 {
        let mass = i % 11 == 3 ? "NA" : String(3000 + 25 * (i % 40) + (i % 3) * 700)
        let sex = i % 13 == 5 ? "" : i % 2 == 0 ? "male" : "female"
        table +=
          "\(["Adelie", "Gentoo", "\"Chin, strap\""][i % 3]),\(mass),\(39 + i % 9).\(i % 10),\(sex),\(i % 5 > 1 ? 0 : 7 + i % 50)\n"
      }
      try workshop.write(table, to: "birds.csv")
      let data = smallExperiment.replacingOccurrences(
        of: "{target: funnel, dimension: 5, count: 3000}", with: "{file: birds.csv}")
      try workshop.write(data, to: "birds.yaml")
      try workshop.succeed("sgm-train", ["birds.yaml", "--output", "run"])
    }

    /// Columns in another order than the run's, a line of each pattern, cells in quotes that need none, decimals of all kinds.
    private let given = """
      mass;species;"sex";bill;eggs
      3000.0;Adelie;male;39.10;0
      ;;;;
      NA;"Gentoo";female;+41.5;7.50
      4100;;?;4.2e1;
       3555 ;"Chin, strap";;;12

      """

    @Test("missing cells are filled in and the others stay byte for byte, with the same bytes on 1, 2 and 3 ranks")
    func ranks() throws {
      let workshop = try Workshop()
      try train(workshop)
      try workshop.write(given, to: "given.csv")
      let words = ["run", "--complete", "given.csv", "--count", "20", "--steps", "20", "--output"]
      let outcome = try workshop.succeed("sgm-sample", words + ["full.csv"])
      #expect(
        outcome.output.contains(
          "5 rows, 4 with missing cells, each completed 20 times by 32 particles, 61 evaluations each"),
        "\(outcome.output)")
      let full = try workshop.bytes("full.csv")
      for ranks in [2, 3] {
        try workshop.succeed("sgm-sample", words + ["on-\(ranks).csv"], ranks: ranks)
        #expect(try workshop.bytes("on-\(ranks).csv") == full)
      }
      let lines = String(decoding: full, as: UTF8.self).split(separator: "\n").map(String.init)
      try #require(lines.count == 101 && lines[0] == "mass,species,sex,bill,eggs")
      #expect(lines[1...20].allSatisfy { $0 == "3000.0,Adelie,male,39.10,0" })
      let (mass, species, sex) = ("-?\\d+", "(Adelie|Gentoo|\"Chin, strap\")", "(male|female)")
      let (bill, eggs) = ("-?\\d+\\.\\d", "(0|\\d+)")
      let patterns = [
        "\(mass),\(species),\(sex),\(bill),\(eggs)", "\(mass),\"Gentoo\",female,\\+41\\.5,7\\.50",
        "4100,\(species),\(sex),4\\.2e1,\(eggs)", "3555,\"Chin, strap\",\(sex),\(bill),12",
      ]
      for (row, pattern) in patterns.enumerated() {
        let own = lines[(21 + 20 * row)..<(41 + 20 * row)]
        let regex = try Regex(pattern)
        #expect(own.allSatisfy { $0.wholeMatch(of: regex) != nil }, "\(own.first ?? "")")
        #expect(Set(own).count > 1)
      }
      // A row's draws depend on the row alone, and fewer draws are the first of more.
      try workshop.write(given.replacingOccurrences(of: "NA;\"Gentoo\"", with: "5000;Adelie"), to: "other.csv")
      let other = ["run", "--complete", "other.csv", "--count", "17", "--steps", "20", "--output", "other-full.csv"]
      try workshop.succeed("sgm-sample", other)
      let others = String(decoding: try workshop.bytes("other-full.csv"), as: UTF8.self).split(separator: "\n")
      #expect(others[52...68].map(String.init) == Array(lines[61..<78]))
      // The encoded numbers: 3 words, mass and its gaps, bill, 3 words with the gap, whether there are eggs, and how many.
      try workshop.succeed("sgm-sample", words + ["full.npy"], ranks: 2)
      let array = try workshop.bytes("full.npy")
      try #require(array.count == 192 + 100 * 11 * 8)
      func number(_ row: Int, _ column: Int) -> Double {
        let start = 192 + 8 * (11 * row + column)
        return Double(bitPattern: array[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
      }
      #expect((0..<10).map { number(19, $0) } == [1, 0, 0, 3000, 0, 39.1, 0, 0, 1, 0])
      // The run shows eggs without decimals; the file's own number stays.
      #expect((40..<60).allSatisfy { number($0, 9) == 1 && number($0, 10) == 7.5 && number($0, 5) == 41.5 })
    }

    @Test("an exact score of two coordinates fills in the one that is missing by its conditional law")
    func exact() throws {
      let workshop = try Workshop()
      try workshop.write("data: {target: eight-gaussians}\n", to: "eight.yaml")
      try workshop.write("x1,x2\n0,\n,\n", to: "given.csv")
      try workshop.succeed(
        "sgm-sample",
        ["eight.yaml", "--score", "exact", "--complete", "given.csv", "--count", "512", "--output", "full.csv"],
        ranks: 2)
      let rows = String(decoding: try workshop.bytes("full.csv"), as: UTF8.self).split(separator: "\n").dropFirst().map
      {
        $0.split(separator: ",").compactMap { Double($0) }
      }
      try #require(rows.count == 1024 && rows.allSatisfy { $0.count == 2 })
      let given = rows.prefix(512)
      #expect(given.allSatisfy { $0[0] == 0 })
      // Two of the eight modes have x1 = 0, one above and one below.
      let radius = given.map { abs($0[1]) }.reduce(0, +) / 512
      let free = rows.suffix(512).map { ($0[0] * $0[0] + $0[1] * $0[1]).squareRoot() }.reduce(0, +) / 512
      // Both are the circle's radius, blurred by the modes' deviation.
      #expect(abs(radius / free - 1) < 0.02, "\(radius), \(free)")
      let above = Double(given.count { $0[1] > 0 }) / 512
      // Two systems of 256 particles.
      #expect(abs(above - 0.5) < 0.15, "\(above)")
      try workshop.write("5,2,3\n4,,6\n", to: "wide.csv")
      let wide = try workshop.run(
        "sgm-sample", ["eight.yaml", "--score", "exact", "--complete", "wide.csv", "--output", "x.csv"])
      #expect(wide.status == 65 && wide.errors.contains("has 3 columns, but the run has 2: x1, x2"), "\(wide.errors)")
    }

    @Test("what cannot be completed is refused by line and column, on any number of ranks")
    func refusals() throws {
      let workshop = try Workshop()
      try train(workshop)
      let cases: [(text: String, status: Int32, says: String)] = [
        (
          "species,mass,bill,sex,eggs\nEmu,,40,male,0\n", 65,
          "g.csv:2: column 1 (species) holds \"Emu\", which is none of"
        ),
        ("species,mass,bill,sex\nAdelie,,40,male\n", 65, "g.csv: has no column \"eggs\", which the run has"),
        (
          "species,mass,bill,sex,eggs,age\nAdelie,,40,male,0,3\n", 65,
          "has a column \"age\", which the run does not have"
        ),
        (
          "species,mass,bill,sex,eggs\nAdelie,,40,male,-2\n", 65,
          "holds \"-2\", where 0 or a number above 0 is expected"
        ),
        ("species,mass,bill,sex,eggs\nAdelie,3000.5,40,male,\n", 65, "where a whole number is expected"),
      ]
      for (number, (text, status, says)) in cases.enumerated() {
        try workshop.write(text, to: "g.csv")
        let outcome = try workshop.run(
          "sgm-sample", ["run", "--complete", "g.csv", "--output", "x.csv"], ranks: number == 0 ? 3 : 0)
        #expect(outcome.status == status && outcome.errors.contains(says), "\(says): \(outcome.errors)")
      }
      try workshop.write("species,mass,bill,sex,eggs\nAdelie,,40,male,0\n", to: "g.csv")
      let options: [(words: [String], says: String)] = [
        ([], "--output is needed with --complete"),
        (["--output", "x.json"], "rows are completed into .csv, .tsv or .npy"),
        (["--output", "x.csv", "--fix", "g.csv"], "--complete and --fix exclude each other"),
        (["--output", "x.csv", "--observe", "g.csv"], "--complete and --observe exclude each other"),
        (["--output", "x.csv", "--condition", "1"], "--complete and --condition exclude each other"),
        (["--output", "x.csv", "--trajectory", "1"], "--complete and --trajectory exclude each other"),
        (["--output", "x.csv", "--sampler", "splitting"], "--complete draws by particles, which take ancestral steps"),
        (["--output", "x.csv", "--set", "sampling.observing=guidance"], "--complete draws by particles: add"),
      ]
      for (words, says) in options {
        let outcome = try workshop.run("sgm-sample", ["run", "--complete", "g.csv"] + words)
        #expect(outcome.status == 64 && outcome.errors.contains(says), "\(says): \(outcome.errors)")
      }
      #expect(try !workshop.names(in: ".").contains { $0.hasPrefix("x.csv") })
      let samples = try workshop.bytes("run/samples/step-000000060.npy")
      let places: [(output: String, says: String)] = [
        ("run/samples/step-000000060.npy", "these are the run's own samples"), ("g.csv", "this command reads it"),
      ]
      for (output, says) in places {
        let words = ["run", "--complete", "g.csv", "--overwrite", "--output", output]
        let outcome = try workshop.run("sgm-sample", words, ranks: 2)
        #expect(outcome.status == 73 && outcome.errors.contains(says), "\(outcome.errors)")
      }
      #expect(try workshop.bytes("run/samples/step-000000060.npy") == samples)
    }

    @Test("columns that condition must be given, and are")
    func conditions() throws {
      let workshop = try Workshop()
      var table = "a,b,c\n"
      for i in 0..<600 { table += "\(i % 7).5,\(i % 7 + i % 3),\(i % 3)\n" }
      try workshop.write(table, to: "t.csv")
      let data = smallExperiment.replacingOccurrences(
        of: "{target: funnel, dimension: 5, count: 3000}", with: "{file: t.csv, conditions: [a], columns: {c: integer}}"
      )
      try workshop.write(data, to: "t.yaml")
      try workshop.succeed("sgm-train", ["t.yaml", "--output", "run"])
      try workshop.write("a,b,c\n1.5,,2\n3.5,4.0,\n1.5,,2\n", to: "g.csv")
      let words = ["run", "--complete", "g.csv", "--count", "3", "--steps", "20", "--output"]
      try workshop.succeed("sgm-sample", words + ["one.csv"])
      try workshop.succeed("sgm-sample", words + ["three.csv"], ranks: 3)
      let one = try workshop.bytes("one.csv")
      #expect(try workshop.bytes("three.csv") == one)
      let lines = String(decoding: one, as: UTF8.self).split(separator: "\n")
      #expect(lines[0] == "a,b,c" && lines.count == 10)
      #expect(lines[1...3].allSatisfy { $0.wholeMatch(of: #/1\.5,-?\d+\.\d+,2/#) != nil }, "\(lines[1])")
      #expect(lines[4...6].allSatisfy { $0.wholeMatch(of: #/3\.5,4\.0,-?\d+/#) != nil }, "\(lines[4])")
      // The same row again is another row.
      #expect(Array(lines[7...9]) != Array(lines[1...3]))
      try workshop.write("a,b,c\n1.5,,2\n,4.0,\n", to: "g.csv")
      let outcome = try workshop.run("sgm-sample", words + ["x.csv"], ranks: 2)
      #expect(
        outcome.status == 65
          && outcome.errors.contains("g.csv:3: column 1 (a) is missing, but the run was trained with it as a condition"),
        "\(outcome.errors)")
    }
  }
}
