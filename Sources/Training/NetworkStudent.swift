internal import Diffusion
public import LinearAlgebra
internal import Networks

/// A student's network with its parameters: maps 256 rows of noise to samples, by one evaluation.
@safe public final class NetworkStudent {
  /// The rows of every call: a fixed shape, so that a row's bits do not depend on its neighbours' number.
  public static let rows = NetworkScore.rows

  private let model: StudentModel
  private let parameters: Matrix
  private let pass: NetworkPass

  /// A student with parameters of its own, `[1, layout count]`.
  public init(model: StudentModel, parameters: consuming Matrix) {
    self.model = model
    self.parameters = parameters
    pass = NetworkPass(
      architecture: model.network, frequencies: model.frequencies, rows: Self.rows, use: .inference)
  }

  /// Maps noise to samples.
  ///
  /// - Parameters:
  ///   - noise: states at the horizon, `[256, c·d]`.
  ///   - samples: the result, `[256, d]`, in trained coordinates.
  public func map(_ noise: borrowing Matrix, into samples: inout Matrix) {
    let d = model.dimension
    precondition(
      noise.rows == Self.rows && noise.columns == model.process.blocks * d && samples.rows == Self.rows
        && samples.columns == d, "\(noise.rows) × \(noise.columns) into \(samples.rows) × \(samples.columns)")
    for row in 0..<Self.rows {
      unsafe model.prepare(pass, set: 0, row: row, UnsafePointer(noise.pointer) + row * noise.columns)
    }
    unsafe pass.forward(parameters.pointer)
    for row in 0..<Self.rows {
      let (u, f) = unsafe (UnsafePointer(noise.pointer) + row * noise.columns, pass.output(set: 0, row: row))
      for k in 0..<d {
        samples[row, k] = unsafe Float(model.sampleWithoutNetwork(u, k) + model.gain * Double(f[k]))
      }
    }
  }
}
