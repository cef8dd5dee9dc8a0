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
  /// The same as a posterior, where its calibration is asked for.
  var posterior: NetworkPosterior?

  /// One metric's judgements, how long they took, and what is to be said beside them.
  struct Verdict {
    let judgements: [Judgement]
    package let seconds: Double
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
      if let order = metric.order {
        verdicts.append(try calibration(metric, order, truth))
        continue
      }
      do {
        if metric == .frechet {
          verdicts.append(try frechet(samples, truth, gaussian, since: start))
          continue
        }
        let judgements: [Judgement]
        if section.units == .standardised, metric.hasUnits {
          let scales = deviations.map { $0 > 0 ? $0 : 1 }
          judgements = try judge(
            metric, samples.divided(by: scales), truth.divided(by: scales), gaussian?.divided(by: scales))
        } else {
          judgements = try judge(metric, samples, truth, gaussian)
        }
        let notes = metric == .slicedW2 ? [heavyTailNote(try truth.shown().value)].compactMap { $0 } : []
        verdicts.append(Verdict(judgements: judgements, seconds: Stopwatch.now - start, notes: notes))
      } catch let few as TooFewRows {
        refusals.append((metric, few.words))
      }
    }
    guard !verdicts.isEmpty else {
      let words = refusals.map { "\($0.metric.rawValue) \($0.words)" }.joined(separator: "; ")
      return try communicator.agree { throw ExperimentError.data(Place("evaluation.metrics"), words) }
    }
    for refusal in refusals {
      announce("warning: the metric \(refusal.metric.rawValue) is left out: it \(refusal.words)", communicator)
    }
    return verdicts
  }

  private func judge(
    _ metric: Metric, _ samples: borrowing Matrix, _ truth: Truth,
    _ gaussian: GaussianFit?
  ) throws -> [Judgement] {
    let (all, few) = (section.count, min(section.count, section.pairCount))
    switch metric {
    case .slicedW2:
      var distance = sliced(samples.columns)
      return try judge(samples, most: all, truth.samples, gaussian, &distance)
    case .rankedW2:
      var distance = RankedWasserstein(sliced(samples.columns))
      return try judge(samples, most: all, truth.samples, gaussian, &distance)
    case .exactW2: return try judge(samples, most: few, truth.samples, gaussian, ExactWasserstein())
    case .gaussian: return try judge(samples, most: all, truth.samples, gaussian, GaussianDistances())
    case .mmd: return try judge(samples, most: few, truth.samples, gaussian, MaximumMeanDiscrepancy(seed: seed))
    case .energy: return try judge(samples, most: few, truth.samples, gaussian, EnergyDistance())
    case .neighbours: return try judge(samples, most: few, truth.samples, gaussian, NeighbourDivergence())
    case .classifier: return try judge(samples, most: few, truth.samples, gaussian, ClassifierTest(seed: seed))
    case .marginals: return try judge(samples, most: all, truth.samples, gaussian, Marginals())
    case .correlations: return try judge(samples, most: all, truth.samples, gaussian, Correlations())
    case .spacing: return try judge(samples, most: few, truth.samples, gaussian, NeighbourSpacing())
    case .tails: return try judge(samples, most: all, truth.samples, gaussian, TailIndex())
    case .nearest:
      let distance = try communicator.agree { try truth.nearestTrainingRows() }
      return try judge(samples, most: all, Exchanged(truth.samples), gaussian, distance)
    case .likelihood: return try likelihood(truth, gaussian)
    case .coverage, .simulationCalibration, .randomPoints, .frechet: return []
    case .modes: return try judge(samples, most: all, truth.samples, gaussian, communicator.agree { try truth.modes() })
    case .stein:
      var distance = try communicator.agree { try truth.steinDiscrepancy() }
      return try judge(samples, most: few, truth.samples, gaussian, &distance)
    }
  }

  private func sliced(_ dimension: Int) -> SlicedWasserstein {
    SlicedWasserstein(
      directions: randomDirections(count: section.directions, dimension: dimension, seed: seed), over: communicator)
  }

  private func judge(
    _ samples: borrowing Matrix, most: Int, _ truth: some TrueSamples, _ gaussian: GaussianFit?,
    _ distance: some SampleDistance
  ) throws -> [Judgement] {
    var distance = distance
    return try judge(samples, most: most, truth, gaussian, &distance)
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
      throw TooFewRows(words: "needs at least \(needed) rows on either side, and \(cause)")
    } catch let error as MetricsError {
      // Every rank holds all samples and comes to the same verdict: one of them says so.
      return try communicator.agree { throw error }
    }
  }
}
