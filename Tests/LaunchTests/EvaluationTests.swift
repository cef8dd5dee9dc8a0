import Foundation
import Testing

extension LaunchTests {
  @Suite struct EvaluationTests {
    static let few = ["--set", "evaluation.repeats=2", "--set", "evaluation.pair_count=60", "--json"]

    @Test("every metric finds the same figures on 1, 2, 3 and 4 ranks", arguments: [2, 3, 4])
    func ranks(ranks: Int) throws {
      let workshop = try Workshop()
      // Six metrics compare with the rows or the network of a run, and one needs classes: LevelsTests.
      let names = try workshop.values(of: "evaluation.metrics").filter {
        !["nearest", "nll", "bound", "coverage", "sbc", "tarp", "frechet"].contains($0)
      }
      .joined(separator: ",")
      let words =
        ["diamond", "--against", "diamond", "--metrics", names, "--set", "evaluation.count=200"]
        + ["--set", "evaluation.directions=70"] + Self.few
      let alone = try workshop.run("sgm-evaluate", words)
      try #require(alone.status == 0, "\(alone.errors)")
      let figures = try alone.output.split(separator: "\n").compactMap {
        try (JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["metric"] as? String
      }
      #expect(
        figures == [
          "sliced W2", "max-sliced W2", "sliced W2 of ranks", "max-sliced W2 of ranks", "exact W2", "Gaussian W2",
          "Gaussian KL", "MMD²", "MMD p-value", "energy distance", "k-NN KL", "classifier accuracy", "missed modes",
          "mode weight error", "outside modes", "mode width", "KS, mean", "KS, worst", "quantile error, mean",
          "quantile error, worst", "correlation error", "worst correlation error", "neighbour spacing",
          "Hill tail index, difference", "kernel Stein discrepancy",
        ])
      let shared = try workshop.run("sgm-evaluate", words, ranks: ranks)
      #expect(shared.output == alone.output)
    }

    @Test("a law of conditions and a file of any name can be judged")
    func names() throws {
      let workshop = try Workshop()
      let few = ["--metrics", "gaussian", "--set", "evaluation.count=100"] + Self.few
      let simulator = try workshop.run("sgm-evaluate", ["two-moons-simulator", "--against", "two-moons"] + few)
      #expect(simulator.status == 0, "\(simulator.errors)")
      try workshop.write((0..<100).map { "\($0),\($0 * $0 % 17)\n" }.joined(), to: "it's.csv")
      let file = try workshop.run("sgm-evaluate", ["it's.csv", "--against", "it's.csv"] + few, ranks: 2)
      #expect(file.status == 0, "\(file.errors)")
    }

    @Test("a file sorted by class is judged by rows chosen at random, the same on 1 and 3 ranks")
    func sorted() throws {
      let workshop = try Workshop()
      try workshop.write((0..<3000).map { "\($0 < 1500 ? 0 : 10)\n" }.joined(), to: "sorted.csv")
      try workshop.write((0..<3000).map { "\($0 % 2 == 0 ? 0 : 10)\n" }.joined(), to: "mixed.csv")
      for truth in ["sorted.csv", "mixed.csv"] {
        let words = ["sorted.csv", "--against", truth, "--metrics", "sliced-w2", "--set", "evaluation.count=300"]
        let alone = try workshop.run("sgm-evaluate", words + Self.few)
        try #require(alone.status == 0, "\(alone.errors)")
        #expect(try workshop.run("sgm-evaluate", words + Self.few, ranks: 3).output == alone.output)
        let line = try #require(alone.output.split(separator: "\n").first)
        let found = try JSONDecoder().decode(Figure.self, from: Data(line.utf8))
        // The first 300 rows are all 0, at a distance of 10 √½. Shares of two random choices differ by 0.041, one standard
        // deviation, and so do the floor's halves: four of them are 10 √0.16.
        #expect(found.value.mean < 4 && found.floor.mean < 4, "\(line)")
        #expect(try workshop.run("sgm-evaluate", words + Self.few.dropLast()).output.contains("300 of 3000"))
      }
    }

    /// What a line of JSON says of a distance.
    private struct Figure: Decodable {
      struct Spread: Decodable { let mean: Double }
      let value, floor: Spread
    }

