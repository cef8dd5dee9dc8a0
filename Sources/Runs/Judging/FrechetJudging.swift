internal import Communication
internal import Configuration
internal import LinearAlgebra
internal import Metrics
internal import Reports
internal import Training

extension Judging {
  /// The Fréchet distance, with the classifier's accuracy beside it.
  func frechet(_ samples: borrowing Matrix, _ truth: Truth, _ gaussian: GaussianFit?) throws -> Verdict {
    let labelled = try communicator.agree { try truth.labelledRows() }
    var distance = FrechetDistance(rows: labelled.rows.value, classes: labelled.classes, seed: seed)
    let judgements = try judge(samples, most: section.count, truth.samples, gaussian, &distance)
    let right = (1000 * distance.accuracy).rounded() / 10
    return Verdict(
      judgements: judgements,
      notes: [
        "note: the classifier behind the Fréchet distance names the class of \(right) % of \(distance.asked) rows that it has "
          + "not learned"
      ])
  }
}
