import Foundation
import Testing

extension LaunchTests {
  @Suite struct TablesTests {
    private func experiment(_ workshop: Workshop) throws {
      var table = "species,mass,bill,sex\n"
      for i in 0..<600 {
        let mass = i % 11 == 3 ? "NA" : String(3000 + 25 * (i % 40) + (i % 3) * 700)
        table +=
          "\(["Adelie", "Gentoo", "\"Chin, strap\""][i % 3]),\(mass),\(39 + i % 9).\(i % 10),\(i % 2 == 0 ? "male" : "female")\n"
      }
      try workshop.write(table, to: "birds.csv")
      try workshop.write(
        smallExperiment.replacingOccurrences(
          of: "{target: funnel, dimension: 5, count: 3000}", with: "{file: birds.csv}"),
        to: "birds.yaml")
    }

    @Test(
      "a table of words and gaps is trained, sampled and written as such a table, with the same bytes on 1, 2 and 3 ranks"
    )
    func ranks() throws {
      let workshop = try Workshop()
      try experiment(workshop)
      let text = try workshop.succeed("sgm-train", ["birds.yaml", "--output", "alone"], ranks: 0).output
      #expect(text.contains("species  category") && text.contains("3 words: Adelie, Chin, strap, Gentoo"), "\(text)")
      let alone = try RunFiles(workshop, "alone")
      for ranks in [2, 3] {
        try workshop.succeed("sgm-train", ["birds.yaml", "--output", "on-\(ranks)"], ranks: ranks)
        expectSame(try RunFiles(workshop, "on-\(ranks)"), alone, "\(ranks) ranks")
      }
      try workshop.succeed("sgm-train", ["birds.yaml", "--output", "stopped", "--until", "33"], ranks: 3)
      try workshop.succeed("sgm-train", ["--resume", "stopped"], ranks: 2)
      expectSame(try RunFiles(workshop, "stopped"), alone, "stopped at 33")
      let csv = String(decoding: try workshop.bytes("alone/samples/step-000000060.csv"), as: UTF8.self)
      try workshop.succeed("sgm-sample", ["alone", "--output", "more.csv"], ranks: 2)
      #expect(String(decoding: try workshop.bytes("more.csv"), as: UTF8.self) == csv)
      let lines = csv.split(separator: "\n")
      #expect(lines.count == 701 && lines[0] == "species,mass,bill,sex")
      let row = #/(Adelie|Gentoo|"Chin, strap"),(NA|-?\d+),(-?\d+\.\d),(male|female)/#
      let wrong = lines.dropFirst().filter { $0.wholeMatch(of: row) == nil }
      #expect(wrong.isEmpty, "\(wrong.prefix(3))")
      // Each word occurs: a third of the rows, a half, an eleventh.
      for word in ["Adelie", "Gentoo", "Chin", "NA", ",male", "female"] {
        #expect(lines.contains { $0.contains(word) }, "\(word)")
      }
      try workshop.succeed("sgm-evaluate", ["alone"], ranks: 3)
    }

    @Test(
      "a word never seen, and text where numbers are said to be, are refused by line and column on any number of ranks")
    func refusals() throws {
      let workshop = try Workshop()
      try experiment(workshop)
      try workshop.write("species,mass,bill,sex\nAdelie,3000,40.1,male\nEmu,3000,40.1,male\n", to: "new.csv")
      for ranks in [0, 3] {
        let seen = try workshop.run("sgm-train", ["birds.yaml", "--set", "data.held_out=new.csv"], ranks: ranks)
        #expect(seen.status == 65 || seen.status == 78)
        #expect(
          seen.errors.contains("new.csv:3: column 1 (species) holds \"Emu\", which is none of the 3 words"),
          "\(seen.errors)")
      }
      let number = try workshop.run("sgm-train", ["birds.yaml", "--set", "data.columns=species: integer"], ranks: 2)
      #expect(number.status == 65 && number.errors.contains("column 1 (species) holds \"Adelie\""), "\(number.errors)")
    }
  }
}
