internal import Communication
internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Reports
internal import Training

/// Judges samples against the truth, with floor and Gaussian baseline, in original units.
struct Judging {
  package let communicator: Communicator
  package let section: JudgingOptions
  package let seed: UInt64
  /// The network that made the samples, where its likelihood is asked for.
  package var network: NetworkLikelihood?
  /// The same, where the bound of its reverse chain is asked for.
  var bound: NetworkLikelihood?
  /// The same as a posterior, where its calibration is asked for.
  var posterior: NetworkPosterior?

  /// One metric's judgements, how long they took, and what is to be said beside them.
  struct Verdict {
    let judgements: [Judgement]
    var seconds = 0.0
    var notes: [String] = []
  }

  /// `samples` judged by every metric that the experiment names, in its order; but for the times, the same on every rank.
  package func judge(_ samples: borrowing Matrix, against truth: Truth) throws -> [Verdict] {
    try communicator.agree {
      try MemoryNeed.Part(rows: section.directions, columns: samples.columns, from: "evaluation.directions").check()
      try MemoryNeed.Part(covariances: section, dimension: samples.columns)?.check()
    }
    let gaussian = section.baseline == .gaussian ? try truth.gaussian(communicator) : nil
    let deviations = try gaussian?.deviations ?? truth.deviations(communicator)
    if section.units == .data, section.metrics.contains(where: \.hasUnits), let note = scaleNote(deviations) {
      announce(note, communicator)
    }
    var verdicts: [Verdict] = []
    var refusals: [(metric: Metric, words: String)] = []
    for metric in section.metrics {
      let start = Stopwatch.now
      do {
        var verdict: Verdict
        if section.units == .standardised, metric.hasUnits {
          let scales = deviations.map { $0 > 0 ? $0 : 1 }
          verdict = try judge(
            metric, samples.divided(by: scales), truth.divided(by: scales), gaussian?.divided(by: scales))
        } else {
          verdict = try judge(metric, samples, truth, gaussian)
        }
        if let note = try note(metric, samples, truth) { verdict.notes.append(note) }
        verdict.seconds = Stopwatch.now - start
        verdicts.append(verdict)
      } catch let refusal as MetricLeftOut {
        refusals.append((metric, refusal.words))
      }
    }
    guard !verdicts.isEmpty else {
      let words = refusals.map { "\($0.metric.rawValue) \($0.words)" }.joined(separator: "; ")
      return try communicator.agree { throw ToolError.data(Place("evaluation.metrics"), words) }
    }
    for refusal in refusals {
      announce("warning: the metric \(refusal.metric.rawValue) is left out: it \(refusal.words)", communicator)
    }
    return verdicts
  }

  /// What is to be said beside a metric's figures, of all samples and the true rows that are shown.
  private func note(_ metric: Metric, _ samples: borrowing Matrix, _ truth: Truth) throws -> String? {
    switch metric {
    case .slicedW2: return heavyTailNote(try truth.shown().value, truth.columnNames)
    case .marginals: return try marginalsNote(samples, truth.shown().value, truth.columnNames)
    case .correlations: return try correlationsNote(samples, truth.shown().value, truth.columnNames)
    default: return nil
    }
  }

  private func judge(
    _ metric: Metric, _ samples: borrowing Matrix, _ truth: Truth, _ gaussian: GaussianFit?
  ) throws -> Verdict {
    let (all, few) = (section.count, min(section.count, section.pairCount))
    func by(_ distance: consuming some (SampleDistance & ~Copyable), most: Int) throws -> Verdict {
      var distance = distance
      return Verdict(judgements: try judge(samples, most: most, truth.samples, gaussian, &distance))
    }
    switch metric {
    case .slicedW2: return try by(sliced(samples.columns), most: all)
    case .rankedW2: return try by(RankedWasserstein(sliced(samples.columns)), most: all)
    case .exactW2: return try by(ExactWasserstein(), most: few)
    case .gaussian: return try by(GaussianDistances(), most: all)
    case .mmd: return try by(MaximumMeanDiscrepancy(seed: seed), most: few)
    case .energy: return try by(EnergyDistance(), most: few)
    case .neighbours: return try by(NeighbourDivergence(), most: few)
    case .classifier: return try by(ClassifierTest(seed: seed), most: few)
    case .marginals: return try by(Marginals(), most: all)
    case .correlations: return try by(Correlations(), most: all)
    case .spacing: return try by(NeighbourSpacing(), most: few)
    case .tails: return try by(TailIndex(), most: all)
    case .modes: return try by(communicator.agree { try truth.modes() }, most: all)
    case .nearest:
      var distance = try communicator.agree { try truth.nearestTrainingRows() }
      return Verdict(judgements: try judge(samples, most: all, Exchanged(truth.samples), gaussian, &distance))
    case .stein: return try by(communicator.agree { try truth.steinDiscrepancy() }, most: few)
    case .frechet: return try frechet(samples, truth, gaussian)
    case .likelihood: return Verdict(judgements: try likelihood(network, for: metric, truth, gaussian))
    case .chainBound: return Verdict(judgements: try likelihood(bound, for: metric, truth, gaussian))
    case .simulationCalibration: return try calibration(metric, .parameters, truth)
    case .coverage: return try calibration(metric, .regions, truth)
    case .randomPoints: return try calibration(metric, .balls, truth)
    }
  }

  private func sliced(_ dimension: Int) -> SlicedWasserstein {
    SlicedWasserstein(
      directions: randomDirections(count: section.directions, dimension: dimension, seed: seed), over: communicator)
  }

  func judge(
    _ samples: borrowing Matrix, most: Int, _ truth: some TrueSamples, _ gaussian: GaussianFit?,
    _ distance: inout some (SampleDistance & ~Copyable)
  ) throws -> [Judgement] {
    do {
      let unit = section.units == .standardised ? "standard deviations" : "units of the data"
      return try Judge(repeats: section.repeats, seed: seed, unit: unit)
        .judgements(of: samples, truth: truth, gaussian: gaussian, by: &distance, most: most, over: communicator)
    } catch MetricsError.tooFewRows(let count, let needed) {
      // All ranks know the numbers, and leave the metric out together.
      let most = truth.largestCount ?? .max
      let cause =
        if count < min(samples.rows, most) {
          "evaluation.count and evaluation.pair_count take \(count)"
        } else if samples.rows <= most {
          "there \(samples.rows == 1 ? "is 1 sample" : "are \(samples.rows) samples")"
        } else {
          "the true rows give sets of \(counted(most, "row"))"
        }
      throw MetricLeftOut(words: "needs at least \(needed) rows on either side, and \(cause)")
    } catch let error as MetricsError {
      // Every rank holds all samples and comes to the same verdict: one of them says so.
      return try communicator.agree { throw error }
    }
  }
}
