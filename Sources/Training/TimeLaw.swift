internal import Diffusion
internal import RealFunctions

/// The law of the diffusion times seen in training, on [t_min, T].
public struct TimeLaw: Sendable, Equatable {
  /// The laws by name.
  public enum Kind: String, Sendable, CaseIterable {
    /// `uniform`.
    case uniform
    /// `log-uniform`: ln t is uniform.
    case logUniform = "log-uniform"
    /// `log-normal`: the noise's size beside the data's is log-normal, −½ ln snr ~ N(mean, deviation²) within the range.
    ///
    /// The law of Karras et al. 2022 (arXiv 2206.00364), whose σ over the data's deviation is our size.
    case logNormal = "log-normal"
    /// `importance`: learned from the losses; each row's loss is multiplied by the ratio of the uniform law's density to
    /// the law's own, so that the objective is that of `uniform` at a lower variance.
    ///
    /// The law of Nichol and Dhariwal 2021 (arXiv 2102.09672): the density follows the root mean square of the loss.
    case importance
    /// `soft-truncation`: uniform on [τ, T] with one log-uniform τ for each batch, and the loss multiplied by
    /// (T − τ)/(T − t_min).
    ///
    /// Kim et al. 2022 (arXiv 2106.05527) with k = 1.
    case softTruncation = "soft-truncation"
  }

  /// Which law.
  public var kind: Kind
  /// How the times of a batch's rows hang together.
  public var spread = TimeSpread.independent
  /// The mean of −½ ln snr under `log-normal`.
  public var mean = -0.5
  /// Its standard deviation.
  public var deviation = 1.2

  /// A law with the usual numbers.
  public init(_ kind: Kind) { self.kind = kind }

  /// The uniform law.
  public static let uniform = TimeLaw(.uniform)
  /// The log-uniform law.
  public static let logUniform = TimeLaw(.logUniform)
  /// The law learned from the losses.
  public static let importance = TimeLaw(.importance)
  /// Soft truncation.
  public static let softTruncation = TimeLaw(.softTruncation)
  /// A log-normal law of the noise's size.
  public static func logNormal(mean: Double, deviation: Double) -> TimeLaw {
    var law = TimeLaw(.logNormal)
    (law.mean, law.deviation) = (mean, deviation)
    return law
  }
}

/// How the times of a batch's rows hang together; each row's own time follows the law in either case.
public enum TimeSpread: String, Sendable, CaseIterable {
  /// `independent`.
  case independent
  /// `low-discrepancy`: row i of B is at the quantile (u + i/B) mod 1, with one u for each batch.
  ///
  /// Every batch covers the law evenly, so that its mean loss varies less. Kingma, Salimans, Poole and Ho 2021
  /// (arXiv 2107.00630), appendix I.1.
  case lowDiscrepancy = "low-discrepancy"
}

/// Draws the times of one law, one step after another.
struct TimeSampler: Sendable {
  /// A time and what it counts for.
  struct Draw: Sendable, Equatable {
    /// t.
    var time: Double
    /// The factor of the row's loss.
    var weight = 1.0
    /// The cell of the loss history.
    var cell = 0
  }

  let law: TimeLaw
  let first, last: Double
  private var cells: TimeCells?
  /// τ of soft truncation; nil takes the mean over τ.
  private var truncation: Double?
  /// u of times that are spread over a batch, and B; nil for independent rows.
  private var spread: (offset: Double, batch: Int)?

  /// The times of `law` on [first, horizon].
  init(_ law: TimeLaw, process: any ForwardProcess, first: Double) {
    let last = process.horizon
    precondition(first > 0 && first < last, "times from \(first) to \(last)")
    (self.law, self.first, self.last) = (law, first, last)
    switch law.kind {
    case .uniform, .logUniform, .softTruncation: cells = nil
    case .importance: cells = TimeCells(first: first, last: last, count: TimeHistory.cells)
    case .logNormal:
      var cells = TimeCells(first: first, last: last, count: 4096)
      cells.setMasses { t in
        // The normal distribution function from its nearer tail.
        let z = (process.kernel(at: t).noiseLevel - law.mean) / (law.deviation * 2.0.squareRoot())
        return z < 0 ? 0.5 * erfc(-z) : 1 - 0.5 * erfc(z)
      }
      self.cells = cells
    }
  }

  /// The times of `law` on [1, T + 1), for a chain of T steps: those in [t, t + 1) stand for step t.
  init(_ law: TimeLaw, steps: Int) {
    precondition(law.kind != .logNormal, "a law of noise levels for steps that have none")
    (self.law, first, last) = (law, 1, Double(steps + 1))
    cells = law.kind == .importance ? TimeCells(first: first, last: last, count: TimeHistory.cells) : nil
  }

