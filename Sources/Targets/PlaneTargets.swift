public import LinearAlgebra
public import Randomness
internal import RealFunctions

// Fills rows with points of the plane, each from the variates of its index.
private func drawPoints(
  _ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix,
  point: (inout VariateSequence) -> SIMD2<Double>
) {
  precondition(rows.columns == 2, "\(rows.columns) columns for a law in the plane")
  for row in 0..<rows.rows {
    var variates = stream.row(firstIndex + UInt64(row))
    let point = point(&variates)
    rows[row, 0] = Float(point[0])
    rows[row, 1] = Float(point[1])
  }
}

/// Two interleaved half circles of radius 1, blurred: (cos θ, sin θ) and (1 − cos θ, ½ − sin θ), θ uniform on [0, π].
///
/// The arrangement of scikit-learn's `make_moons`.
public struct TwoMoons: Target, Equatable {
  /// The standard deviation of the blur on each coordinate.
  public let noise: Double

  /// The law with a given blur.
  public init(noise: Double = 0.05) { self.noise = noise }

  /// Always 2: the moons lie in the plane.
  public var dimension: Int { 2 }

  /// A draw takes four variates of its index: the arc, the angle and the blur's two.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    drawPoints(stream, firstIndex: firstIndex, into: &rows, point: point)
  }

  private func point(_ variates: inout VariateSequence) -> SIMD2<Double> {
    let lower = variates.nextBelow(2) == 1
    let theta = Double.pi * variates.nextUniform()
    let arc = lower ? SIMD2(1 - cos(theta), 0.5 - sin(theta)) : SIMD2(cos(theta), sin(theta))
    return arc + noise * SIMD2(variates.nextNormal(), variates.nextNormal())
  }

  /// Each arc varies by ½ along x and by ½ − 4/π² along y; their means are 1 and 4/π − ½ apart.
  public var standardisation: Standardisation {
    let apart = 4 / Double.pi - 0.5
    let y = 0.5 - 4 / (Double.pi * Double.pi) + 0.25 * apart * apart
    return Standardisation(mean: [0.5, 0.25], variance: [0.75 + noise * noise, y + noise * noise])
  }
}

/// Uniform on the eight black squares of the 4×4 board [−4, 4]².
///
/// The board of Grathwohl et al., "FFJORD", arXiv 1810.01367.
public struct Checkerboard: Target, Equatable {
  /// The board; it has no parameters.
  public init() {}

  /// Always 2: the board lies in the plane.
  public var dimension: Int { 2 }

  /// A draw takes three variates of its index: the square and the place in it.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    drawPoints(stream, firstIndex: firstIndex, into: &rows, point: point)
  }

  private func point(_ variates: inout VariateSequence) -> SIMD2<Double> {
    let square = variates.nextBelow(8)
    let column = square / 2
    let row = 2 * (square % 2) + column % 2
    let corner = SIMD2(Double(column), Double(row)) - 2
    return 2 * (corner + SIMD2(variates.nextUniform(), variates.nextUniform()))
  }

  /// Both coordinates are uniform on [−4, 4].
  public var standardisation: Standardisation {
    Standardisation(mean: [0, 0], variance: [16.0 / 3, 16.0 / 3])
  }
}

/// A blurred spiral of one and a half turns: (θ cos θ, θ sin θ) / 5, θ uniform on [1.5π, 4.5π].
///
/// The plane section of scikit-learn's `make_swiss_roll` with the scale of Grathwohl et al., "FFJORD",
/// arXiv 1810.01367.
public struct SwissRoll: Target, Equatable {
  /// The standard deviation of the blur on each coordinate.
  public let noise: Double

  /// The law with a given blur.
  public init(noise: Double = 0.1) { self.noise = noise }

  /// Always 2: of the roll only its plane section is drawn.
  public var dimension: Int { 2 }

  /// A draw takes three variates of its index: the angle and the blur's two.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    drawPoints(stream, firstIndex: firstIndex, into: &rows, point: point)
  }

  private func point(_ variates: inout VariateSequence) -> SIMD2<Double> {
    let theta = Double.pi * (1.5 + 3 * variates.nextUniform())
    let spiral = 0.2 * theta * SIMD2(cos(theta), sin(theta))
    return spiral + noise * SIMD2(variates.nextNormal(), variates.nextNormal())
  }

  /// E θ cos θ = 2, E θ sin θ = 2/3π, E θ² cos² θ = ½E θ² − ¼, E θ² sin² θ = ½E θ² + ¼, E θ² = 9.75π².
  public var standardisation: Standardisation {
    let half = 0.5 * 9.75 * Double.pi * Double.pi
    let sine = 2 / (3 * Double.pi)
    let blur = noise * noise
    return Standardisation(
      mean: [0.4, 0.2 * sine],
      variance: [0.04 * (half - 0.25 - 4) + blur, 0.04 * (half + 0.25 - sine * sine) + blur])
  }
}
