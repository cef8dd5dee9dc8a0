internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import RealFunctions
internal import Reports
internal import Sampling
internal import Targets

/// The columns whose marginals differ by more than chance explains, the worst first; nil where there is none.
///
/// Chance is the two-sided Kolmogorov–Smirnov test at the level 0.01, shared out among the columns: a statistic above
/// `√(½ ln(2 d/0.01) (n + m)/(n m))` for n samples, m true rows and d columns.
func marginalsNote(_ samples: borrowing Matrix, _ truth: borrowing Matrix, _ names: [String]?) throws -> String? {
  var marginals = Marginals()
  try marginals.setReference(truth)
  let found = try marginals.columns(of: samples).map(\.kolmogorovSmirnov)
  let (n, m) = (Double(samples.rows), Double(truth.rows))
  let limit = (0.5 * log(2 * Double(found.count) / 0.01) * (n + m) / (n * m)).squareRoot()
  let wrong = found.indices.filter { found[$0] > limit }.sorted { (found[$1], $0) < (found[$0], $1) }
  guard found.count > 1, !wrong.isEmpty else { return nil }
  return "note: \(counted(wrong.count, "column")) of \(found.count) differ by more than chance explains (KS above "
    + "\(short(limit))); worst: "
    + wrong.prefix(3).map { "\(columnTitle($0, names)) (\(short(found[$0])))" }.joined(separator: ", ")
}

/// The pair of columns whose correlation is furthest off, where chance does not explain it; else nil.
///
/// Chance is the test of equal correlations by Fisher's z at the level 0.01, shared out among the pairs.
func correlationsNote(_ samples: borrowing Matrix, _ truth: borrowing Matrix, _ names: [String]?) throws -> String? {
  var correlations = Correlations()
  try correlations.setReference(truth)
  guard let worst = try correlations.worstPair(of: samples) else { return nil }
  let (n, m, pairs) = (Double(samples.rows), Double(truth.rows), Double(samples.columns * (samples.columns - 1) / 2))
  guard min(n, m) > 3 else { return nil }
  // tanh⁻¹ r; at ±1 it is infinite.
  func fisher(_ r: Double) -> Double { 0.5 * log((1 + r + 1e-12) / (1 - r + 1e-12)) }
  let z = abs(fisher(worst.found) - fisher(worst.expected)) / (1 / (n - 3) + 1 / (m - 3)).squareRoot()
  guard erfc(z / 2.0.squareRoot()) < 0.01 / pairs else { return nil }
  let pair = "\(columnTitle(worst.first, names)) and \(columnTitle(worst.second, names))"
  return "note: the correlation of \(pair) is furthest off: \(short(worst.found)), of true rows "
    + short(worst.expected)
}

/// What is to be said beside a sliced W2 of true rows with heavy tails; nil where none has any.
func heavyTailNote(_ truth: borrowing Matrix, _ names: [String]?) -> String? {
  guard let heaviest = TailIndex.heaviestColumn(of: truth), heaviest.index > 0.36 else { return nil }
  return
    "note: column \(columnTitle(heaviest.column, names)) has heavy tails (Hill index \(short(heaviest.index)) of its largest fiftieth; "
    + "0.5 means an infinite variance): a few rows decide the sliced W2 of values, and one below its floor means nothing; "
    + "judge by sliced-w2-ranks, whose floor holds"
}

/// A warning where the noise at the end of sampling is not small beside the narrowest structure of the data; else nil.
///
/// The structure is measured by itself: what the noise, added to true rows, does to the distances of neighbours.
///
/// - Parameters:
///   - experiment: tells process and final time.
///   - data: the units in which the process runs.
///   - truth: true rows in original units.
/// - Returns: the warning, with a final time that would do.
/// - Throws: `MetricsError` for rows that are not finite.
func finalNoiseNote(
  _ experiment: Experiment, _ data: DataSet.Description, _ truth: borrowing Matrix
) throws -> String? {
  guard !experiment.drawsWithoutScore else { return nil }
  let process = experiment.process.make()
  if case .chain = experiment.sampling.sampler { return nil }
  guard process.noise == .gaussian else { return nil }
  let sigma = 1 / process.kernel(at: experiment.sampling.finalTime).signalToNoise.squareRoot()
  let order = RandomStream(seed: experiment.seed, purpose: .bootstrap, step: 1 << 32).permutation(of: truth.rows)
  let count = min(truth.rows, 2000)
  guard count > NeighbourSpacing.neighbour, truth.columns == data.dimension else { return nil }
  var chosen = Matrix(rows: count, columns: truth.columns)
  for r in 0..<count { chosen.copyRow(r, from: truth, Int(order[r])) }
  var rows = data.trainedData(chosen)
  let spacing = try NeighbourSpacing.spacing(of: rows)
  var noise = Matrix(rows: count, columns: truth.columns)
  RandomStream(seed: experiment.seed, purpose: .bootstrap, step: 1 << 32 + 1).fillNormals(&noise, firstIndex: 0)
  for r in 0..<count { for k in 0..<truth.columns { rows[r, k] += Float(sigma) * noise[r, k] } }
  let ratio = try NeighbourSpacing.spacing(of: rows) / spacing
  guard spacing > 0, ratio > 1.05 else { return nil }
  // Widths add in squares: half a percent of width is left.
  let wanted = sigma * (0.01 / (ratio * ratio - 1)).squareRoot()
  let effect = experiment.sampling.denoise ? "narrower" : "wider"
  return "warning: sampling ends at noise of \(short(sigma)) of the data's deviation (sampling.final_time "
    + "\(short(experiment.sampling.finalTime))), which is not small beside the data's narrowest structure: samples there "
    + "come out \(effect) by a factor of about \(short(ratio)); take sampling.final_time "
    + "\(short(process.time(ofNoise: wanted))) or less, and training.minimum_time too"
}
