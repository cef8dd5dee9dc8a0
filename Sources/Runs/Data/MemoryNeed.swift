internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Metrics
internal import Networks
internal import Reports
internal import Training

/// What a run will ask of a machine's memory, from sizes alone: known before anything is allocated for it.
///
/// It counts what grows with the experiment's numbers, from below; a run that passes may still be tight. All sums are in
/// Double, where nothing overflows.
struct MemoryNeed {
  /// A part of the need, and the key that makes it smaller.
  package struct Part: Equatable {
    package var key: String
    package var words: String
    package var bytes: Double
    /// What to do; to make the key's value smaller where nothing else is said.
    var remedy: String?
  }

  package let parts: [Part]
  /// Ranks that share the machine.
  let ranksHere: Int

  /// Bytes for one rank.
  package var bytes: Double { parts.reduce(0) { $0 + $1.bytes } }

  /// The need of each of `ranks` ranks.
  ///
  /// - Parameters:
  ///   - experiment: gives the network, the batch and the numbers of samples.
  ///   - rows: all rows of the source.
  ///   - separate: rows of a held-out file.
  ///   - dimension: d.
  ///   - isDouble: whether rows are read in double precision, beside which they are then rounded.
  ///   - passes: how often the rows are read, a group of columns at a time: ``DataLoader``.
  ///   - ranks: ranks of the run.
  ///   - ranksHere: ranks on this machine.
  ///   - threads: threads of each rank.
  package init(
    _ experiment: Experiment, rows: Int, separate: Int, dimension: Int, isDouble: Bool = false,
    passes: Int = 1, ranks: Int, ranksHere: Int, threads: Int = 1
  ) {
    let networks =
      [experiment.architecture(dimension: dimension)] + experiment.networksBeside(dimension: dimension)
    // Not by the layout, whose integers absurd widths may overflow.
    let layers = networks.flatMap { $0.layers.map { (inputs: Double($0.inputs), outputs: Double($0.outputs)) } }
    let parameters = layers.reduce(0) { $0 + ($1.inputs + 1) * $1.outputs }
    let training = experiment.training
    let (d, n, share) = (4 * Double(dimension), Double(rows), 1 / Double(ranks))
    let heldOut = if case .fraction(let fraction) = experiment.data.heldOut { fraction * n } else { Double(separate) }
    // Permutation, place and choice of each row on every rank; the rows themselves on one, held-out ones on all.
    let width = isDouble ? 3 * d : d
    let groups = Double(max(passes - 1, 1))
    let ownWidth = isDouble ? d + 2 * d / groups : d
    let data = n * (24 + ownWidth * share) + 2 * heldOut * width
    // The tree's buffers, one more for each doubling of a rank's shards; moments and average; the state of a checkpoint.
    // A thread more has a sum of gradients and turned weights of its own.
    let shards = max(Double(training.shards) * share, 1)
    let slots = 1 + log2(shards).rounded(.up) + 2 * (min(Double(threads), shards) - 1)
    let state = 4 * parameters * (1 + slots + 3 * share + 4)
    let units = layers.reduce(0) { $0 + $1.inputs + $1.outputs } + 2 * (layers.last?.outputs ?? 0)
    let activations = 4 * (Double(training.batch) * share).rounded(.up) * units
    let judged = Double(min(experiment.evaluation.count, experiment.sampling.count))
    // Every rank reads the samples to judge them, beside as many true rows and the directions.
    let samples = d * (Double(experiment.sampling.count) + 2 * judged)
    let source = experiment.data.target != nil ? "data.count" : "data.file"
    parts =
      [
        Part(key: source, words: "for the rows", bytes: data),
        Part(key: "network.widths", words: "for parameters, gradients and the optimiser", bytes: state),
        Part(key: "training.batch", words: "for the network's activations", bytes: activations),
        Part(key: "sampling.count", words: "for samples and their judgement", bytes: samples),
        Part(
          key: "evaluation.directions", words: "for random directions",
          bytes: d * Double(experiment.evaluation.directions)
        ),
      ] + (Part(covariances: experiment.evaluation, dimension: dimension).map { [$0] } ?? [])
    self.ranksHere = ranksHere
  }

  /// The need of a run on opened data.
  init(_ data: DataSource, passes: Int = 1, ranks: Int, ranksHere: Int, threads: Int = 1) {
    self.init(
      data.experiment, rows: data.source.rows, separate: data.separate?.rows ?? 0, dimension: data.source.dimension,
      isDouble: data.source.isDouble, passes: passes, ranks: ranks, ranksHere: ranksHere, threads: threads)
  }

  /// Refuses what cannot fit, by the largest part.
  package func check(against machine: Double = machineMemory()) throws(ToolError) {
    let need = bytes * Double(ranksHere)
    guard need > machine, let largest = parts.max(by: { $0.bytes < $1.bytes }) else { return }
    let each = ranksHere == 1 ? "" : " (\(ranksHere) ranks of \(gigabytes(bytes)))"
    throw .configuration(
      Place(largest.key),
      "the run needs at least \(gigabytes(need)) of memory on this machine\(each), which has \(gigabytes(machine)); "
        + "\(gigabytes(largest.bytes * Double(ranksHere))) of it is \(largest.words): "
        + (largest.remedy ?? "make \(largest.key) smaller"))
  }

  /// Bytes for one rank to judge samples.
  var judgingBytes: Double {
    parts.filter { $0.key.hasPrefix("evaluation.") || $0.key == "sampling.count" }.reduce(0) { $0 + $1.bytes }
  }
}

extension MemoryNeed.Part {
  /// The d × d matrices that judging asks for; nil where it asks for none.
  ///
  /// Each Gaussian fit has three of them in Double: covariance, factor, and what is left while factoring.
  init?(covariances section: JudgingOptions, dimension: Int) {
    let isMetric = section.metrics.contains(.gaussian)
    let isBaseline = section.baseline == .gaussian && !section.metrics.isEmpty
    guard isMetric || isBaseline else { return nil }
    let fits: Double = (isBaseline ? 1 : 0) + (isMetric ? 2 : 0)
    let parts = [
      isBaseline ? "set evaluation.baseline to none" : nil, isMetric ? "leave out the metric gaussian" : nil,
    ]
    self.init(
      key: isBaseline ? "evaluation.baseline" : "evaluation.metrics",
      words: "for covariances of \(grouped(dimension)) columns",
      bytes: fits * 24 * Double(dimension) * Double(dimension),
      remedy: parts.compactMap(\.self).joined(separator: ", and "))
  }

  /// Rows of numbers in single precision.
  ///
  /// - Parameters:
  ///   - rows: rows to read or draw.
  ///   - columns: numbers of each.
  ///   - name: the key or file that asks for them.
  init(rows: Int, columns: Int, from name: String) {
    self.init(
      key: name, words: "for \(rows) × \(columns) numbers", bytes: 4 * Double(rows) * Double(columns),
      remedy: "take a part of them")
  }

  /// Refuses what alone cannot fit.
  func check(against machine: Double = machineMemory()) throws(ToolError) {
    guard bytes > machine else { return }
    throw .configuration(
      Place(key),
      "\(gigabytes(bytes)) of memory are needed \(words), but this machine has \(gigabytes(machine)): "
        + (remedy ?? "make \(key) smaller"))
  }
}
