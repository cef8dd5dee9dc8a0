public import LinearAlgebra
internal import RealFunctions

/// The Kullback–Leibler divergence KL(truth ‖ samples), from distances to the k-th nearest neighbours.
///
/// ```
/// KL ≈ (1/n) Σ_i [d ln(ν_i / ρ_i) + ln(m / (n − 1))]
/// ties, ρ_i or ν_i = 0:   ln(k_i / (n − 1)) − ln(l_i / m)   in place of a term
/// ```
/// ρ_i is the distance from reference row i to its k-th nearest among the others, ν_i to its k-th nearest among the
/// samples, and d counts the columns that vary. Where rows repeat so often that one of the two is 0, a term compares the
/// numbers k_i of other reference rows and l_i of samples within ρ_i, as for a discrete law. Consistent as n → ∞, with a
/// bias that grows with d: the floor shows it. It may be below zero, and is infinite where a repeated reference row occurs
/// in no sample. Cost: 2n² distances.
///
/// Sources: Wang, Kulkarni, Verdú, IEEE Trans. Information Theory 55, 2009, eq. 14 (one k for both); counts at ties as in
/// Gao, Kannan, Oh, Viswanath, "Estimating mutual information for discrete-continuous mixtures", 2017, arXiv 1709.06212.
public struct NeighbourDivergence: SampleDistance {
  /// The name of the value.
  public var names: [String] { ["k-NN KL"] }
  private let neighbours: Int
  private var reference = RowPanels(Matrix(rows: 0, columns: 0))
  private var within: [(square: Double, count: Int)] = []
  private var varying = 0

  /// A divergence from the `neighbours`-th nearest neighbours.
  public init(neighbours: Int = 5) {
    precondition(neighbours > 0, "neighbour number \(neighbours)")
    self.neighbours = neighbours
  }

  /// The neighbour must be there among the others.
  public var fewestRows: Int { neighbours + 1 }

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
    within = (0..<reference.rows).map { i in
      let squares = squaredDistances(panels, from: panels.point(i), except: i)
      let square = smallest(of: squares, count: neighbours)[neighbours - 1]
      return (square, squares.count { $0 <= square })
    }
  }

  /// The divergence of `samples`.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, atLeast: neighbours, dimension: reference.dimension)
    let panels = RowPanels(samples)
    let (n, m) = (reference.count, Double(samples.rows))
    var sum = 0.0
    var ties = 0.0
    var tied = 0
    for i in 0..<n {
      let squares = squaredDistances(panels, from: reference.point(i))
      let square = smallest(of: squares, count: neighbours)[neighbours - 1]
      if square > 0, within[i].square > 0 {
        sum += 0.5 * log(square) - 0.5 * log(within[i].square)
      } else {
        tied += 1
        let found = squares.count { $0 <= within[i].square }
        ties += log(Double(within[i].count) / Double(n - 1)) - log(Double(found) / m)
      }
    }
    let untied = Double(n - tied) / Double(n) * log(m / Double(n - 1))
    return [Double(varying) / Double(n) * sum + untied + ties / Double(n)]
  }
}

/// How close samples come to the rows that a network was trained on: the sign of memorisation.
///
/// ```
/// nearest training row:  mean over samples of ρ_1
/// copied rows:           share of samples with ρ_1 < ρ_2 / 3
/// ```
/// ρ_1 and ρ_2 are the distances to the nearest training row and to the nearest of those that are further away: rows that
/// occur several times count once, so that copies of them are found. True rows that were not trained on give the floor; a sampler *below* it repeats its training rows. Cost: n times the number of training rows.
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
    var nearest = [SmallestSquares](repeating: SmallestSquares(count: 2, areDistinct: true), count: points.count)
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
  /// Whether equal ones count once.
  private let areDistinct: Bool

  init(count: Int, areDistinct: Bool = false) {
    squares = Array(repeating: .infinity, count: count)
    self.areDistinct = areDistinct
  }

  mutating func add(_ distances: some Sequence<Double>) {
    for distance in distances where distance < squares[squares.count - 1] {
      if areDistinct, squares.contains(distance) { continue }
      var place = squares.count - 1
      while place > 0 && squares[place - 1] > distance {
        squares[place] = squares[place - 1]
        place -= 1
      }
      squares[place] = distance
    }
  }
}

/// Squared distances from `point` to the rows; that of row `except` is infinite.
func squaredDistances(_ rows: RowPanels, from point: [Double], except: Int? = nil) -> [Double] {
  var distances = [Double](repeating: 0, count: rows.count)
  rows.squaredDistances(from: point, into: &distances)
  if let except { distances[except] = .infinity }
  return distances
}

/// The `count` smallest of squared distances, ascending.
func smallest(of squares: some Sequence<Double>, count: Int) -> [Double] {
  var smallest = SmallestSquares(count: count)
  smallest.add(squares)
  return smallest.squares
}
