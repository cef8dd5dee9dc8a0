internal import RealFunctions

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

  /// How many cells lie below a time within the law's range, parts of one included.
  func place(of t: Double) -> Double { min(max(log(t / first) / step, 0), Double(count)) }

  /// The law's distribution function at a time within its range.
  func share(below t: Double) -> Double {
    let place = place(of: t)
    let cell = min(Int(place), count - 1)
    return cumulative[cell] + (place - Double(cell)) * (cumulative[cell + 1] - cumulative[cell])
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
/// The cells are equal in ln t. The loss's estimate varies least where the density of times in ln t is in proportion to the root
/// of the mean of (t L)² in each cell. The history is made from losses that all ranks share, so it is the same on any number of
/// ranks.
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
  ///
  /// - Parameter place: how many cells, parts of one included, the step could not draw from. These are not forgotten, and one
  ///   that was seen in part is so in part.
  mutating func fade(from place: Double) {
    for k in 0..<Self.cells {
      let seen = min(max(Double(k + 1) - place, 0), 1)
      let kept = seen == 1 ? Self.decay : exp(seen * log(Self.decay))
      sums[k] *= kept
      sums[Self.cells + k] *= kept
    }
  }
}
