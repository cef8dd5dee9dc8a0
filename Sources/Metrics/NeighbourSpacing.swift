public import LinearAlgebra
internal import RealFunctions

/// How closely samples lie to one another, beside true rows: the structure that is too small for other distances.
///
/// ```
/// neighbour spacing = median ρ_5(samples) / median ρ_5(truth),   ρ_5 the distance to the fifth nearest other row of the set
/// ```
/// Where every narrow structure is narrower by a factor c, so is the spacing: below 1 samples huddle, above 1 details are
/// smeared out. Both sets have the same number of rows, so the floor is near 1. The value is not a number where true rows repeat so
/// often that their own spacing is 0. Cost: n² distances.
public struct NeighbourSpacing: SampleDistance {
  /// The name of the value.
  public var names: [String] { ["neighbour spacing"] }
  private var spacing = 0.0
  private var dimension = 0

  /// The number of the neighbour.
  public static let neighbour = 5

  /// A ratio without a reference.
  public init() {}

  /// A ratio.
  public func units(coordinates: String) -> [String] { ["ratio"] }

  /// The neighbour must be there among the others.
  public var fewestRows: Int { Self.neighbour + 1 }

  /// Measures the reference.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    dimension = reference.columns
    spacing = try Self.spacing(of: reference)
  }

  /// The ratio for `samples`.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, dimension: dimension)
    return [try Self.spacing(of: samples) / spacing]
  }

  /// The median distance of a row from its fifth nearest among the others.
  ///
  /// - Throws: ``MetricsError`` for fewer than six rows or one that is not finite.
  public static func spacing(of rows: borrowing Matrix) throws -> Double {
    try checkSamples(rows, atLeast: neighbour + 1)
    let panels = RowPanels(rows)
    let squares = (0..<panels.count).map { i in
      smallest(of: squaredDistances(panels, from: panels.point(i), except: i), count: neighbour)[neighbour - 1]
    }
    let sorted = squares.sorted()
    let middle = sorted.count / 2
    let upper = sorted[middle].squareRoot()
    return sorted.count % 2 == 1 ? upper : 0.5 * (sorted[middle - 1].squareRoot() + upper)
  }
}
