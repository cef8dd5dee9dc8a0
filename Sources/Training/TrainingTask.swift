internal import Diffusion
internal import LinearAlgebra
public import Networks

/// What is trained: a network, what its outputs mean, and the loss.
///
/// A trainer knows rows, shards, gradients and parameters. All that depends on the method is behind this type: the law of the
/// times, and the objective, which draws noisy rows and makes losses and gradients of the network's outputs.
public enum TrainingTask {
  /// A score of a process on real numbers.
  case score(ScoreModel, TrainingObjective)
  /// The law of x_0 in a chain of discrete states: the variational bound, and λ times the cross entropy of x_0.
  ///
  /// Rows hold whole numbers from 0 to K − 1. Austin et al. 2021, arXiv 2107.03006, equation 5.
  case states(StateModel)
  /// A one-step student of a teacher's sampler; rows are pairs (x, u) of a sample and the noise that it was made of.
  case student(StudentModel)

  /// The network's shape.
  public var network: NetworkArchitecture {
    switch self {
    case .score(let model, _): model.network
    case .states(let model): model.network
    case .student(let model): model.network
    }
  }

  /// The frequencies of its embedding.
  public var frequencies: [Float] {
    switch self {
    case .score(let model, _): model.frequencies
    case .states(let model): model.frequencies
    case .student(let model): model.frequencies
    }
  }

  /// Where all that is learned lies.
  public var layout: ParameterLayout {
    switch self {
    case .score(let model, _): model.layout
    case .states(let model): ParameterLayout(model.network)
    case .student(let model): ParameterLayout(model.network)
    }
  }

  /// The same without a discriminator, for losses that compare networks: a discriminator changes as the network does.
  var withoutDiscriminator: TrainingTask {
    guard case .score(var model, let objective) = self else { return self }
    model.discriminator = nil
    return .score(model, objective)
  }

  /// What training begins with, `[1, layout count]`.
  func initialParameters(seed: UInt64) -> Matrix {
    switch self {
    case .score(let model, _): model.initialParameters(seed: seed)
    case .states(let model): model.network.initialParameters(seed: seed)
    case .student(let model): model.network.initialParameters(seed: seed)
    }
  }

  /// The columns of a row, conditions included.
  var columns: Int {
    switch self {
    case .score(let model, _): model.autoencoder?.dimension ?? model.dimension + model.conditions
    case .states(let model): model.dimension
    case .student(let model): model.pairColumns
    }
  }

  /// What a pass must keep so that losses, or gradients too, can be computed.
  func use(gradients: Bool) -> NetworkPass.Use {
    switch self {
    case .score(_, let objective): objective.use(gradients: gradients)
    case .states, .student: gradients ? .training : .inference
    }
  }

  /// The draws of times: from `first` to the horizon, or of a chain's steps.
  func times(_ law: TimeLaw, first: Double) -> TimeSampler {
    switch self {
    case .score(let model, _): TimeSampler(law, process: model.process, first: first)
    case .states(let model): TimeSampler(law, steps: model.process.steps)
    // A student knows one time alone.
    case .student: TimeSampler(.uniform, steps: 1)
    }
  }

  /// The objective for the sets of a pass.
  func objective(times: TimeSampler, pass: NetworkPass) -> any Objective {
    switch self {
    case .score(let model, let objective): objective.make(model: model, times: times, pass: pass)
    case .states(let model): StateObjective(model: model, times: times, rows: pass.rows, sets: pass.sets)
    case .student(let model): StudentObjective(model: model, times: times, rows: pass.rows, sets: pass.sets)
    }
  }
}
