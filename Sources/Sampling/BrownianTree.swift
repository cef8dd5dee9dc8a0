internal import LinearAlgebra
internal import Randomness
internal import RealFunctions

/// A Brownian path for each sample, which can be asked for any dyadic interval again and again.
///
/// ```
/// W over [0, 1] ~ N(0, 1),   W over the left half of an interval of length ℓ = ½W + ½√ℓ Z,   over the right half the rest
/// ```
/// Z is drawn at an address that names the interval, so a step that is rejected and tried again with half its length
/// goes along the same path: rejecting does not bias the noise, as drawing afresh would. Lévy's construction; Li, Wong,
/// Chen and Duvenaud 2020, arXiv 2001.01328, keep it by a tree of seeds.
struct BrownianTree: ~Copyable {
  /// Intervals are not shorter than 2⁻ᵈᵉᵉᵖᵉˢᵗ.
  static let deepest = 30

  /// Generations of nodes whose numbers are kept: most steps are not shorter, and they share all but a few nodes.
  static let kept = 12

  private let seed: UInt64
  private var normals: Matrix
  /// For each row the numbers of one node of each generation, and which nodes and sample they are of.
  private var numbers: Matrix
  private var nodes: [UInt64?]
  private var samples: [UInt64?]
  /// The increment asked for last.
  private(set) var increment: [Double]

  /// The paths of some rows, each of one sample at a time.
  init(rows: Int = 1, columns: Int, seed: UInt64) {
    self.seed = seed
    normals = Matrix(rows: 1, columns: columns)
    numbers = Matrix(rows: rows * Self.kept, columns: columns)
    nodes = Array(repeating: nil, count: rows * Self.kept)
    samples = Array(repeating: nil, count: rows)
    increment = Array(repeating: 0, count: columns)
  }

  /// Sets `increment` to that of interval `position` of 2^level on [0, 1], for the path of one sample.
  mutating func descend(level: Int, position: UInt64, sample: UInt64, row: Int = 0) {
    precondition(level <= Self.deepest && position < 1 << UInt64(level), "interval \(position) of level \(level)")
    if samples[row] != sample {
      for generation in 0..<Self.kept { nodes[row * Self.kept + generation] = nil }
      samples[row] = sample
    }
    draw(node: 0, generation: 0, sample, row)
    for k in increment.indices { increment[k] = Double(normals[0, k]) }
    var length = 1.0
    for depth in 0..<level {
      // Node 1 is [0, 1]; the children of node n are 2n and 2n + 1.
      draw(node: 1 << UInt64(depth) | position >> UInt64(level - depth), generation: depth + 1, sample, row)
      let isRight = position >> UInt64(level - depth - 1) & 1 == 1
      let spread = 0.5 * length.squareRoot() * (isRight ? -1 : 1)
      for k in increment.indices { increment[k] = 0.5 * increment[k] + spread * Double(normals[0, k]) }
      length *= 0.5
    }
  }

  /// Sets `normals` to a node's numbers, drawn or kept: a draw makes numbers for 64 rows at once, one of which counts.
  private mutating func draw(node: UInt64, generation: Int, _ sample: UInt64, _ row: Int) {
    let place = row * Self.kept + generation
    if generation < Self.kept, nodes[place] == node { return normals.copyRow(0, of: numbers, place) }
    RandomStream(seed: seed, purpose: .samplingNoise, step: node).fillNormals(&normals, firstIndex: sample)
    guard generation < Self.kept else { return }
    numbers.copyRow(place, of: normals, 0)
    nodes[place] = node
  }
}
