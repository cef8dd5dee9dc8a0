public import Diffusion
public import LinearAlgebra

/// A sampler whose steps are chosen for each sample by an estimate of their error.
///
/// All rows of a chunk are evaluated together, each at its own time; a row that has arrived is left as it is. So a
/// sample's bits depend on its index alone.
public protocol AdaptiveSampler: Sendable {
  /// Carries every row from its start at the horizon to the end of its path.
  ///
  /// - Parameters:
  ///   - rows: the states, which are at the horizon and come to the final time.
  ///   - score: the score of the process.
  func integrate<S: Score & ~Copyable>(_ rows: inout AdaptiveRows, score: inout S)
}

/// Errors that an adaptive step may make.
public struct Tolerance: Sendable, Equatable {
  /// Relative to the state's elements.
  public var relative: Double
  /// In trained units.
  public var absolute: Double

  /// Two positive tolerances.
  public init(relative: Double = 1e-3, absolute: Double = 1e-3) {
    precondition(relative > 0 && absolute > 0, "tolerances \(relative), \(absolute)")
    self.relative = relative
    self.absolute = absolute
  }

  /// √ mean (e_k / (absolute + relative · max(|a_k|, |b_k|)))²: an error is within the tolerance where it is at most 1.
  func ratio(_ error: [Double], _ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    let (error, a, b) = (error.span, a.span, b.span)
    precondition(a.count == error.count && b.count == error.count, "\(a.count), \(b.count) of \(error.count)")
    for k in error.indices {
      let e = error[k] / (absolute + relative * max(abs(a[k]), abs(b[k])))
      sum += e * e
    }
    return (sum / Double(error.count)).squareRoot()
  }
}

/// The rows of a chunk on their way from the horizon to the final time.
public struct AdaptiveRows: ~Copyable {
  /// The process that is reversed.
  public let process: any ForwardProcess
  /// The number d of data coordinates.
  public let dimension: Int
  /// Where rows arrive.
  public let finalTime: Double
  /// The states, shape `[256, blocks × dimension]`.
  public var state: Matrix
  /// The time of each row.
  public internal(set) var times: [Double]
  /// How often the score was evaluated for each row.
  public internal(set) var evaluations: [Int]
  /// Coordinates that are put in place before every evaluation.
  var held: HeldCoordinates?
  /// The seed of all noises and the index of row 0.
  let seed: UInt64
  var firstIndex: UInt64
  /// Called with a row's number, time and state when it has taken a step.
  var record: ((Int, Double, borrowing Span<Float>) -> Void)?

  init(
    process: any ForwardProcess, dimension: Int, finalTime: Double, seed: UInt64, fixed: FixedCoordinates? = nil
  ) {
    if let fixed {
      held = HeldCoordinates(fixed, process, dimension: dimension)
    } else {
      held = nil
    }
    self.process = process
    self.dimension = dimension
    self.finalTime = finalTime
    self.seed = seed
    firstIndex = 0
    let rows = Generator.rows
    state = Matrix(rows: rows, columns: process.blocks * dimension)
    times = Array(repeating: process.start, count: rows)
    evaluations = Array(repeating: 0, count: rows)
  }

  /// τ from the final time to the horizon.
  var length: Double { process.elapsed(from: finalTime, to: process.start) }

  /// The time at which a share of `length` is left to go.
  func time(left share: Double) -> Double { process.time(from: finalTime, to: process.start, share: share) }
}

/// A row's arithmetic in Double.
struct RowAlgebra {
  let dimension: Int

  /// y ← y + factor · (m x), x a row of `source` and m acting on blocks.
  func add(
    _ m: BlockMatrix, _ source: borrowing Matrix, _ row: Int, scaledBy factor: Double = 1, into y: inout [Double]
  ) {
    let d = dimension
    let x = source.row(row)
    var y = y.mutableSpan
    precondition(y.count == m.size * d && x.count == y.count, "\(x.count), \(y.count) numbers for \(m.size) × \(d)")
    for i in 0..<m.size {
      for j in 0..<m.size where m[i, j] != 0 {
        let weight = factor * m[i, j]
        for k in 0..<d { y[i &* d &+ k].addProduct(weight, Double(x[j &* d &+ k])) }
      }
    }
  }

  /// y ← x.
  func copy(_ source: borrowing Matrix, _ row: Int, into y: inout [Double]) {
    let x = source.row(row)
    var y = y.mutableSpan
    for k in 0..<y.count { y[k] = Double(x[k]) }
  }

  /// y ← y + factor · x.
  func add(_ factor: Double, _ source: borrowing Matrix, _ row: Int, into y: inout [Double]) {
    let x = source.row(row)
    var y = y.mutableSpan
    for k in 0..<y.count { y[k].addProduct(factor, Double(x[k])) }
  }
}

extension Matrix {
  /// Rounds a row's numbers into row `row`.
  mutating func setRow(_ row: Int, _ values: [Double]) {
    var target = mutableRow(row)
    for k in values.indices { target[k] = Float(values[k]) }
  }

  /// Copies row `from` of another matrix into row `row`.
  mutating func copyRow(_ row: Int, of other: borrowing Matrix, _ from: Int) {
    var target = mutableRow(row)
    let source = other.row(from)
    for k in target.indices { target[k] = source[k] }
  }
}
