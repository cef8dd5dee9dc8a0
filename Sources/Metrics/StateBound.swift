public import Diffusion
public import LinearAlgebra
internal import Randomness

/// The variational bound of −ln p(x_0) of rows of discrete states, in nats.
///
/// ```
/// Σ_columns KL(q(x_T | x_0) ‖ prior) + Σ_{t=1}^T Σ_columns KL(q(x_{t−1} | x_t, x_0) ‖ p(x_{t−1} | x_t)),   x_t ~ q(x_t | x_0)
/// ```
/// Every step of the chain counts once, with one draw of x_t; the expectation over draws is the bound. At t = 1 the
/// divergence is −ln p(x_0 | x_1). Divided by d ln 2 it is in bits per dimension. Austin et al. 2021, equation 1.
public struct StateBound: Sendable {
  /// Rows that the denoiser is given at once.
  public static let rows = 256

  private let process: DiscreteProcess
  private let dimension: Int
  private let steps: [StateStep]
  private let seed: UInt64

  /// The bound of a chain.
  public init(process: DiscreteProcess, dimension: Int, form: ReverseForm, seed: UInt64) {
    (self.process, self.dimension, self.seed) = (process, dimension, seed)
    steps = (1...process.steps).map { StateStep(process, from: $0, to: $0 - 1, form: form) }
  }

  /// The bound of every task by one draw of each x_t.
  ///
  /// - Parameters:
  ///   - tasks: which rows, with which draws; a value depends on its task alone.
  ///   - rows: x_0, shape `[any, dimension]`: whole numbers from 0 to K − 1.
  ///   - denoiser: of the chain.
  /// - Returns: nats, one number for each task.
  public func values(
    _ tasks: [SettledLikelihood.Task], of rows: borrowing Matrix, denoiser: inout some StateDenoiser
  ) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(tasks.count)
    for first in stride(from: 0, to: tasks.count, by: Self.rows) {
      values += block(tasks[first..<min(first + Self.rows, tasks.count)], rows, &denoiser)
    }
    return values
  }

  private func block(
    _ tasks: ArraySlice<SettledLikelihood.Task>, _ rows: borrowing Matrix, _ denoiser: inout some StateDenoiser
  ) -> [Double] {
    let levels = process.levels
    var noisy = Matrix(rows: Self.rows, columns: dimension)
    var laws = Matrix(rows: Self.rows, columns: dimension * levels)
    var scratch = StateScratch(process)
    let left = (0..<levels).map { process.priorDivergence($0) }
    var values = tasks.map { task in (0..<dimension).reduce(0.0) { $0 + left[Int(rows[task.row, $1])] } }
    for step in steps {
      for (r, task) in tasks.enumerated() {
        let number = task.draw * process.steps + step.end
        var sequence = RandomStream(seed: seed, purpose: .likelihood, step: UInt64(number)).row(UInt64(task.row))
        for k in 0..<dimension { noisy[r, k] = Float(step.noisy(Int(rows[task.row, k]), sequence.nextUniform())) }
      }
      denoiser.evaluate(noisy, at: step.start, into: &laws)
      for (r, task) in tasks.enumerated() {
        for k in 0..<dimension {
          for j in 0..<levels { scratch.shares[j] = Double(laws[r, k * levels + j]) }
          values[r] += step.loss(Int(rows[task.row, k]), Int(noisy[r, k]), &scratch).divergence
        }
      }
    }
    return values
  }
}
