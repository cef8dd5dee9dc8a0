import Foundation
import Testing

extension LaunchTests {
  @Suite struct ConditionTests {
    private func experiment(_ workshop: Workshop) throws {
      var table = "a,seen,b\n"
      for i in 0..<600 { table += "\(sin(Double(i))),\(i % 7),\(cos(2.5 * Double(i)) + Double(i % 7))\n" }
      try workshop.write(table, to: "table.csv")
      try workshop.write(
        smallExperiment.replacingOccurrences(
          of: "{target: funnel, dimension: 5, count: 3000}", with: "{file: table.csv, conditions: [seen]}"),
        to: "conditional.yaml")
    }

    private func train(_ workshop: Workshop, _ run: String, ranks: Int) throws {
      try experiment(workshop)
      let outcome = try workshop.run("sgm-train", ["conditional.yaml", "--output", run], ranks: ranks)
      try #require(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("a network with conditions trains and samples to the same bytes on 1, 2 and 3 ranks")
    func ranks() throws {
      let workshop = try Workshop()
      try train(workshop, "run", ranks: 1)
      let alone = try RunFiles(workshop, "run")
      for ranks in 2...3 {
        try train(workshop, "on-\(ranks)", ranks: ranks)
        expectSame(try RunFiles(workshop, "on-\(ranks)"), alone, "\(ranks) ranks")
      }
      // 192 bytes of header, 700 rows of the two columns that are learned, in double precision as a table's are.
      #expect(alone.samples.count == 192 + 700 * 2 * 8)
      func sample(_ condition: String, _ count: [String] = [], ranks: Int, _ file: String) throws -> Data {
        let outcome = try workshop.run(
          "sgm-sample", ["run", "--condition", condition, "--output", file] + count, ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try workshop.bytes(file)
      }
      try workshop.write((0..<600).map { "\($0 < 300 ? 0 : 6)\n" }.joined(), to: "seen.csv")
      let count = ["--count", "600"]
      let (low, high) = (try sample("0", count, ranks: 1, "low.npy"), try sample("6", count, ranks: 2, "high.npy"))
      let (both, again) = (try sample("seen.csv", ranks: 3, "both.npy"), try sample("seen.csv", ranks: 1, "again.npy"))
      #expect(both == again && low != high)
      // Sample i depends on its own condition alone.
      #expect(both.prefix(192 + 300 * 16) == low.prefix(192 + 300 * 16))
      #expect(both.suffix(300 * 16) == high.suffix(300 * 16))
      // Two of each row, in turns: sample i is given row i mod 600.
      let twice = try sample("seen.csv", ["--count", "2"], ranks: 2, "twice.npy")
      #expect(twice.count == 192 + 1200 * 16 && twice.prefix(192 + 600 * 16).suffix(600 * 16) == both.suffix(600 * 16))
    }

    /// θ is the first of two observations, which are −1 and 1.
    @Test("parts whose order means nothing are learned so, to the same bytes on 1, 2 and 3 ranks, and past a resume")
    func exchangeable() throws {
      let workshop = try Workshop()
      let rows = (0..<800).map { i in
        let first = i % 2 == 0 ? -1 : 1
        return "\(Double(first) + 0.1 * sin(Double(i))),\(first),\(-first)\n"
      }
      try workshop.write("theta,one,two\n" + rows.joined(), to: "table.csv")
      try workshop.write(
        smallExperiment.replacingOccurrences(
          of: "{target: funnel, dimension: 5, count: 3000}", with: "{file: table.csv, conditions: [one, two]}"),
        to: "pairs.yaml")
      func train(_ run: String, _ parts: Int, ranks: Int, _ more: [String] = []) throws {
        try workshop.succeed(
          "sgm-train",
          [
            "pairs.yaml", "--output", run, "--set", "data.exchangeable=\(parts)", "--set",
            "training.learning_rate=0.01",
          ] + more,
          ranks: ranks)
      }
      /// The mean of what is drawn given −1 and 1, in this order.
      func mean(_ run: String) throws -> Double {
        try workshop.succeed(
          "sgm-sample", ["run-\(run)", "--condition=-1,1", "--count", "400", "--output", "\(run).csv"])
        let lines = String(decoding: try workshop.bytes("\(run).csv"), as: UTF8.self).split(separator: "\n")
        return lines.dropFirst().compactMap { Double($0) }.reduce(0, +) / 400
      }
      try train("run-ordered", 1, ranks: 0)
      try train("run-any", 2, ranks: 1)
      // In order they tell θ, which is −1; in any order θ is either of them, 0 in the mean. Small networks err by about 0.2.
      #expect(try mean("ordered") < -0.7)
      #expect(abs(try mean("any")) < 0.4)
      let alone = try RunFiles(workshop, "run-any")
      for ranks in 2...3 {
        try train("run-\(ranks)", 2, ranks: ranks)
        expectSame(try RunFiles(workshop, "run-\(ranks)"), alone, "\(ranks) ranks")
      }
      try train("run-stopped", 2, ranks: 3, ["--until", "30"])
      try workshop.succeed("sgm-train", ["--resume", "run-stopped"], ranks: 2)
      expectSame(try RunFiles(workshop, "run-stopped"), alone, "resumed")
    }

    @Test("a condition far from all data is warned of, and values that begin with a minus are values")
    func far() throws {
      let workshop = try Workshop()
      try train(workshop, "run", ranks: 0)
      let words = ["run", "--count", "3", "--output", "far.npy", "--condition"]
      let far = try workshop.run("sgm-sample", words + ["-100"], ranks: 2)
      #expect(far.status == 0, "\(far.errors)")
      #expect(far.errors.contains("warning: --condition -100: seen = -100.0 lies 51"), "\(far.errors)")
      try workshop.write("number,value\n0,-100\n", to: "fixed.csv")
      let fixed = try workshop.run("sgm-sample", ["run", "--condition", "1", "--fix", "fixed.csv"] + words[1...4])
      #expect(fixed.errors.contains("warning: --fix fixed.csv: a = -100.0 lies "), "\(fixed.errors)")
      let near = try workshop.run("sgm-sample", words + ["-0.5"])
      #expect(near.status == 0 && !near.errors.contains("warning"), "\(near.errors)")
      let seed = try workshop.run("sgm-sample", words + ["1", "--seed", "-1"])
      #expect(
        seed.status == 78 && seed.errors.contains("sampling.seed must be 0 to 18446744073709551615, found \"-1\""))
    }

    /// Three kinds of bars, whose length is near 10, 20 or 30 and whose weight is missing now and then.
    private func bars(_ workshop: Workshop) throws {
      var table = "length,kind,weight\n"
      for i in 0..<900 {
        let weight = i % 10 == 0 ? "NA" : "\(i % 7)"
        table += "\(10 * Double(i % 3 + 1) + sin(Double(i))),\(["ash", "oak", "elm"][i % 3]),\(weight)\n"
      }
      try workshop.write(table, to: "bars.csv")
      try workshop.write(
        smallExperiment.replacingOccurrences(
          of: "{target: funnel, dimension: 5, count: 3000}", with: "{file: bars.csv, conditions: [weight, kind]}"),
        to: "bars.yaml")
    }

    @Test(
      "words and gaps condition: the same bytes on 1, 2 and 3 ranks, by name from any table, and unknown words are refused"
    )
    func words() throws {
      let workshop = try Workshop()
      try bars(workshop)
      for ranks in 1...3 {
        let more = ["--set", "training.steps=400", "--set", "training.learning_rate=0.005"]
        let outcome = try workshop.run("sgm-train", ["bars.yaml", "--output", "on-\(ranks)"] + more, ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
      }
      let alone = try RunFiles(workshop, "on-1", step: 400)
      for ranks in 2...3 { expectSame(try RunFiles(workshop, "on-\(ranks)", step: 400), alone, "\(ranks) ranks") }
      func lengths(_ condition: String, _ count: Int = 300) throws -> [Double] {
        let words = [
          "on-1", "--condition", condition, "--count", "\(count)", "--output", "bars-given.csv", "--overwrite",
        ]
        let outcome = try workshop.run("sgm-sample", words, ranks: 2)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return String(decoding: try workshop.bytes("bars-given.csv"), as: UTF8.self).split(separator: "\n").dropFirst()
          .compactMap { Double($0) }
      }
      for (word, length) in [("ash", 10.0), ("oak", 20), ("elm", 30)] {
        let drawn = try lengths("3, \(word)")
        // Laws of other words lie 10 away. A short training leaves a bias, which is less than 3.
        #expect(drawn.count == 300 && abs(drawn.reduce(0, +) / 300 - length) < 3, "\(word)")
      }
      // The same rows, named in another order, and with a column beside.
      try workshop.write("kind,length,weight\noak,1,3\n", to: "given.csv")
      #expect(try lengths("given.csv") == lengths("3,oak"))
      #expect(try lengths("NA,oak") != lengths("3,oak"))
      let judged = try workshop.run(
        "sgm-evaluate", ["on-1", "--rows", "bars.csv", "--set", "evaluation.likelihood_steps=20"])
      #expect(
        judged.status == 0 && judged.output.contains("NLL, upper bound"), "\(judged.output) \(judged.errors)")
      for (condition, message) in [
        (
          "3,ask",
          "--condition 3,ask: holds \"ask\" in column kind, which is none of the 3 words that data.file has there: ash, "
        ),
        ("oak,3", "--condition oak,3: holds \"oak\" in column weight, which is none of the 8 words that"),
        ("oak", "--condition oak: has 1 column, but the network was trained with 2 conditions (weight, kind)"),
        ("bars.csv", "column 2 (kind) holds"),
      ] {
        if condition == "bars.csv" { try workshop.write("length,kind,weight\n1,ivy,2\n", to: "bars.csv") }
        for ranks in [0, 2] {
          let outcome = try workshop.run(
            "sgm-sample", ["on-1", "--condition", condition, "--output", "no.csv"], ranks: ranks)
          #expect(outcome.status != 0 && outcome.errors.contains(message), "\(outcome.errors)")
        }
      }
    }

    @Test("conditions that do not fit are refused in words")
    func refusals() throws {
      let workshop = try Workshop()
      try train(workshop, "run", ranks: 0)
      try workshop.write("seen\n1\n", to: "one.csv")
      try workshop.write("a,b\n1,2\n", to: "other.csv")
      for (words, message) in [
        (
          [], "--condition is needed: the network was trained with 1 condition (seen); give a value for each, or a file"
        ),
        (
          ["--condition", "1,2"],
          "--condition 1,2: has 2 columns, but the network was trained with 1 condition (seen)"
        ),
        (["--condition", "1,nan"], "--condition 1,nan: is neither numbers between commas, such as 0.5,-1, nor a file"),
        (["--condition", ""], "--condition : is neither numbers between commas"),
        (["--condition", "1e400"], "--condition 1e400: a number is beyond single precision in trained units"),
        (["--condition", "none.csv"], "none.csv: cannot be read: no such file"),
        (
          ["--condition", "1", "--checkpoint", "7"],
          "--checkpoint 7: run/checkpoints has none of that step, only of "
        ),
        (["--condition", "1", "--checkpoint", "-1"], "--checkpoint -1: run/checkpoints has none of that step"),
        (
          ["--condition", "one.csv", "--output", "one.csv", "--overwrite"],
          "one.csv: exists already; this command reads it; name another file"
        ),
        (
          ["--condition", "other.csv"],
          "--condition other.csv: has no column \"seen\", by which the network was conditioned; its columns are a, b"
        ),
      ] as [([String], String)] {
        let outcome = try workshop.run("sgm-sample", ["run"] + words)
        #expect(outcome.status != 0 && outcome.errors.contains(message), "\(outcome.errors)")
      }
      for (columns, message) in [
        ("[sen]", "data.conditions: \"sen\" is no column of the data file; its columns are a, seen, b"),
        ("[seen, 1]", "data.conditions: names column \"1\" twice"),
        ("[a, b, seen]", "data.conditions: names every column of the data file: leave at least one to be learned"),
      ] {
        let outcome = try workshop.run("sgm-train", ["conditional.yaml", "--set", "data.conditions=\(columns)"])
        #expect(outcome.status != 0 && outcome.errors.contains(message), "\(outcome.errors)")
      }
      try workshop.write(
        "a,x,y\n" + (1...60).map { "0.1,\($0),\($0 % 2 == 0 ? "v" : "w")\n" }.joined(), to: "words.csv")
      for (settings, message) in [
        (
          ["data.conditions=[seen, b]", "data.columns={b: bounded [-9, 9]}"],
          "data.exchangeable: needs columns of one kind at the same place of each part, but column seen holds numbers and "
            + "column b a number from -9.0 to 9.0; give both the same kind in data.columns"
        ),
        (
          ["data.file=words.csv", "data.conditions=[x, y]"],
          "data.exchangeable: is for tables of numbers, but words.csv holds words or missing cells; number the words"
        ),
      ] {
        let settings = ["data.exchangeable=2"] + settings
        let outcome = try workshop.run(
          "sgm-train", ["conditional.yaml"] + settings.flatMap { ["--set", $0] }, ranks: 2)
        #expect(outcome.status == 78 && outcome.errors.contains(message), "\(outcome.errors)")
      }
    }
  }
}
