package import Communication
package import Diffusion
package import LinearAlgebra
internal import Metrics
internal import Randomness
package import Sampling

/// One of several chains with the same noise.
package struct ChainPlan {
  package var process: any ForwardProcess
  package var sampler: any Sampler
  package var times: [Double]
  /// The finest grid, where chains of different steps share their noise.
  package var fine: [Double]?
  /// Whether it starts from p_T, or from the prior.
  package var fromMarginal: Bool
  package var score: any Score
  /// The score whose path's divergence is wanted.
  package var other: (any Score)?

  /// A chain's plan.
  package init(
    process: any ForwardProcess, sampler: any Sampler, times: [Double], fine: [Double]? = nil,
    fromMarginal: Bool = false, score: any Score, other: (any Score)? = nil
  ) {
    (self.process, self.sampler, self.times, self.fine) = (process, sampler, times, fine)
    (self.fromMarginal, self.score, self.other) = (fromMarginal, score, other)
  }
}

/// Where a chain ended.
package struct ChainEnds {
  /// Positions, in trained coordinates.
  package let positions: MatrixBox
  /// KL of the path from that with the other score; infinite where they are singular.
  package let information: Double
}

/// A generator's first `count` samples in trained coordinates, on every rank; chunks are spread over the ranks.
package func drawn(
  _ generator: consuming Generator, _ score: any Score, count: Int, begin: ((UInt64, inout Matrix) -> Void)? = nil,
  _ communicator: Communicator
) throws -> Matrix {
  let d = generator.dimension
  var generator = generator
  func chunks(_ score: some Score) throws -> [[Double]] {
    var score = score
    var samples = Matrix(rows: Generator.rows, columns: d)
    return try communicator.sweep((count + Generator.rows - 1) / Generator.rows, width: Generator.rows * d) { chunk in
      generator.generate(chunk: chunk, score: &score, into: &samples, begin: begin)
      return samples.numbers
    }
  }
  return Matrix(chunks: try chunks(score), rows: count, columns: d)
}

extension Matrix {
  /// All elements, row after row.
  package var numbers: [Double] { (0..<count).map { Double(span[$0]) } }

  /// Rows from chunks of 256 rows each, row after row from element `first` on.
  package init(chunks: [[Double]], from first: Int = 0, rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns)
    for r in 0..<rows {
      let start = first + r % Generator.rows * columns
      for k in 0..<columns { self[r, k] = Float(chunks[r / Generator.rows][start + k]) }
    }
  }
}

