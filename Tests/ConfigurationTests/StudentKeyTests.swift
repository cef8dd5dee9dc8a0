import Diffusion
import Metrics
import Networks
import Sampling
import Targets
import Testing
import Training

@testable import Configuration

@Suite struct StudentKeyTests {
  private static let data = "data: {target: gaussian}\n"

  private func message(_ text: String) -> String {
    do {
      _ = try Experiment(yaml: text, file: "run.yaml")
      return "no error"
    } catch { return "\(error)" }
  }

  @Test(
    "what a student cannot have is refused with what it can",
    arguments: [
      (
        "sampling: {sampler: ddim}\ntraining: {teacher: a}",
        "sampling.sampler means nothing with training.teacher: a student learns its teacher's pairs and draws in one evaluation"
      ),
      ("sampling: {steps: 3}\ntraining: {teacher: a}", "sampling.steps means nothing with training.teacher"),
      ("training: {teacher: a, time_law: uniform}", "training.time_law means nothing with training.teacher"),
      ("training: {teacher: a, objective: hsm}", "training.objective means nothing with training.teacher"),
      ("training: {pairs: 100}", "training.pairs is for runs with training.teacher, but training.teacher is null"),
      ("training: {teacher: a, pairs: 8}", "training.pairs must be at least training.shards = 16, found 8"),
      ("training: {teacher: a, teacher_sampler: ancestral}", "training.teacher_sampler must be one of"),
      (
        "training: {teacher: a}\nnetwork: {variance: learned}",
        "network.variance must be fixed with training.teacher"
      ),
      (
        "training: {teacher: a}\nprocess: {kind: critically-damped-langevin}\nnetwork: {input: noisy-data}",
        "network.input must be state with training.teacher"
      ),
      (
        "training: {teacher: a}\nprocess: {kind: critically-damped-langevin, epsilon: 0.25}\nnetwork: {output: noise}",
        "network.output must be posterior-mean with training.teacher"
      ),
      ("training: {teacher: a}\nevaluation: {metrics: [nll]}", "evaluation.metrics names nll"),
      (
        "training: {teacher: a}\nprocess: {kind: annealed, base: student-t}",
        "training.teacher needs Gaussian noise"
      ),
    ])
  func refusals(text: String, words: String) {
    let found = message(Self.data + text)
    #expect(found.contains(words), "\(found)")
  }

  @Test(
    "a student of a run has its experiment without sampler, times and densities, and is read again as it was written")
  func student() throws {
    let run = try Experiment(
      yaml: """
        name: chain
        seed: 3
        data: {target: gaussian, dimension: 3}
        process: {kind: variance-preserving, schedule: cosine}
        network: {widths: [8], output: noise}
        training: {time_law: uniform, weight: uniform-noise, steps: 70, batch: 64}
        sampling: {sampler: ancestral, steps: 30, count: 500}
        evaluation: {metrics: [nll, bound, w2]}
        """, file: "run.yaml")
    let student = try run.student(
      of: "../chain", file: "runs/chain", settings: ["training.teacher_sampler=ddim", "training.steps=5"])
    #expect(student.name == "chain-student" && student.seed == 3 && student.training.teacher == "../chain")
    #expect(student.process == run.process && student.network == run.network && student.data == run.data)
    #expect(student.training.steps == 5 && student.training.batch == 64 && student.sampling.count == 500)
    #expect(student.training.teacherSampler.kind == .ddim && student.training.timeLaw.kind == .logUniform)
    #expect(student.evaluation.metrics == [.exactW2])
    #expect(try Experiment(yaml: student.yaml, file: "again") == student)
    #expect(!student.yaml.contains("sampler: ancestral") && !student.yaml.contains("final_time"))
  }
}
