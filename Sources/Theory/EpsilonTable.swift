package import Communication
package import Diffusion
internal import LinearAlgebra
package import Metrics
internal import Randomness
package import Sampling
package import Targets

/// Sliced W2 of what scores make, over seeds, from the stationary law, from the two moments of p_T and from p_T itself.
package struct EpsilonTable: ~Copyable {
  package let count: Int
  package let repeats: Int
  package let steps: Int
  private let sampler: any Sampler
  private let grid: TimeGrid
  private let finalTime: Double?
  private let target: any Target
  private let map: Standardisation
  private let seed: UInt64
  private let communicator: Communicator
  private var distance: SlicedWasserstein
  private var floors: [Double] = []

  /// A table of samples at `count` rows, over `repeats` seeds.
  ///
  /// - Parameters:
  ///   - target: the law.
  ///   - map: trained coordinates, where they are not the law's own standardisation.
  ///   - count: rows.
  ///   - repeats: seeds.
  ///   - sampler: a scheme whose steps all samples share.
  ///   - steps: its steps.
  ///   - grid: how they lie.
  ///   - finalTime: where they end; nil for a thousandth of the horizon.
  ///   - seed: the first seed.
  ///   - directions: those of the sliced distance.
  ///   - communicator: the ranks.
  package init(
    _ target: any Target, map: Standardisation? = nil, count: Int, repeats: Int,
    sampler: any Sampler = EulerMaruyama(), steps: Int, grid: TimeGrid = .uniform, finalTime: Double? = nil,
    seed: UInt64, directions: Int, _ communicator: Communicator
  ) {
    (self.target, self.count, self.repeats, self.steps) = (target, count, repeats, steps)
    (self.sampler, self.grid, self.finalTime) = (sampler, grid, finalTime)
    (self.seed, self.communicator, self.map) = (seed, communicator, map ?? target.standardisation)
    distance = SlicedWasserstein(
      directions: randomDirections(count: directions, dimension: target.dimension, seed: 1), over: communicator)
  }

  /// True rows against true rows.
  package var floor: Spread { Spread(of: floors) }

  /// At the floor: within two standard deviations of a difference of means over the repeats.
  package func verdict(_ value: Spread) -> String {
    guard value.mean.isFinite else { return "not reached: samples diverged" }
    guard repeats > 1 else { return "one repeat" }
    let squares = value.deviation * value.deviation + floor.deviation * floor.deviation
    return value.mean <= floor.mean + 2 * (squares / Double(repeats)).squareRoot() ? "at the floor" : "above"
  }

  /// Where the reverse chain starts.
  private enum Start {
    case law(BlockMatrix)
    case marginal(Kernel)
  }

  /// From the stationary law, from a Gaussian with the moments of p_T, and from p_T; NaN for a start from which a sample
  /// diverged.
  package mutating func distances(_ process: any ForwardProcess, _ score: any Score) throws -> [Spread] {
    let kernel = process.kernel(at: process.horizon)
    // Data of zero mean and unit variance.
    let moments = kernel.covariance + kernel.mean.outer(kernel.mean)
    let starts = [Start.law(process.priorCovariance), .law(moments), .marginal(kernel)]
    var values = [[Double]](repeating: [], count: starts.count)
    for repetition in 0..<repeats {
      let seed = seed &+ UInt64(repetition)
      try distance.setReference(truth(seed, 0))
      if floors.count < repeats { floors.append(try distance.values(to: truth(seed, 1))[0]) }
      for (j, start) in starts.enumerated() {
        let samples = try generated(process, score, from: start, seed: seed)
        do { values[j].append(try distance.values(to: samples)[0]) } catch MetricsError.notFinite {
          values[j].append(.nan)
        }
      }
    }
    return values.map { Spread(of: $0) }
  }

  private func truth(_ seed: UInt64, _ set: UInt64) -> Matrix {
    var rows = Matrix(rows: count, columns: target.dimension)
    target.draw(RandomStream(seed: seed, purpose: .floor, step: set), firstIndex: 0, into: &rows)
    return rows
  }

  /// Samples in original units, chunks spread over the ranks.
  private func generated(
    _ process: any ForwardProcess, _ score: any Score, from start: Start, seed: UInt64
  ) throws -> Matrix {
    var covariance: BlockMatrix?
    var begin: ((UInt64, inout Matrix) -> Void)?
    switch start {
    case .law(let matrix): covariance = matrix
    case .marginal(let kernel):
      // Rows that neither the reference nor the floor has seen.
      let unseen = RandomStream(seed: seed, purpose: .floor, step: 2)
      let noise = RandomStream(seed: seed, purpose: .samplingPrior)
      begin = { [target, map] firstIndex, states in
        var rows = Matrix(rows: Generator.rows, columns: target.dimension)
        target.draw(unseen, firstIndex: firstIndex, into: &rows)
        map.apply(to: &rows)
        states = diffused(rows, by: kernel, noise, firstIndex: firstIndex)
      }
    }
    let end = finalTime ?? TimeGrid.standardFinalTime(horizon: process.horizon)
    let generator = Generator(
      process: process, dimension: target.dimension, sampler: sampler,
      times: grid.times(steps: steps, of: process, to: end), denoises: true, seed: seed, start: covariance)
    var rows = try drawn(generator, score, count: count, begin: begin, communicator)
    map.invert(&rows)
    return rows
  }
}
