public import Diffusion
public import LinearAlgebra
internal import Networks

/// A trained network as the law of x_0 given a noisy row of discrete states.
///
/// Rows come 256 at a time, so that a row's bits do not depend on how many there are.
@safe public final class NetworkDenoiser: StateDenoiser {
  /// The rows of every call.
  public static let rows = NetworkScore.rows

  /// The chain.
  public var process: DiscreteProcess { model.process }
  /// d.
  public var dimension: Int { model.dimension }
  /// How the law of x_0 is used in reverse steps.
  public var form: ReverseForm { model.form }

  private let model: StateModel
  private let pass: NetworkPass
  private let parameters: Matrix
  private var scratch: StateScratch
  private var isPrepared = false

  /// A denoiser with parameters of its own, `[1, layout count]`.
  public init(model: StateModel, parameters: consuming Matrix) {
    self.model = model
    self.parameters = parameters
    pass = NetworkPass(architecture: model.network, frequencies: model.frequencies, rows: Self.rows, use: .inference)
    scratch = StateScratch(model.process)
  }

  /// One pass through the network.
  public func evaluate(_ states: borrowing Matrix, at t: Int, into laws: inout Matrix) {
    precondition(
      states.rows == Self.rows && states.columns == dimension, "states of \(states.rows) × \(states.columns)")
    let (count, levels) = (model.head.outputs(levels: process.levels), process.levels)
    pass.setLevel(model.embeddedLevel(at: t))
    for row in 0..<Self.rows {
      unsafe model.write(pass.state(set: 0, row: row)) { Int(states[row, $0]) }
    }
    if isPrepared {
      unsafe pass.forwardAgain(parameters.pointer)
    } else {
      unsafe pass.forward(parameters.pointer)
      isPrepared = true
    }
    for row in 0..<Self.rows {
      for k in 0..<dimension {
        let seen = Int(states[row, k])
        if let mask = process.mask, seen != mask {
          // A state that is seen is the data's.
          for j in 0..<levels { laws[row, k * levels + j] = j == seen ? 1 : Float.leastNormalMagnitude }
          continue
        }
        let outputs = unsafe Span(_unsafeStart: UnsafePointer(pass.output(set: 0, row: row) + k * count), count: count)
        model.head.predict(outputs, seen: seen, &scratch)
        for j in 0..<levels {
          laws[row, k * levels + j] = max(Float(scratch.shares[j]), Float.leastNormalMagnitude)
        }
      }
    }
  }
}
