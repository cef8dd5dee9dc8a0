internal import Diffusion
package import Sampling
internal import Training

// The keys of a student, which learns what its teacher's sampler does, and the condition of those that mean nothing to it.

extension ExperimentKey.Condition {
  /// As this condition, for networks that learn a score or a law of states: a student learns pairs.
  var untaught: Self {
    var condition = Self(words: words, subject: subject) { [self] in $0.training.teacher == nil && holds($0) }
    condition.excludesStudents = true
    return condition
  }
}

extension FlowSampler: Choice {}

extension ExperimentKey {
  /// What means nothing to a student.
  static let ofUntaught = Condition(words: "runs without training.teacher", subject: "training.teacher") { _ in true }
    .untaught
  /// What a score under a process of real numbers has.
  static let ofScores = ofReals.untaught
  /// What a student alone has.
  static let ofStudents = Condition(words: "runs with training.teacher", subject: "training.teacher") {
    $0.training.teacher != nil
  }

  static let distillation: [ExperimentKey] = [
    .init(
      "training.teacher", \.training.teacher, when: ofReals, default: "none",
      "Run whose sampler a one-step student learns, from pairs of noise and the sample that the teacher makes of it; a "
        + "relative path starts at the experiment file's folder, and sgm-train --distil RUN sets it. The student has the "
        + "teacher's data, process and network. Keys of the score's loss, times and sampler are then refused."),
    .init(
      "training.pairs", \.training.pairs, in: .count, when: ofStudents,
      "Pairs of noise and sample that the student learns from; every start of the run draws them, on all ranks."),
    .init(
      "training.teacher_sampler", \.training.teacherSampler, when: ofStudents,
      "How the teacher makes a sample of noise: a sampler that draws no further noise, on its usual grid."),
    .init(
      "training.teacher_steps", \.training.teacherSteps, in: .whole(1, 1e6), when: ofStudents,
      "Steps of that sampler."),
  ]
}
