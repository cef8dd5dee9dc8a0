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
  private var reference = RowPanels(Matrix(rows: 0, columns: 0))
  private let isFixed: Bool

  /// A distance whose training rows are the reference.
  public init() { isFixed = false }

  /// A distance from training rows `[rows, dimension]` of any number: references are then not used.
  public init(training: borrowing Matrix) {
    reference = RowPanels(training)
    isFixed = true
  }

  /// A distance and a share.
  public func units(coordinates: String) -> [String] { [coordinates, "share of rows"] }

  /// Takes the training rows, unless they are fixed.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    guard !isFixed else { return }
    try checkSamples(reference, atLeast: 2)
    self.reference = RowPanels(reference)
  }

  /// Mean distance and share of copies among `samples`.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, dimension: reference.dimension)
    var sum = 0.0
    var copied = 0
    for i in 0..<samples.rows {
      let squares = smallestSquares(reference, from: doubles(samples, i), count: 2)
      sum += squares[0].squareRoot()
      if squares[0] < squares[1] / 9 { copied += 1 }
    }
    return [sum / Double(samples.rows), Double(copied) / Double(samples.rows)]
  }
}

/// The `count` smallest squared distances from `point` to the rows, ascending; row `except` is left out.
private func smallestSquares(_ rows: RowPanels, from point: [Double], count: Int, except: Int? = nil) -> [Double] {
  var distances = [Double](repeating: 0, count: rows.count)
  rows.squaredDistances(from: point, into: &distances)
  if let except { distances[except] = .infinity }
  var smallest = [Double](repeating: .infinity, count: count)
  for distance in distances where distance < smallest[count - 1] {
    var place = count - 1
    while place > 0 && smallest[place - 1] > distance {
      smallest[place] = smallest[place - 1]
      place -= 1
    }
    smallest[place] = distance
  }
  return smallest
}
