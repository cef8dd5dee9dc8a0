public import Diffusion
public import LinearAlgebra
internal import Randomness
public import Sampling

/// Upper bounds of −log p of rows under the reverse chain of a score: the variational bound.
///
/// ```
/// bound(x) = KL(q(x_n|x) ‖ prior) + Σ_{i=1..n} L_i(x, e_i),   x_i = M_i x + L_i e_i,   e_i ~ N(0, I)
/// ```
/// L_i is the term of `ChainTerm`, summed over coordinates. E[x_0|x_i] in it comes from the score. One draw of e_i for each term makes
/// the sum an estimate without bias. The variance of a reverse step is β̃, β, or what the score says. Where it is β, the last term
/// takes β̃_2 all the same, as Ho et al. do. Of a coordinate that holds levels the last term is the mass of the level's cell, and the
/// sum then bounds −log P of levels.
/// Ho, Jain and Abbeel 2020, arXiv 2006.11239, eq. 5; Nichol and Dhariwal 2021, arXiv 2102.09672. Cost: n evaluations.
public struct ChainBound: ~Copyable {
  /// The rows of a chunk.
  public static let rows = Generator.rows

  /// Where the levels of a coordinate lie.
  public struct Levels: Sendable {
    /// The width of one.
    let width: Double
    /// The lowest and the highest; their cells reach to infinity.
    let ends: ClosedRange<Double>

    /// Levels from one end to the other, `width` apart.
    public init(width: Double, ends: ClosedRange<Double>) { (self.width, self.ends) = (width, ends) }

    /// The cell of level x.
    func cell(_ x: Double) -> (lower: Double, upper: Double) {
      let half = 0.5 * width
      return (
        x - half < ends.lowerBound ? -.infinity : x - half, x + half > ends.upperBound ? .infinity : x + half
      )
    }
  }

  private let chain: ReverseChain
  private let dimension: Int
  private let levels: [Levels?]
  private let variance: ReverseVariance
  private let seed: UInt64
  private var state, noise, score, mean, fractions: Matrix

  /// The bound of a chain.
  ///
  /// - Parameters:
  ///   - chain: the states.
  ///   - dimension: the number d of data coordinates.
  ///   - variance: of the reverse steps; `learned` needs a score that has it.
  ///   - levels: where the levels of each coordinate lie; nil for a continuous one. Empty where all are continuous.
  ///   - seed: the key of the noises e_i.
  public init(
    _ chain: ReverseChain, dimension: Int, variance: ReverseVariance, levels: [Levels?] = [], seed: UInt64
  ) {
    precondition(levels.isEmpty || levels.count == dimension, "levels of \(levels.count) coordinates")
    (self.chain, self.dimension, self.variance, self.seed) = (chain, dimension, variance, seed)
    self.levels = levels.isEmpty ? [Levels?](repeating: nil, count: dimension) : levels
    state = Matrix(rows: Self.rows, columns: dimension)
    noise = Matrix(rows: 1, columns: dimension)
    score = Matrix(rows: Self.rows, columns: dimension)
    mean = Matrix(rows: Self.rows, columns: dimension)
    fractions = Matrix(rows: Self.rows, columns: dimension)
  }

  /// Values whose expectation over draws bounds −log p from above.
  ///
  /// - Parameters:
  ///   - rows: x, shape `[256, dimension]`, in trained coordinates.
  ///   - keys: the key of each row; its value depends on nothing else beside the row.
  ///   - model: the score of the chain's process.
  /// - Returns: 256 numbers in nats.
  public mutating func values(
    _ rows: borrowing Matrix, keys: [FlowLikelihood.Key], score model: inout some Score
  ) -> [Double] {
    precondition(rows.rows == Self.rows && rows.columns == dimension, "\(rows.rows) × \(rows.columns)")
    precondition(keys.count == Self.rows, "\(keys.count) keys for \(Self.rows) rows")
    var values = [Double](repeating: 0, count: Self.rows)
    for r in values.indices {
      for k in 0..<dimension { values[r] += chain.priorTerm(Double(rows[r, k])) }
    }
    for i in stride(from: chain.steps, through: 1, by: -1) { addTerm(i, rows, keys, &model, &values) }
    return values
  }

  private mutating func addTerm(
    _ i: Int, _ rows: borrowing Matrix, _ keys: [FlowLikelihood.Key], _ model: inout some Score,
    _ values: inout [Double]
  ) {
    let (time, term) = (chain.time(ofState: i), chain.term(ofState: i))
    let kernel = chain.process.kernel(at: time)
    let (m, sigma) = (Float(kernel.mean[0]), Float(kernel.cholesky[0, 0]))
    for (r, key) in keys.enumerated() {
      RandomStream(seed: seed, purpose: .chainBound, step: key.draw << 20 | UInt64(i))
        .fillNormals(&noise, firstIndex: key.index)
      for k in 0..<dimension { state[r, k] = (m * rows[r, k]).addingProduct(sigma, noise[0, k]) }
    }
    if variance == .learned {
      model.evaluate(state, at: time, into: &score, variance: &fractions)
    } else {
      model.evaluate(state, at: time, into: &score)
      fractions.fill(variance == .forward && !term.isLast ? 1 : 0)
    }
    kernel.denoise(state, score: score, into: &mean)
    for r in values.indices {
      var sum = 0.0
      for k in 0..<dimension {
        let (x, centre, v) = (Double(rows[r, k]), Double(mean[r, k]), Double(fractions[r, k]))
        if term.isLast, let cell = levels[k]?.cell(x) {
          sum += term.cellValue(v, from: cell.lower - centre, to: cell.upper - centre)
        } else {
          sum += term.value(v, squaredError: (x - centre) * (x - centre))
        }
      }
      values[r] += sum
    }
  }
}

extension ChainBound {
  /// The value of every task of any number of rows, 256 at a time.
  ///
  /// - Parameters:
  ///   - tasks: which rows, with which draws.
  ///   - rows: x, shape `[any · copies, dimension]`, in trained coordinates.
  ///   - copies: how many rows x has, one for each draw; 1 where all draws share it.
  ///   - score: the score of the chain's process.
  ///   - prepare: called with the numbers of 256 rows before the score is asked for them, for conditions that change.
  /// - Returns: one number in nats for each task.
  public mutating func values(
    _ tasks: [SettledLikelihood.Task], of rows: borrowing Matrix, copies: Int = 1, score: inout some Score,
    prepare: (_ rows: [Int]) -> Void = { _ in }
  ) -> [Double] {
    var chunk = Matrix(rows: Self.rows, columns: dimension)
    var all: [Double] = []
    for first in stride(from: 0, to: tasks.count, by: Self.rows) {
      // A chunk always has 256 rows: the last task stands in for those that are missing.
      let taken = (0..<Self.rows).map { tasks[min(first + $0, tasks.count - 1)] }
      for (r, task) in taken.enumerated() {
        let place = task.place(copies: copies)
        for k in 0..<dimension { chunk[r, k] = rows[place, k] }
      }
      prepare(taken.map(\.row))
      let keys = taken.map { FlowLikelihood.Key(index: $0.row, draw: $0.draw) }
      all += values(chunk, keys: keys, score: &score).prefix(tasks.count - first)
    }
    return all
  }
}