/// Runs chains with the same noise from coupled starts, chunks of rows spread over the ranks, and compares their ends.
package struct ChainLaboratory {
  package let dimension: Int
  package let seed: UInt64
  /// Rows: whole chunks.
  package let count: Int
  /// Fills rows with true data in trained coordinates: an independent set for each number.
  package let draw: (_ set: UInt64, _ firstIndex: UInt64, _ rows: inout Matrix) -> Void
  package let communicator: Communicator

  package init(
    dimension: Int, seed: UInt64, count: Int, _ communicator: Communicator,
    draw: @escaping (_ set: UInt64, _ firstIndex: UInt64, _ rows: inout Matrix) -> Void
  ) {
    self.dimension = dimension
    self.seed = seed
    self.count = (count + Generator.rows - 1) / Generator.rows * Generator.rows
    self.communicator = communicator
    self.draw = draw
  }

  /// The plans' ends.
  package func run(_ plans: [ChainPlan]) throws -> [ChainEnds] {
    let size = Generator.rows * dimension
    let chunks = try communicator.sweep(count / Generator.rows, width: plans.count * (size + 1)) { chunk in
      let ends = plans.map { end($0, chunk: chunk) }
      return ends.flatMap(\.positions) + ends.map(\.information)
    }
    return plans.indices.map { k in
      let rows = Matrix(chunks: chunks, from: k * size, rows: count, columns: dimension)
      let information = chunks.reduce(0) { $0 + $1[plans.count * size + k] }
      return ChainEnds(positions: MatrixBox(rows), information: 0.5 * information / Double(count))
    }
  }

  private func end(_ plan: ChainPlan, chunk: Int) -> (positions: [Double], information: Double) {
    func opened(_ score: some Score) -> (positions: [Double], information: Double) {
      var score = score
      let first = UInt64(Generator.rows * chunk)
      let chains = SynchronousChains(
        process: plan.process, dimension: dimension, sampler: plan.sampler, times: plan.times, fine: plan.fine,
        seed: seed)
      var state = start(plan, firstIndex: first)
      var information = 0.0
      var gauge = plan.other.map { Gauge($0) }
      chains.run(&state, firstIndex: first, relativeError: 0, score: &score) { stage, state, slope in
        information += gauge?.sum(stage, state, slope, dimension) ?? 0
      }
      var positions: [Double] = []
      for r in 0..<state.rows { for k in 0..<dimension { positions.append(Double(state[r, k])) } }
      return (positions, information)
    }
    return opened(plan.score)
  }

  /// Rows of p_T or of the prior, made of the same normals.
  private func start(_ plan: ChainPlan, firstIndex: UInt64) -> Matrix {
    let process = plan.process
    let stream = RandomStream(seed: seed, purpose: .samplingPrior)
    if plan.fromMarginal {
      var rows = Matrix(rows: Generator.rows, columns: dimension)
      draw(1, firstIndex, &rows)
      return diffused(rows, by: process.kernel(at: plan.times[0]), stream, firstIndex: firstIndex)
    }
    var noise = Matrix(rows: Generator.rows, columns: dimension * process.blocks)
    stream.fillNormals(&noise, firstIndex: firstIndex)
    var state = Matrix(rows: Generator.rows, columns: dimension * process.blocks)
    state.assign(process.priorCovariance.cholesky(), times: noise, dimension: dimension)
    return state
  }

  /// True rows; no chain has seen them but those of set 1.
  package func truth(_ set: UInt64 = 0) -> MatrixBox {
    var rows = Matrix(rows: count, columns: dimension)
    draw(set, 0, &rows)
    return MatrixBox(rows)
  }

  /// Sliced W2 of pairs of sets; the work is shared by all ranks.
  package func slicedDistances(_ pairs: [(MatrixBox, MatrixBox)]) throws -> [Double] {
    var distance = SlicedWasserstein(
      directions: randomDirections(count: 500, dimension: dimension, seed: seed), over: communicator)
    return try pairs.map { first, second in
      try distance.setReference(first.value)
      return try distance.values(to: second.value)[0]
    }
  }

  /// Estimates of KL(first‖second) by nearest neighbours, one pair a rank.
  package func divergences(_ pairs: [(MatrixBox, MatrixBox)]) throws -> [Double] {
    try communicator.sweep(pairs.count, width: 1) { i in
      var divergence = NeighbourDivergence()
      try divergence.setReference(pairs[i].0.value)
      return try divergence.values(to: pairs[i].1.value)
    }.map { $0[0] }
  }

  /// The root of the mean squared distance of rows: at least W2, as they are a coupling.
  package static func coupling(_ first: MatrixBox, _ second: MatrixBox) -> Double {
    var sum = 0.0
    for r in 0..<first.value.rows {
      for k in 0..<first.value.columns {
        let gap = Double(first.value[r, k]) - Double(second.value[r, k])
        sum += gap * gap
      }
    }
    return (sum / Double(first.value.rows)).squareRoot()
  }
}

/// Sums by how much another score would move a chain, in units of its noise.
private struct Gauge {
  var other: any Score

  init(_ other: any Score) { self.other = other }

  mutating func sum(
    _ stage: SamplerStage, _ state: borrowing Matrix, _ slope: borrowing Matrix, _ dimension: Int
  ) -> Double {
    guard let root = stage.informationRoot else { return .infinity }
    var second = Matrix(rows: state.rows, columns: state.columns)
    other.evaluate(state, at: stage.time, into: &second)
    return informationSum(slope, second, root: root, dimension: dimension)
  }
}

/// s + share (s' − s) of two scores; with s' = 0, (1 − share) s.
package struct BlendedScore: Score {
  package var first: any Score
  package var second: (any Score)?
  package let share: Double

  /// A blend of two scores.
  package init(first: any Score, second: (any Score)? = nil, share: Double) {
    (self.first, self.second, self.share) = (first, second, share)
  }

  package var process: any ForwardProcess { first.process }
  package var dimension: Int { first.dimension }

  package mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    first.evaluate(state, at: t, into: &score)
    var other = Matrix(rows: state.rows, columns: state.columns)
    if second != nil { second?.evaluate(state, at: t, into: &other) }
    let (a, b) = (Float(1 - share), Float(share))
    for r in 0..<state.rows { for k in 0..<state.columns { score[r, k] = a * score[r, k] + b * other[r, k] } }
  }
}
