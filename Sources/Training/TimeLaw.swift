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
    /// `learned-schedule`: the noise level goes through its range by a monotone network, trained so that the loss's estimate
    /// varies least; each row's loss is multiplied by the ratio of densities, as for `importance`.
    ///
    /// VDM's learned schedule (Kingma et al. 2021, arXiv 2107.00630, section 5.1) between fixed ends: its interior changes
    /// the variance of the objective and not the objective.
    case learnedSchedule = "learned-schedule"
  }

  /// Which law.
  public var kind: Kind
  /// How the times of a batch's rows hang together.
  public var spread = TimeSpread.independent
  /// n, where every time is moved to the nearest of T/n, 2T/n, … T, the states of a chain; nil leaves times as they are.
  ///
  /// The law is then on [½T/n, T + ½T/n], so that under `uniform` every state is drawn alike.
  public var chainSteps: Int?
  /// k of soft truncation, which restricts the law to [τ, T] with one τ for each batch, of density ∝ τ^{−k}; nil for none.
  ///
  /// Each row's loss is multiplied by 1 − F(τ), F being the law's distribution function, so that a batch's loss is the law's
  /// own without the times below τ. Kim et al. 2022 (arXiv 2106.05527).
  public var truncationExponent: Double?
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
  /// The schedule learned for the least variance.
  public static let learnedSchedule = TimeLaw(.learnedSchedule)
  /// A log-normal law of the noise's size.
  public static func logNormal(mean: Double, deviation: Double) -> TimeLaw {
    var law = TimeLaw(.logNormal)
    (law.mean, law.deviation) = (mean, deviation)
    return law
  }
}

/// Which times training draws.
public enum TimeStates: String, Sendable, CaseIterable {
  /// `continuous`: all from the smallest to the horizon.
  case continuous
  /// `chain`: those of the chain's states.
  case chain
}

