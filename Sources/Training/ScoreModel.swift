public import Diffusion
public import LinearAlgebra
public import Networks

/// A process, a network, and what the network's output means: everything that a score needs but the parameters.
public struct ScoreModel: Sendable {
  /// What of the time is embedded.
  public enum Level: String, Sendable, CaseIterable {
    /// −½ ln snr, between about −7 and 7.
    case noiseLevel = "noise-level"
    /// 8t/T − 4.
    case time
  }

  /// The forward process.
  public let process: any ForwardProcess
  /// The number of data coordinates d.
  public let dimension: Int
  /// The number of columns that follow a row's data and are known wherever the score is asked for; 0 without.
  public let conditions: Int
  /// What F means.
  public let output: NetworkOutput
  /// What score matching conditions on.
  public let conditioning: Conditioning
  /// The loss's weight over time.
  public let weight: LossWeight
  /// What is embedded.
  public let level: Level
  /// The network's shape.
  public let network: NetworkArchitecture
  /// The embedding's frequencies.
  public let frequencies: [Float]

  /// A model; the network's inputs and outputs follow from the process, the dimension and the output.
  public init(
    process: any ForwardProcess, dimension: Int, conditions: Int = 0, output: NetworkOutput, conditioning: Conditioning,
    weight: LossWeight? = nil, level: Level = .noiseLevel, widths: [Int], activation: Activation, residual: Bool,
    embedding: TimeEmbedding, seed: UInt64
  ) {
    self.process = process
    self.dimension = dimension
    self.conditions = conditions
    self.output = output
    self.conditioning = conditioning
    self.weight = weight ?? .standard(for: output)
    self.level = level
    network = NetworkArchitecture(
      inputs: process.blocks * dimension + conditions, outputs: output.blocks(for: process) * dimension, widths: widths,
      activation: activation, residual: residual, embedding: embedding)
    frequencies = embedding.frequencies(seed: seed)
  }

  /// What the network is told of time `t`.
  func embeddedLevel(noiseLevel: Double, at t: Double) -> Float {
    switch level {
    case .noiseLevel: Float(noiseLevel)
    case .time: Float(8 * t / process.horizon - 4)
    }
  }
}

/// A network's score, for 256 rows a call.
@safe public final class NetworkScore: Score {
  /// The process.
  public var process: any ForwardProcess { model.process }
  /// d.
  public var dimension: Int { model.dimension }
  /// The rows of every call: a fixed shape, so that a row's bits do not depend on its neighbours' number.
  public static let rows = 256

  private let model: ScoreModel
  private let pass: NetworkPass
  private var parameters: Matrix
  private var whitened: Matrix
  private var output: Matrix
  private var isPrepared = false

  /// A score with parameters of its own, `[1, layout count]`.
  public init(model: ScoreModel, parameters: consuming Matrix) {
    self.model = model
    self.parameters = parameters
    pass = NetworkPass(
      architecture: model.network, frequencies: model.frequencies, rows: Self.rows, use: .inference)
    whitened = Matrix(rows: Self.rows, columns: model.process.blocks * model.dimension)
    output = Matrix(rows: Self.rows, columns: model.network.outputs)
  }

  /// Sets the conditions of all evaluations to come, in trained coordinates.
  ///
  /// - Parameters:
  ///   - conditions: shape `[any, conditions]`; row r of the states takes row `firstIndex + r`, and from the start again.
  ///   - firstIndex: the number of the first row.
  public func setConditions(_ conditions: borrowing Matrix, firstIndex: Int) {
    precondition(
      conditions.columns == model.conditions && conditions.rows > 0,
      "\(conditions.rows) × \(conditions.columns) conditions for \(model.conditions)")
    for row in 0..<Self.rows {
      let source = unsafe conditions.pointer + (firstIndex + row) % conditions.rows * conditions.columns
      unsafe (pass.state(set: 0, row: row) + whitened.columns).update(from: source, count: conditions.columns)
    }
  }

  /// s = −P u + Q F(G u).
  public func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    precondition(state.rows == Self.rows, "\(state.rows) rows in place of \(Self.rows)")
    let c = ScoreCoefficients(model.process, output: model.output, conditioning: model.conditioning, at: t)
    whitened.assign(c.whitening, times: state, dimension: dimension)
    pass.setLevel(model.embeddedLevel(noiseLevel: c.noiseLevel, at: t))
    for row in 0..<Self.rows {
      unsafe pass.state(set: 0, row: row).update(
        from: whitened.pointer + row * whitened.columns, count: whitened.columns)
    }
    if isPrepared {
      unsafe pass.forwardAgain(parameters.pointer)
    } else {
      unsafe pass.forward(parameters.pointer)
      isPrepared = true
    }
    unsafe output.pointer.update(from: pass.output(set: 0, row: 0), count: output.count)
    score.assign(c.precision.scaled(by: -1), times: state, dimension: dimension)
    score.add(c.output, times: output, dimension: dimension)
  }
}
