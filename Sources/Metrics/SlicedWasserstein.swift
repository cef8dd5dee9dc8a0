public import Communication
public import LinearAlgebra

/// The sliced and the max-sliced Wasserstein distance of order 2 between sample sets of any two sizes.
///
/// ```
/// SW2(μ, ν)² = mean_k W2²(θ_k·μ, θ_k·ν)      max-sliced: the maximum over the same directions
/// ```
/// Directions are cut into fixed tiles of 64, and tiles go to ranks in contiguous ranges. A direction's value depends
/// on nothing but the two sets and the direction, and values are gathered in the order of the directions: the result
/// has the same bits on any number of ranks and threads. Accuracy: relative 1e-5, from projections in Float; sums are in Double.
///
/// Source: Bonneel, Rabin, Peyré, Pfister 2015 (sliced); Deshpande et al. 2019, arXiv 1904.05877 (max-sliced).
public struct SlicedWasserstein: SampleDistance, ~Copyable {
  /// The names of the two values.
  public var names: [String] { ["sliced W2", "max-sliced W2"] }
  /// Every rank projects on directions of its own.
  public var sharesComparisons: Bool { true }
  /// The number of directions of all ranks together.
  public let directions: Int

  private let dimension: Int
  private let gather: ([Double]) throws -> [Double]
  private let memory: Int
  private let threads: ThreadTeam
  private let tiles: [DirectionTile]
  private var shift: [Float] = []
  private var reference = Matrix(rows: 0, columns: 0)
  /// The reference's sorted keys for the first tiles, as many as the memory holds.
  private var sorted: [[UInt32]] = []

  /// Distances computed by all ranks of `communicator` together.
  /// - Parameters:
  ///   - directions: unit vectors `[directions, dimension]`, the same on every rank; see
  ///     ``randomDirections(count:dimension:seed:)``.
  ///   - communicator: the ranks; each calls every method with the same sets.
  ///   - memory: bytes that a rank may spend on the reference's sorted projections; what does not fit is sorted again
  ///     for every comparison, with the same result.
  public init(directions: borrowing Matrix, over communicator: Communicator, memory: Int = 1 << 30) {
    self.init(
      directions: directions, rank: communicator.rank, ranks: communicator.size, threads: communicator.threads,
      memory: memory
    ) {
      try communicator.allGather($0)
    }
  }

  /// Rank `rank`'s part of the work of `ranks`; `gather` concatenates the ranks' values in the order of ranks.
  init(
    directions: borrowing Matrix, rank: Int, ranks: Int, threads: ThreadTeam = .alone, memory: Int = 1 << 30,
    gather: @escaping ([Double]) throws -> [Double]
  ) {
    precondition(directions.rows > 0, "no directions")
    precondition(rank >= 0 && rank < ranks, "rank \(rank) of \(ranks)")
    self.directions = directions.rows
    dimension = directions.columns
    self.gather = gather
    (self.memory, self.threads) = (memory, threads)
    let size = DirectionTile.capacity
    let count = (directions.rows + size - 1) / size
    var tiles: [DirectionTile] = []
    for t in rank * count / ranks..<(rank + 1) * count / ranks {
      tiles.append(DirectionTile(directions, first: t * size, count: min(size, directions.rows - t * size)))
    }
    self.tiles = tiles
  }

  /// Sorts the reference's projections.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    guard reference.columns == dimension else {
      // The directions are those of the samples.
      throw MetricsError.dimensionsDiffer(reference: reference.columns, samples: dimension)
    }
    try checkSamples(reference)
    let n = reference.rows
    self.reference = Matrix(rows: n, columns: dimension)
    self.reference.copy(from: reference)
    shift = columnMeans(reference).map { Float($0) }
    let kept = min(tiles.count, memory / (DirectionTile.capacity * n * MemoryLayout<UInt32>.stride))
    sorted = []
    let shift = shift
    sorted = threads.mapRanges(of: kept, block: 1) { _, part in
      var sorter = RadixSort(capacity: n)
      return part.map { t in
        var keys = [UInt32](repeating: 0, count: tiles[t].count * n)
        var span = keys.mutableSpan
        Self.sortProjections(of: reference, shift, on: tiles[t], with: &sorter, into: &span)
        return keys
      }
    }
  }

  /// The sliced and the max-sliced distance from the reference to `samples`.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    let squares = try gather(localSquares(to: samples))
    precondition(squares.count == directions, "\(squares.count) values gathered for \(directions) directions")
    var sum = 0.0
    var largest = 0.0
    for square in squares {
      sum += square
      largest = max(largest, square)
    }
    return [(sum / Double(directions)).squareRoot(), largest.squareRoot()]
  }

  /// The squared 1-D distances along this rank's directions, in their order.
  func localSquares(to samples: borrowing Matrix) throws -> [Double] {
    precondition(reference.rows > 0, "no reference has been set")
    guard samples.columns == dimension else {
      throw MetricsError.dimensionsDiffer(reference: dimension, samples: samples.columns)
    }
    try checkSamples(samples)
    let (n, m) = (reference.rows, samples.rows)
    return threads.mapRanges(of: tiles.count, block: 1) { _, part in
      var sorter = RadixSort(capacity: max(n, m))
      var own = [UInt32](repeating: 0, count: DirectionTile.capacity * m)
      var other = [UInt32](repeating: 0, count: part.upperBound > sorted.count ? DirectionTile.capacity * n : 0)
      var squares: [Double] = []
      for t in part {
        var keys = own.mutableSpan
        Self.sortProjections(of: samples, shift, on: tiles[t], with: &sorter, into: &keys)
        if t >= sorted.count {
          var keys = other.mutableSpan
          Self.sortProjections(of: reference, shift, on: tiles[t], with: &sorter, into: &keys)
        }
        let known = t < sorted.count ? sorted[t] : other
        for k in 0..<tiles[t].count {
          squares.append(squaredWasserstein(known.span, at: k * n, count: n, own.span, at: k * m, count: m))
        }
      }
      return squares
    }
  }

  /// Projects all rows on a tile's directions and sorts each direction's keys.
  private static func sortProjections(
    of rows: borrowing Matrix, _ shift: [Float], on tile: DirectionTile, with sorter: inout RadixSort,
    into keys: inout MutableSpan<UInt32>
  ) {
    // Its panel is the thread's own.
    var tile = tile
    tile.project(rows, shift: shift, into: &keys)
    for k in 0..<tile.count { sorter.sort(&keys, k * rows.rows..<(k + 1) * rows.rows) }
  }
}
