import Foundation
import Testing

extension LaunchTests {
  @Suite struct ReportTests {
    @Test("a run's report is made again from its folder, and two runs stand side by side", arguments: [0, 2])
    func report(ranks: Int) throws {
      let workshop = try Workshop()
      _ = try workshop.train("run", pictures: true)
      _ = try workshop.train("other", settings: ["--set", "process.epsilon=0"], pictures: true)
      let page = try workshop.bytes("run/report.html")
      try FileManager.default.removeItem(atPath: workshop.path + "/run/report.html")
      let again = try workshop.run("sgm-report", ["run"], ranks: ranks, pictures: true)
      #expect(again.status == 0 && again.output == "report: run/report.html\n", "\(again.errors)")
      let isSame = try workshop.bytes("run/report.html") == page
      #expect(isSame, "the page is a function of the folder")
      let both = try workshop.run(
        "sgm-report", ["run", "other", "--output", "both.html"], ranks: ranks, pictures: true)
      #expect(both.status == 0 && both.errors.isEmpty, "\(both.errors)")
      let text = String(decoding: try workshop.bytes("both.html"), as: UTF8.self)
      #expect(text.contains("<td>process.epsilon</td><td>0.25</td><td>0.0</td>"))
      for part in ["run · other", "Held-out loss", "sliced W2", "steps a second", "Data and samples"] {
        #expect(text.contains(part), "\(part)")
      }
      #expect(text.utf8.count < 5_000_000 && !text.contains("Picture missing"))
      #expect(try workshop.names(in: "both-plots").contains("curve-1.gp"))
    }

    @Test("what is no run is refused with one message", arguments: [0, 2])
    func refusals(ranks: Int) throws {
      let workshop = try Workshop()
      let outcome = try workshop.run("sgm-report", ["nothing"], ranks: ranks)
      #expect(outcome.status == 66 && outcome.messages.count == 1)
      #expect(outcome.errors.contains("nothing/experiment.yaml"), "\(outcome.errors)")
    }
  }
}
