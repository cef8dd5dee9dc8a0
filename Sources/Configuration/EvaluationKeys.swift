internal import Metrics

extension ExperimentKey {
  static let evaluation: [ExperimentKey] = [
    .init(
      "evaluation.directions", \.evaluation.directions, in: .whole(1, 1e6), onResume: true,
      "Random directions of the sliced distances."),
    .init(
      "evaluation.repeats", \.evaluation.repeats, in: .whole(1, 1e4), onResume: true,
      "Repetitions of floor and baseline."),
    .init("evaluation.count", \.evaluation.count, in: .whole(2, 1e9), onResume: true, "Rows compared on either side."),
    .init(
      "evaluation.metrics", \.evaluation.metrics, onResume: true,
      "What samples are judged by; docs/judging.md says when to choose which."),
    .init(
      "evaluation.baseline", \.evaluation.baseline, onResume: true,
      "Whether distances stand beside those of a Gaussian fit; none needs no covariance, for data of very many columns."
    ),
    .init(
      "evaluation.units", \.evaluation.units, onResume: true,
      "Units of distances: the data's, where the columns of largest scale decide, or each column's standard deviation."),
    .init(
      "evaluation.classes", \.evaluation.classes, onResume: true, when: ofFile, default: "none",
      "File with one column, the class of each row of `data.file` as a whole number from 0; the classifier behind the metric "
        + "frechet learns it."),
    .init(
      "evaluation.pair_count", \.evaluation.pairCount, in: .whole(10, 5_000), onResume: true,
      "Rows compared by metrics that go over all pairs (w2, mmd, energy, knn-kl, c2st, ksd), and those of nll."),
    .init(
      "evaluation.likelihood_steps", \.evaluation.likelihoodSteps, in: .whole(2, 1e5), onResume: true,
      "Steps of the probability flow behind nll; rows that need more take more."),
    .init(
      "evaluation.likelihood_draws", \.evaluation.likelihoodDraws, in: .whole(1, 1e4), onResume: true,
      "Draws of velocities, and of probes above 16 dimensions, for each row's nll."),
    .init(
      "evaluation.calibration_pairs", \.evaluation.calibrationPairs, in: .whole(20, 1e6), onResume: true,
      "Held-out rows, or fresh pairs of a simulator, by which coverage, sbc and tarp judge a posterior."),
    .init(
      "evaluation.calibration_draws", \.evaluation.calibrationDraws, in: .whole(4, 256), onResume: true,
      "Draws of the posterior for each of them; 256 divided by it, rounded down, share a chunk."),
  ]
}