  /// Makes ready for a batch.
  ///
  /// - Parameters:
  ///   - truncation: a uniform number, from which τ comes; nil for a law that is the mean over all batches.
  ///   - history: the losses so far.
  ///   - offset: a uniform number, u of `TimeSpread.lowDiscrepancy`; nil for independent rows whatever the law says.
  ///   - batch: B, the rows of a batch.
  mutating func prepare(truncation: Double?, history: TimeHistory?, offset: Double? = nil, batch: Int = 1) {
    spread = law.spread == .lowDiscrepancy ? offset.map { ($0, batch) } : nil
    self.truncation = truncation.map { first * exp($0 * log(last / first)) }
    if law.kind == .importance, let history { cells?.setMasses(history) }
  }

  /// The quantile of a row: its own uniform number, or its place in a batch whose times are spread.
  func quantile(_ uniform: Double, row: UInt64) -> Double {
    guard let spread else { return uniform }
    let place = spread.offset + Double(row) / Double(spread.batch)
    return place - place.rounded(.down)
  }

  /// The draw at quantile `u` of the law.
  func draw(_ u: Double) -> Draw {
    switch law.kind {
    case .uniform: return Draw(time: first + (last - first) * u)
    case .logUniform: return Draw(time: first * exp(u * log(last / first)))
    case .logNormal:
      guard let cells else { preconditionFailure("a log-normal law without cells") }
      return Draw(time: cells.draw(u).time)
    case .importance:
      guard let cells else { preconditionFailure("an importance law without cells") }
      let (t, cell, density) = cells.draw(u)
      return Draw(time: t, weight: 1 / ((last - first) * density), cell: cell)
    case .softTruncation:
      if let truncation {
        return Draw(time: truncation + (last - truncation) * u, weight: (last - truncation) / (last - first))
      }
      let t = first + (last - first) * u
      return Draw(time: t, weight: log(t / first) / log(last / first))
    }
  }
}

/// A law whose density in ln t is constant on cells of equal length.
struct TimeCells: Sendable {
  private let first, step: Double
  /// The law's distribution function at the cells' ends.
  private var cumulative: [Double]

  /// The log-uniform law in `count` cells.
  init(first: Double, last: Double, count: Int) {
    self.first = first
    step = log(last / first) / Double(count)
    cumulative = (0...count).map { Double($0) / Double(count) }
  }

  private var count: Int { cumulative.count - 1 }

  /// Takes the masses from a distribution function of the time.
  mutating func setMasses(_ distribution: (Double) -> Double) {
    let values = (0...count).map { distribution(first * exp(Double($0) * step)) }
    let total = values[count] - values[0]
    precondition(total > 0, "a law of times without mass from \(first) on")
    for k in 0...count { cumulative[k] = (values[k] - values[0]) / total }
  }

  /// A tenth of the mass stays log-uniform, so that no cell is forgotten; the rest follows the losses.
  mutating func setMasses(_ history: TimeHistory) {
    var total = 0.0
    for k in 0..<count { total += history.size(ofCell: k) }
    let isKnown = history.isComplete && total > 0 && total.isFinite
    var sum = 0.0
    for k in 0..<count {
      sum += isKnown ? 0.9 * history.size(ofCell: k) / total + 0.1 / Double(count) : 1 / Double(count)
      cumulative[k + 1] = sum
    }
    for k in 1...count { cumulative[k] /= sum }
  }

  /// The time at quantile u, its cell, and the law's density there.
  func draw(_ u: Double) -> (time: Double, cell: Int, density: Double) {
    var (low, high) = (0, count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if cumulative[middle] <= u { low = middle } else { high = middle }
    }
    let mass = cumulative[low + 1] - cumulative[low]
    let t = first * exp((Double(low) + (u - cumulative[low]) / mass) * step)
    return (t, low, mass / (step * t))
  }
}

/// What importance sampling remembers of the losses L: for each cell of ln t, decayed sums of (t L)² and of rows.
///
/// On the log-uniform cells the mean of (t L)² is what the variance of the loss's estimate asks for: the best density
/// in ln t is in proportion to its root. A function of reduced losses alone, the same on any number of ranks.
public struct TimeHistory: Sendable, Equatable {
  /// The number of cells.
  static let cells = 32
  private static let decay = 0.99

  /// Sums of squares, then numbers of rows.
  var sums = [Double](repeating: 0, count: 2 * cells)

  /// Whether each cell has seen enough rows.
  var isComplete: Bool { sums[Self.cells...].allSatisfy { $0 >= 10 } }

  /// √(E (t L)²) in a cell.
  func size(ofCell k: Int) -> Double { (sums[k] / max(sums[Self.cells + k], 1e-9)).squareRoot() }

  /// Forgets a little: before a step's sums are added.
  mutating func fade() { for i in sums.indices { sums[i] *= Self.decay } }
}
