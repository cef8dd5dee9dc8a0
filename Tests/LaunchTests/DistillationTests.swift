import Foundation
import Testing

/// One-step students: from a teacher's run to pairs, samples and a report.
extension LaunchTests {
  @Suite(.serialized) struct DistillationTests {
    private static let teacher = """
      name: teacher
      data: {target: eight-gaussians, count: 1200}
      network: {widths: [24, 24], embedding_features: 8}
      training: {steps: 40, batch: 128, shards: 8, warmup_steps: 5, log_every: 5, learning_rate: 5e-3}
      sampling: {count: 600, sampler: ancestral, steps: 10}
      checkpoints: {every: 20}
      evaluation: {directions: 20, repeats: 2, count: 200, metrics: [sliced-w2, nll], pair_count: 20}

      """
    private static let student =
      ["training.pairs=1000", "training.teacher_steps=10", "training.steps=60", "training.held_out_every=20"]
      .flatMap { ["--set", $0] }

    private func workshop() throws -> Workshop {
      let workshop = try Workshop()
      try workshop.write(Self.teacher, to: "teacher.yaml")
      try run(workshop, ["teacher.yaml"])
      return workshop
    }

    @discardableResult
    private func run(_ workshop: Workshop, _ words: [String], ranks: Int = 0) throws -> String {
      try workshop.succeed("sgm-train", words, ranks: ranks).output
    }

    @Test("a student has the same bytes on 1, 2 and 3 ranks and over a restart, from --distil alone and from a file")
    func sameBits() throws {
      let workshop = try workshop()
      let words = ["--distil", "runs/teacher"] + Self.student
      let output = try run(workshop, words + ["--output", "alone"])
      #expect(output.contains("600 samples by one-step, 1 evaluations each"), "\(output)")
      let alone = try RunFiles(workshop, "alone")
      #expect(alone.metrics.contains { $0.contains("held_out_loss") })
      for ranks in [2, 3] {
        try run(workshop, words + ["--output", "r\(ranks)"], ranks: ranks)
        expectSame(try RunFiles(workshop, "r\(ranks)"), alone, "\(ranks) ranks")
      }
      try run(workshop, words + ["--output", "run", "--until", "33"], ranks: 3)
      try run(workshop, ["--resume", "run"], ranks: 1)
      expectSame(try RunFiles(workshop, "run"), alone, "stopped at 33")
      // The same experiment as a file, whose relative path starts at its own folder.
      try workshop.write(
        Self.teacher.replacingOccurrences(of: "name: teacher", with: "name: teacher-student")
          .replacingOccurrences(of: "steps: 40,", with: "teacher: runs/teacher, steps: 60,")
          .replacingOccurrences(of: ", sampler: ancestral, steps: 10", with: "")
          .replacingOccurrences(of: ", nll", with: ""), to: "student.yaml")
      try run(workshop, ["student.yaml", "--output", "file"] + Self.student)
      let samples = try RunFiles(workshop, "file").samples == alone.samples
      #expect(samples, "samples of the experiment as a file")
      let report = String(decoding: try workshop.bytes("alone/report.html"), as: UTF8.self)
      #expect(report.contains("distillation of"))
    }

    @Test("sgm-sample draws a student's samples by one evaluation, the same on any number of ranks") func samples()
      throws
    {
      let workshop = try workshop()
      try run(workshop, ["--distil", "runs/teacher", "--output", "run"] + Self.student)
      for ranks in [0, 3] {
        let outcome = try workshop.run(
          "sgm-sample", ["run", "--count", "700", "--output", "s\(ranks).csv"], ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("700 samples by one-step, 1 evaluations each"), "\(outcome.output)")
      }
      #expect(try workshop.bytes("s0.csv") == workshop.bytes("s3.csv"))
    }

    @Test("a student is refused what it cannot do, and a teacher that is another") func refusals() throws {
      let workshop = try workshop()
      try run(workshop, ["--distil", "runs/teacher", "--output", "run", "--until", "20"] + Self.student)
      try workshop.write("0\n", to: "fix.csv")
      let cases: [(program: String, words: [String], status: Int32, text: String)] = [
        ("sgm-sample", ["run", "--sampler", "ddim", "--output", "x.npy"], 78, "means nothing with training.teacher"),
        ("sgm-sample", ["run", "--fix", "fix.csv", "--output", "x.npy"], 64, "sample its teacher"),
        ("sgm-sample", ["run", "--complete", "fix.csv", "--output", "x.npy"], 64, "sample its teacher"),
        ("sgm-sample", ["run", "--trajectory", "2", "--output", "x.npy"], 64, "sample its teacher"),
        (
          "sgm-sample", ["run", "--set", "process.schedule=cosine", "--output", "x.npy"], 78,
          "a student maps the noise of its own process"
        ),
        ("sgm-evaluate", ["run", "--metrics", "nll"], 78, "has no density"),
        ("sgm-train", ["--distil", "run", "--output", "x"], 78, "has no score"),
        ("sgm-train", ["--distil", "nowhere", "--output", "x"], 66, "nowhere"),
        ("sgm-train", ["--distil", "runs/teacher", "--init-from", "run"], 64, "exclude each other"),
        (
          "sgm-train", ["--distil", "runs/teacher", "--output", "x", "--set", "network.widths=16"], 78,
          "network: differs from that of the teacher"
        ),
        (
          "sgm-train", ["--distil", "runs/teacher", "--output", "x", "--set", "process.beta_max=10"], 78,
          "process: differs from that of the teacher"
        ),
        (
          "sgm-train", ["--distil", "runs/teacher", "--output", "x", "--set", "data.count=900"], 78,
          "data: differs from that of the teacher"
        ),
      ]
      for (program, words, status, text) in cases {
        for ranks in [0, 2] {
          let outcome = try workshop.run(program, words, ranks: ranks)
          #expect(
            outcome.status == status && outcome.errors.contains(text), "\(words): \(outcome.status) \(outcome.errors)")
          #expect(outcome.messages.count == 1, "\(outcome.errors)")
        }
      }
      // Another teacher in the old one's place.
      try run(workshop, ["teacher.yaml", "--overwrite", "--set", "seed=2"])
      let other = try workshop.run("sgm-train", ["--resume", "run"])
      #expect(
        other.status == 78 && other.errors.contains("is not the teacher that the run began with"), "\(other.errors)")
    }

    @Test("the recipe of the methods' table trains from the teacher that it names") func recipe() throws {
      let workshop = try Workshop()
      let settings =
        [
          "training.steps=4", "training.batch=256", "network.widths=32,32", "sampling.count=300",
          "evaluation.count=200",
          "evaluation.directions=20", "evaluation.repeats=2", "evaluation.metrics=sliced-w2",
        ].flatMap { ["--set", $0] }
      let methods = repository + "/launch/experiments/methods/"
      try run(workshop, [methods + "ddim.yaml", "--output", "teacher"] + settings, ranks: 2)
      let words = ["--set", "training.pairs=600", "--set", "training.teacher_steps=4"]
      try run(
        workshop,
        [methods + "distillation.yaml", "--distil", workshop.path + "/teacher", "--output", "run"] + settings + words,
        ranks: 2)
      #expect(try workshop.names(in: "run/samples").filter { $0.hasSuffix(".npy") } == ["step-000000004.npy"])
    }
  }
}