/// Whether the times of a batch's rows are drawn independently or spread evenly; each row's own time follows the law either way.
public enum TimeSpread: String, Sendable, CaseIterable {
  /// `independent`: each row draws its time for itself.
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
    /// The quantile that it was drawn at, where a schedule learns from it.
    var quantile = 0.0
    /// t before it was moved to a state of a chain; nil where it was not.
    var before: Double?
  }

  let law: TimeLaw
  private let horizon: Double
  let first, last: Double
  private var cells: TimeCells?
  private let scheduled: ScheduledTimes?
  /// The schedule of `learnedSchedule`, as it is in the coming step.
  private(set) var schedule: MonotoneSchedule
  /// τ of soft truncation; nil takes the mean over τ.
  private var truncation: Double?
  /// u of times that are spread over a batch, and B; nil for independent rows.
  private var spread: (offset: Double, batch: Int)?

  private var softTruncation: SoftTruncation? {
    law.truncationExponent.map { SoftTruncation(exponent: $0, first: first, last: last) }
  }

  /// The times of `law` on [first, horizon].
  init(_ law: TimeLaw, process: any ForwardProcess, first: Double) {
    horizon = process.horizon
    // Half a step of the chain beyond its first and last states.
    let half = law.chainSteps.map { 0.5 * process.horizon / Double($0) }
    let (first, last) = (half ?? first, process.horizon + (half ?? 0))
    precondition(first > 0 && first < last, "times from \(first) to \(last)")
    precondition(law.truncationExponent == nil || law.kind != .learnedSchedule, "a learned schedule that is truncated")
    (self.law, self.first, self.last) = (law, first, last)
    scheduled = law.kind == .learnedSchedule ? ScheduledTimes(process, from: first, to: last) : nil
    schedule = MonotoneSchedule(MonotoneSchedule.initial.map(Double.init))
    switch law.kind {
    case .uniform, .logUniform, .learnedSchedule: cells = nil
    case .importance: cells = TimeCells(first: first, last: last, count: TimeHistory.cells)
    case .logNormal:
      var cells = TimeCells(first: first, last: last, count: 4096)
      cells.setMasses { t in
        // The normal distribution function from its nearer tail.
        let z = (process.kernel(at: min(t, process.horizon)).noiseLevel - law.mean) / (law.deviation * 2.0.squareRoot())
        return z < 0 ? 0.5 * erfc(-z) : 1 - 0.5 * erfc(z)
      }
      self.cells = cells
    }
  }

  /// The times of `law` on [1, T + 1), for a chain of T steps: those in [t, t + 1) stand for step t.
  init(_ law: TimeLaw, steps: Int) {
    precondition(law.kind != .logNormal && law.kind != .learnedSchedule, "a law of noise for steps that have none")
    (self.law, first, last, horizon) = (law, 1, Double(steps + 1), Double(steps + 1))
    (scheduled, schedule) = (nil, MonotoneSchedule(MonotoneSchedule.initial.map(Double.init)))
    cells = law.kind == .importance ? TimeCells(first: first, last: last, count: TimeHistory.cells) : nil
  }

  /// Makes ready for a batch.
  ///
  /// - Parameters:
  ///   - truncation: a uniform number, from which τ comes; nil for a law that is the mean over all batches.
  ///   - history: the losses so far.
  ///   - offset: a uniform number, u of `TimeSpread.lowDiscrepancy`; nil for independent rows whatever the law says.
  ///   - batch: B, the rows of a batch.
  ///   - schedule: the schedule's parameters, where one is learned.
  mutating func prepare(
    truncation: Double?, history: TimeHistory?, offset: Double? = nil, batch: Int = 1, schedule: [Double]? = nil
  ) {
    if let schedule { self.schedule = MonotoneSchedule(schedule) }
    spread = law.spread == .lowDiscrepancy ? offset.map { ($0, batch) } : nil
    if law.kind == .importance, let history { cells?.setMasses(history) }
    self.truncation = truncation.flatMap { softTruncation?.time(ofQuantile: $0) }
  }

  /// How many cells of the loss history, parts of one included, the batch cannot draw from.
  var unseenCells: Double { truncation.flatMap { cells?.place(of: $0) } ?? 0 }

  /// The quantile of a row: its own uniform number, or its place in a batch whose times are spread.
  func quantile(_ uniform: Double, row: UInt64) -> Double {
    guard let spread else { return uniform }
    let place = spread.offset + Double(row) / Double(spread.batch)
    return place - place.rounded(.down)
  }

  /// The draw at quantile `u` of the law.
  func draw(_ u: Double) -> Draw {
    var draw = truncatedDraw(u)
    guard let steps = law.chainSteps else { return draw }
    let state = min(max(Int((draw.time / horizon * Double(steps)).rounded()), 1), steps)
    draw.before = draw.time
    draw.time = ReverseChain.time(ofState: state, of: steps, horizon: horizon)
    return draw
  }

  /// What a function of the draw's time is multiplied by, so that its mean is the integral over [first, last].
  func measure(_ draw: Draw) -> Double {
    switch law.kind {
    case .uniform, .importance, .learnedSchedule: return draw.weight * (last - first)
    case .logUniform: return draw.time * log(last / first)
    case .logNormal: preconditionFailure("no integral by the law \(law.kind.rawValue)")
    }
  }

  /// The draw at quantile `u` of the law above τ, or of the whole law with a weight that is the mean over τ.
  private func truncatedDraw(_ u: Double) -> Draw {
    guard let softTruncation else { return continuousDraw(u) }
    // 1 − F(τ), and never 0: a row's loss is divided by its weight.
    let kept = truncation.map { max(1 - share(below: $0), 0x1p-53) } ?? 1
    // Quantiles are below 1: the last cells of a law may have no mass.
    var draw = continuousDraw(min(1 - kept * (1 - u), 1.0.nextDown))
    draw.weight *= truncation == nil ? softTruncation.share(below: draw.time) : kept
    return draw
  }

  /// F(t), the law's distribution function.
  private func share(below t: Double) -> Double {
    switch law.kind {
    case .uniform: return (t - first) / (last - first)
    case .logUniform: return log(t / first) / log(last / first)
    case .logNormal, .importance:
      guard let cells else { preconditionFailure("the law \(law.kind.rawValue) without cells") }
      return cells.share(below: t)
    case .learnedSchedule: preconditionFailure("no truncation of a learned schedule")
    }
  }

  private func continuousDraw(_ u: Double) -> Draw {
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
    case .learnedSchedule:
      guard let scheduled else { preconditionFailure("a learned schedule without its times") }
      let (t, density) = scheduled.draw(u, schedule)
      return Draw(time: t, weight: 1 / ((last - first) * density), quantile: u)
    }
  }
}
