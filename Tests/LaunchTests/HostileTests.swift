import Foundation
import Testing

extension LaunchTests {
  @Suite struct HostileTests {
    /// Names that a shell, gnuplot, an HTML page or a terminal would act on.
    private static let names = [
      "$(touch pwned)", "`touch pwned`", "'; system('touch pwned'); '", "\\\");system(\\\"touch pwned\\\")",
      "@pwned\u{1b}[2J\u{7}", "<script>alert(1)</script>",
    ]

    @Test("no name from a file is run by a shell or gnuplot, moves the terminal or enters the page")
    func names() throws {
      let workshop = try Workshop()
      let file = "a $(touch pwned) `touch pwned`; touch pwned '\u{1b}[2J.csv"
      let header = Self.names.map { "\"" + $0.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }
      // The fifth column never changes: a warning names it.
      let rows = (0..<400).map { "\($0 % 7),\($0 % 5),\($0 % 3),\($0 % 11),2,\($0 % 13)" }
      try workshop.write(([header.joined(separator: ",")] + rows).joined(separator: "\n") + "\n", to: file)
      let path = file.replacingOccurrences(of: "\u{1b}", with: "\\e")
      let small = smallExperiment.replacingOccurrences(
        of: "target: funnel, dimension: 5, count: 3000", with: "file: \"\(path)\"")
      try workshop.write(small, to: "small.yaml")
      let outcome = try workshop.run("sgm-train", ["small.yaml", "--output", "run"], pictures: true)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("@pwned\\u{1b}[2J\\u{7} never changes"), "\(outcome.output)")
      for text in [outcome.output, outcome.errors] {
        let strange = text.unicodeScalars.filter { $0.properties.generalCategory == .control && $0 != "\n" }
        #expect(strange.isEmpty)
      }
      let all = FileManager.default.enumerator(atPath: workshop.path)?.compactMap { $0 as? String } ?? []
      #expect(!all.contains { ($0 as NSString).lastPathComponent == "pwned" })
      let page = String(decoding: try workshop.bytes("run/report.html"), as: UTF8.self)
      #expect(!page.contains("<script") && !page.contains("\u{1b}"))
      #expect(page.contains("data:image/") || !FileManager.default.fileExists(atPath: "/usr/bin/gnuplot"))
    }

    @Test("a checkpoint whose texts would move the terminal is shown escaped")
    func checkpoint() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      _ = try workshop.run("sgm-train", ["small.yaml", "--output", "run", "--until", "20"])
      try workshop.write("step-\u{1b}[2J\u{202e}\n", to: "run/checkpoints/latest")
      for program in ["sgm-sample", "sgm-evaluate"] {
        let outcome = try workshop.run(program, ["run"])
        #expect(outcome.status == 65 && outcome.messages.count == 1)
        #expect(outcome.errors.contains("names \"step-\\u{1b}[2J\\u{202e}\", which is no checkpoint"))
        #expect(!outcome.errors.contains("\u{1b}"))
      }
    }
  }
}
