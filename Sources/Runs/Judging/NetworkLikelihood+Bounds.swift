internal import Communication
internal import LinearAlgebra
internal import Metrics
internal import Sampling
internal import Training

// Bounds of discrete states and of latent models. Each thread has a network of its own.

extension NetworkLikelihood {
  /// The bound of every row of discrete states, with a standard error over draws.
  func bounds(of rows: borrowing Matrix, _ communicator: Communicator) throws -> [Spread] {
    guard let states else { preconditionFailure("a likelihood without a model") }
    let numbers = data.trainedData(rows)
    let tasks = self.tasks(of: rows, communicator)
    let bound = StateBound(process: states.process, dimension: states.dimension, form: states.form, seed: seed)
    let own = communicator.threads.mapRanges(of: tasks.count, block: Generator.rows) { _, part in
      var denoiser = NetworkDenoiser(model: states, parameters: parameters.value.head(1))
      return bound.values(Array(tasks[part]), of: numbers, denoiser: &denoiser)
    }
    let all = try communicator.allGather(own)
    return (0..<rows.rows).map { Spread(errorOf: Array(all[$0 * draws..<($0 + 1) * draws])) }
  }
}

extension NetworkLikelihood {
  /// The bound of every row under a latent model, with a standard error over draws.
  func latentBounds(
    of rows: borrowing Matrix, clouds: borrowing Matrix, _ model: ScoreModel, _ communicator: Communicator
  ) throws -> [Spread] {
    let seen = data.trainedData(clouds)
    let tasks = self.tasks(of: rows, communicator)
    let own = communicator.threads.mapRanges(of: tasks.count, block: LatentBound.rows) { _, part in
      let tasks = tasks[part]
      guard
        let bound = LatentBound(
          model: model, parameters: parameters.value, firstTime: firstTime, steps: section.likelihoodSteps, seed: seed)
      else { preconditionFailure("a bound without latents") }
      var chunk = Matrix(rows: LatentBound.rows, columns: seen.columns)
      var values: [Double] = []
      for first in stride(from: tasks.startIndex, to: tasks.endIndex, by: LatentBound.rows) {
        // A chunk always has 256 rows: the last task stands in for those that are missing.
        let taken = (0..<LatentBound.rows).map { tasks[min(first + $0, tasks.endIndex - 1)] }
        for (r, task) in taken.enumerated() { chunk.copyRow(r, from: seen, task.place(copies: copies)) }
        let bounds = bound.values(chunk, keys: taken.map { LatentBound.Key(index: $0.row, draw: $0.draw) })
        for (task, value) in zip(taken, bounds).prefix(tasks.endIndex - first) {
          values.append(value - data.logJacobian(rows, task.row))
        }
      }
      return values
    }
    let all = try communicator.allGather(own)
    return (0..<rows.rows).map { Spread(errorOf: Array(all[$0 * draws..<($0 + 1) * draws])) }
  }
}
