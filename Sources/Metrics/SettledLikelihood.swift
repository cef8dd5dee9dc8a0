public import Diffusion
public import LinearAlgebra

/// Log-densities of rows by `FlowLikelihood`, each row with as many steps as it needs.
///
/// A row whose value changes by more than 0.01 nats between n/2 and n steps is computed again with 2n steps. As the method has
/// order 4, a row that does not change so much is right to a fifteenth of that. Few rows need more steps: they pass between modes,
/// where the score is steep and too few steps let the state run away. A row that has not settled after the last doubling has no
/// value.
public struct SettledLikelihood: Sendable {
  /// A row's number and the number of the draw of its velocities and probes.
  public struct Task: Sendable {
    /// The row's number: its random numbers depend on it.
    public var row: Int
    /// The number of the draw.
    public var draw: Int

    /// The draw of a row.
    public init(row: Int, draw: Int = 0) { (self.row, self.draw) = (row, draw) }

    /// Where x of the draw stands among rows that have so many copies each, one for each draw.
    public func place(copies: Int) -> Int { copies == 1 ? row : row * copies + draw }
  }

  private static let mostDoublings = 4

  private let process: any ForwardProcess
  private let dimension: Int
  private let firstTime: Double
  private let steps: Int
  private let seed: UInt64

  /// The densities of a process's model; the parameters are those of `FlowLikelihood`.
  public init(process: any ForwardProcess, dimension: Int, firstTime: Double, steps: Int, seed: UInt64) {
    self.process = process
    self.dimension = dimension
    self.firstTime = firstTime
    self.steps = steps
    self.seed = seed
  }

  /// The value of every task, in trained coordinates; nan for one that does not settle.
  ///
  /// - Parameters:
  ///   - tasks: which rows, with which draws.
  ///   - rows: x, shape `[any · copies, dimension]`, in trained coordinates.
  ///   - copies: how many rows x has, one for each draw; 1 where all draws share it.
  ///   - score: the score of the process.
  ///   - prepare: called with the numbers of 256 rows before the score is asked for them, for conditions that change.
  /// - Returns: log p in nats, or a value whose expectation over draws is a lower bound.
  public func logDensities(
    _ tasks: [Task], of rows: borrowing Matrix, copies: Int = 1, score: inout some DifferentiableScore,
    prepare: (_ rows: [Int]) -> Void = { _ in }
  ) -> [Double] {
    var steps = (steps + 1) / 2
    var values = logDensities(tasks, of: rows, copies, &score, steps: steps, prepare)
    var open = Array(tasks.indices)
    for _ in 0...Self.mostDoublings where !open.isEmpty {
      steps *= 2
      let finer = logDensities(open.map { tasks[$0] }, of: rows, copies, &score, steps: steps, prepare)
      let moved = zip(open, finer).filter { !(abs($1 - values[$0]) <= 0.01) }.map(\.0)
      for (place, value) in zip(open, finer) { values[place] = value }
      open = moved
    }
    for place in open { values[place] = .nan }
    return values
  }

  /// The values with a number of steps, 256 at a time.
  private func logDensities(
    _ tasks: [Task], of rows: borrowing Matrix, _ copies: Int, _ score: inout some DifferentiableScore, steps: Int,
    _ prepare: (_ rows: [Int]) -> Void
  ) -> [Double] {
    guard !tasks.isEmpty else { return [] }
    var flow = FlowLikelihood(
      process: process, dimension: dimension, firstTime: firstTime, steps: steps, seed: seed)
    var chunk = Matrix(rows: FlowLikelihood.rows, columns: dimension)
    var values: [Double] = []
    for first in stride(from: 0, to: tasks.count, by: FlowLikelihood.rows) {
      // A chunk always has 256 rows: the last task stands in for those that are missing.
      let taken = (0..<FlowLikelihood.rows).map { tasks[min(first + $0, tasks.count - 1)] }
      for (r, task) in taken.enumerated() {
        copy(task.place(copies: copies), of: rows, to: r, of: &chunk)
      }
      prepare(taken.map(\.row))
      let keys = taken.map { FlowLikelihood.Key(index: $0.row, draw: $0.draw) }
      values += flow.logDensities(chunk, keys: keys, score: &score).prefix(tasks.count - first)
    }
    return values
  }
}

private func copy(_ row: Int, of rows: borrowing Matrix, to place: Int, of target: inout Matrix) {
  let from = rows.row(row)
  var to = target.mutableRow(place)
  for k in from.indices { to[k] = from[k] }
}
