import Foundation
import Testing

private let experiments = repository + "/launch/experiments"

private func experimentFiles() -> [String] {
  let names = ["", "posteriors/", "methods/"].flatMap { folder in
    ((try? FileManager.default.contentsOfDirectory(atPath: experiments + "/" + folder)) ?? []).map { folder + $0 }
  }
  // A student needs a teacher first: `DistillationTests` runs its recipe.
  return names.filter { $0.hasSuffix(".yaml") && $0 != "methods/distillation.yaml" }.sorted()
}

extension LaunchTests {
  @Suite struct ExperimentFileTests {
    @Test(
      "there are the seven experiments of the documentation, five of posteriors, and the methods of the seed's table")
    func count() {
      #expect(experimentFiles().count >= 12)
      #expect(experimentFiles().count { $0.hasPrefix("posteriors/") } == 5)
      #expect(experimentFiles().count { $0.hasPrefix("methods/") } >= 16)
    }

    @Test("each experiment file trains, samples and reports on 2 ranks at a tiny size", arguments: experimentFiles())
    func runs(file: String) throws {
      let workshop = try Workshop()
      // Classifiers of eight thousand rows and likelihoods of 196 columns have tests of their own.
      let metrics = file.hasPrefix("methods/") ? ["evaluation.metrics=sliced-w2"] : []
      let settings =
        [
          "training.steps=4", "training.batch=256", "network.widths=32,32", "sampling.steps=4", "sampling.count=300",
          "evaluation.count=200", "evaluation.directions=20", "evaluation.repeats=2", "evaluation.calibration_pairs=20",
          "evaluation.pair_count=20", "evaluation.likelihood_steps=4",
        ] + metrics
      let words = settings.flatMap { ["--set", $0] }
      let outcome = try workshop.run(
        "sgm-train", [experiments + "/" + file, "--output", "run"] + words, ranks: 2, pictures: true)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").allSatisfy { $0.hasPrefix("note: ") }, "\(outcome.errors)")
      #expect(try workshop.names(in: "run/checkpoints") == ["latest", "step-000000004.safetensors"])
      #expect(try workshop.names(in: "run/samples").filter { $0.hasSuffix(".npy") } == ["step-000000004.npy"])
      let report = try workshop.bytes("run/report.html")
      #expect(report.count > 1000 && report.count < 5_000_000)
    }

    @Test("--check says what a run needs and leaves nothing", arguments: [0, 2])
    func check(ranks: Int) throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let outcome = try workshop.run("sgm-train", ["small.yaml", "--check"], ranks: ranks)
      #expect(outcome.status == 0 && outcome.errors.isEmpty)
      #expect(outcome.output.contains("2700 rows of dimension 5"))
      #expect(!FileManager.default.fileExists(atPath: workshop.path + "/runs"))
    }

    @Test("--version and --help are printed once on any number of ranks", arguments: [0, 3])
    func version(ranks: Int) throws {
      let workshop = try Workshop()
      let version = try workshop.run("sgm-train", ["--version"], ranks: ranks)
      #expect(version.status == 0 && version.errors.isEmpty)
      for word in ["sgm-train ", "MPI", "products by "] {
        #expect(version.output.components(separatedBy: word).count == 2, "\(word) in \(version.output)")
      }
      for program in ["sgm-train", "sgm-sample", "sgm-evaluate", "sgm-report"] {
        let help = try workshop.run(program, ["--help"], ranks: ranks)
        #expect(help.status == 0 && help.output.components(separatedBy: "OVERVIEW").count == 2)
      }
    }

    @Test("--print-defaults is an experiment once it has data, and means the defaults")
    func defaults() throws {
      let workshop = try Workshop()
      let printed = try workshop.run("sgm-train", ["--print-defaults"])
      #expect(printed.status == 0)
      try workshop.write(printed.output, to: "defaults.yaml")
      try workshop.write("data: {target: diamond}\n", to: "short.yaml")
      for (file, settings) in [("defaults", ["--set", "data.target=diamond"]), ("short", [])] {
        let words = ["\(file).yaml", "--output", file, "--set", "training.steps=1", "--set", "data.count=2000"]
        let small = ["sampling.count=10", "sampling.steps=2", "evaluation.repeats=1"].flatMap { ["--set", $0] }
        let outcome = try workshop.run("sgm-train", words + small + settings)
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let isSame = try workshop.bytes("defaults/experiment.yaml") == workshop.bytes("short/experiment.yaml")
      #expect(isSame)
    }
  }
}