    @Test("a metric with too few rows is left out by name, and the others are computed")
    func few() throws {
      let workshop = try Workshop()
      func table(_ rows: Int) -> String {
        "a,b\n" + (0..<rows).map { "\(sin(Double($0))),\(cos(2.5 * Double($0)))\n" }.joined()
      }
      try workshop.write(table(5), to: "five.csv")
      try workshop.write(table(100), to: "true.csv")
      let words = ["five.csv", "--against", "true.csv", "--metrics", "knn-kl,sliced-w2,energy"]
      for ranks in [0, 2] {
        let outcome = try workshop.run("sgm-evaluate", words, ranks: ranks)
        #expect(outcome.status == 0 && outcome.messages.isEmpty, "\(outcome.errors)")
        let said =
          "warning: the metric knn-kl is left out: it needs at least 6 rows on either side, and there are 5 samples"
        #expect(outcome.errors.contains(said), "\(outcome.errors)")
        #expect(outcome.output.contains("sliced W2") && !outcome.output.contains("k-NN KL"), "\(outcome.output)")
        #expect(outcome.output.contains("units of the data; the square of SciPy's"), "\(outcome.output)")
      }
    }

    @Test("columns of very different scales are noted, and standardised distances see each of them")
    func scales() throws {
      let workshop = try Workshop()
      func table(_ shift: Double) -> String {
        // The deviation of both before scaling is √½.
        "a,b\n" + (0..<2000).map { "\(sin(Double($0)) + shift),\(1e6 * cos(2.5 * Double($0)))\n" }.joined()
      }
      try workshop.write(table(3 / 2.0.squareRoot()), to: "moved.csv")
      try workshop.write(table(0), to: "true.csv")
      func figure(_ settings: [String]) throws -> (mean: Double, line: String, errors: String) {
        let words = ["moved.csv", "--against", "true.csv", "--json", "--set", "evaluation.directions=500"] + settings
        let outcome = try workshop.run("sgm-evaluate", words)
        let line = String(try #require(outcome.output.split(separator: "\n").first))
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return (try #require((object?["value"] as? [String: Any])?["mean"] as? Double), line, outcome.errors)
      }
      let plain = try figure([])
      #expect(plain.errors.contains("note: the columns' standard deviations differ by a factor of 1,00"), "\(plain)")
      let scaled = try figure(["--set", "evaluation.units=standardised"])
      #expect(scaled.errors.isEmpty && scaled.line.contains("\"unit\":\"standard deviations\""), "\(scaled)")
      // A shift of 3 deviations along one of two axes: the root of the mean of (3 cos θ)² is 3/√2. Sets of 1,000 rows
      // and 500 directions tell it to a tenth.
      #expect(abs(scaled.mean - 3 / 2.0.squareRoot()) < 0.2, "\(scaled)")
    }

    @Test("another instruction set changes no figure")
    func instructionSet() throws {
      let workshop = try Workshop()
      let words = ["mg25", "--against", "diamond", "--metrics", "c2st", "--set", "evaluation.count=200"] + Self.few
      let plain = try workshop.run("sgm-evaluate", words)
      let other = try workshop.run("sgm-evaluate", words, environment: ["LIBXSMM_TARGET": "hsw"])
      #expect(plain.status == 0 && plain.output == other.output, "\(plain.errors)")
    }

    @Test("a run is judged by its training rows too, and its figures are kept beside the report")
    func nearest() throws {
      let workshop = try Workshop()
      _ = try workshop.train("run")
      let words = ["run", "--metrics", "nearest,gaussian", "--set", "evaluation.count=60"] + Self.few
      let outcome = try workshop.run("sgm-evaluate", words)
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("\"nearest training row\"") && outcome.output.contains("\"copied rows\""))
      let kept = String(decoding: try workshop.bytes("run/judgements.jsonl"), as: UTF8.self)
      #expect(kept == outcome.output)
      let shared = try workshop.run("sgm-evaluate", words, ranks: 3)
      #expect(shared.output == outcome.output)
    }

    @Test("likelihoods of unseen rows, by draws of velocities and probes, are the same bytes on 1, 2 and 3 ranks")
    func likelihood() throws {
      let workshop = try Workshop()
      _ = try workshop.train("run", settings: ["--set", "data.dimension=17"])
      let words =
        ["run", "--metrics", "nll", "--json", "--set", "evaluation.pair_count=300"]
        + ["--set", "evaluation.likelihood_steps=4", "--set", "evaluation.likelihood_draws=2"]
      let alone = try workshop.run("sgm-evaluate", words)
      try #require(alone.status == 0, "\(alone.errors)")
      #expect(alone.output.contains("\"NLL, upper bound\"") && alone.output.contains("\"nats a row\""))
      let rows = try workshop.bytes("run/likelihood.npy")
      // A header of 192 bytes; NLL, its standard error, the Gaussian fit's and the law's own.
      #expect(rows.count == 192 + 300 * 4 * 4)
      #expect(String(decoding: try workshop.bytes("run/report.html"), as: UTF8.self).contains("NLL, upper bound"))
      for ranks in [2, 3] {
        let shared = try workshop.run("sgm-evaluate", words, ranks: ranks)
        #expect(shared.output == alone.output)
        #expect(try workshop.bytes("run/likelihood.npy") == rows)
      }
    }
  }
}
