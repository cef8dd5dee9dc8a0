public import LinearAlgebra
internal import RealFunctions

/// The Kullback–Leibler divergence KL(truth ‖ samples), from distances to the k-th nearest neighbours.
///
/// ```
/// KL ≈ (d/n) Σ_i ln(ν_i / ρ_i) + ln(m / (n − 1))
/// ```
/// ρ_i is the distance from reference row i to its k-th nearest among the others, ν_i to its k-th nearest among the
/// samples, and d counts the columns that vary. Consistent as n → ∞, with a bias that grows with d: the floor shows it.
/// It may be below zero, and is infinite where reference rows repeat more than k times. Cost: 2n² distances.
///
/// Source: Wang, Kulkarni, Verdú, IEEE Trans. Information Theory 55, 2009, eq. 14 (one k for both).
public struct NeighbourDivergence: SampleDistance {
  /// The name of the value.
  public var names: [String] { ["k-NN KL"] }
  private let neighbours: Int
  private var reference = RowPanels(Matrix(rows: 0, columns: 0))
  private var logWithin: [Double] = []
  private var varying = 0

  /// A divergence from the `neighbours`-th nearest neighbours.
  public init(neighbours: Int = 5) {
    precondition(neighbours > 0, "neighbour number \(neighbours)")
    self.neighbours = neighbours
  }

  /// Nats.
  public func units(coordinates: String) -> [String] { ["nats"] }

  /// Takes the reference and finds the neighbours within it.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    try checkSamples(reference, atLeast: neighbours + 1)
    let panels = RowPanels(reference)
    self.reference = panels
    varying = 0
    for k in 0..<reference.columns {
      if (1..<reference.rows).contains(where: { reference[$0, k] != reference[0, k] }) { varying += 1 }
    }
    logWithin = (0..<reference.rows).map { i in
      0.5 * log(smallestSquares(panels, from: panels.point(i), count: neighbours, except: i)[neighbours - 1])
    }
  }

  /// The divergence of `samples`.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, atLeast: neighbours, dimension: reference.dimension)
    let panels = RowPanels(samples)
    let n = reference.count
    var sum = 0.0
    for i in 0..<n {
      let square = smallestSquares(panels, from: reference.point(i), count: neighbours)[neighbours - 1]
      sum += 0.5 * log(square) - logWithin[i]
    }
    return [Double(varying) / Double(n) * sum + log(Double(samples.rows) / Double(n - 1))]
  }
}

/// How close samples come to the rows that a network was trained on: the sign of memorisation.
///
/// ```
/// nearest training row:  mean over samples of ρ_1
/// copied rows:           share of samples with ρ_1 < ρ_2 / 3
/// ```
/// ρ_1 and ρ_2 are the distances to the nearest and second nearest training row. True rows that were not trained on give
/// the floor; a sampler *below* it repeats its training rows. Cost: n times the number of training rows.
///
/// Source: the ratio of one third is that of Yoon, Choi, Kwon, Ryu, "Diffusion probabilistic models generalize when they
/// fail to memorize", ICML 2023 workshop.
public struct NearestTrainingRows: SampleDistance {
  /// The names of the values.
  public var names: [String] { ["nearest training row", "copied rows"] }
  /// Calls its argument with the training rows, block after block.
  private var training: (dimension: Int, forEachBlock: Blocks)?
  private let isFixed: Bool

  /// Goes through rows in blocks `[rows, dimension]`.
  public typealias Blocks = ((borrowing Matrix) throws -> Void) throws -> Void

  /// A distance whose training rows are the reference.
  public init() { isFixed = false }

  /// A distance from training rows of any number, gone through for each set: references are then not used.
  public init(dimension: Int, training forEachBlock: @escaping Blocks) {
    training = (dimension, forEachBlock)
    isFixed = true
  }

  /// A distance from training rows `[rows, dimension]` of any number: references are then not used.
  public init(training rows: borrowing Matrix) {
    self.init(dimension: rows.columns, training: Self.blocks(of: rows))
  }

  private static func blocks(of rows: borrowing Matrix) -> Blocks {
    var copy = Matrix(rows: rows.rows, columns: rows.columns)
    copy.copy(from: rows)
    let box = MatrixBox(copy)
    return { body in try body(box.value) }
  }

  /// A distance and a share.
  public func units(coordinates: String) -> [String] { [coordinates, "share of rows"] }

  /// Takes the training rows, unless they are fixed.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    guard !isFixed else { return }
    try checkSamples(reference, atLeast: 2)
    training = (reference.columns, Self.blocks(of: reference))
  }

  /// Mean distance and share of copies among `samples`.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    guard let training else { preconditionFailure("values before a reference") }
    try checkSamples(samples, dimension: training.dimension)
    let points = (0..<samples.rows).map { doubles(samples, $0) }
    var nearest = [SmallestSquares](repeating: SmallestSquares(count: 2), count: points.count)
    try training.forEachBlock { block in
      let panels = RowPanels(block)
      var distances = [Double](repeating: 0, count: panels.count)
      for (i, point) in points.enumerated() {
        panels.squaredDistances(from: point, into: &distances)
        nearest[i].add(distances)
      }
    }
    let sum = nearest.reduce(0) { $0 + $1.squares[0].squareRoot() }
    let copied = nearest.count { $0.squares[0] < $0.squares[1] / 9 }
    return [sum / Double(points.count), Double(copied) / Double(points.count)]
  }
}

/// The smallest of squared distances, ascending.
private struct SmallestSquares {
  private(set) var squares: [Double]

  init(count: Int) { squares = Array(repeating: .infinity, count: count) }

  mutating func add(_ distances: [Double]) {
    for distance in distances where distance < squares[squares.count - 1] {
      var place = squares.count - 1
      while place > 0 && squares[place - 1] > distance {
        squares[place] = squares[place - 1]
        place -= 1
      }
      squares[place] = distance
    }
  }
}

/// The `count` smallest squared distances from `point` to the rows, ascending; row `except` is left out.
func smallestSquares(_ rows: RowPanels, from point: [Double], count: Int, except: Int? = nil) -> [Double] {
  var distances = [Double](repeating: 0, count: rows.count)
  rows.squaredDistances(from: point, into: &distances)
  if let except { distances[except] = .infinity }
  var smallest = SmallestSquares(count: count)
  smallest.add(distances)
  return smallest.squares
}
