internal import Diffusion
internal import LinearAlgebra
internal import Sampling
internal import Training

/// Samples of a one-step student: draws of the prior, mapped by one evaluation.
final class StudentChunks: ChunkSource {
  private let student: NetworkStudent
  private let process: any ForwardProcess
  private let dimension: Int
  private let seed: UInt64
  private var noise, normals: Matrix
  private var tally = EvaluationTally()

  /// Samples of a student's network.
  init(_ model: StudentModel, parameters: consuming Matrix, seed: UInt64) {
    student = NetworkStudent(model: model, parameters: parameters)
    (process, dimension, self.seed) = (model.process, model.dimension, seed)
    noise = Matrix(rows: Generator.rows, columns: model.process.blocks * model.dimension)
    normals = Matrix(rows: Generator.rows, columns: model.process.blocks * model.dimension)
  }

  func generate(chunk: Int, into samples: inout Matrix, count: Int, trajectory: Trajectory?) {
    process.drawPrior(
      into: &noise, normals: &normals, dimension: dimension, seed: seed, firstIndex: UInt64(chunk * Generator.rows))
    student.map(noise, into: &samples)
    tally.add(1, times: count)
  }

  func takeTally() -> EvaluationTally {
    defer { tally = EvaluationTally() }
    return tally
  }
}
