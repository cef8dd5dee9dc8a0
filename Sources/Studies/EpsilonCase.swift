internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Networks
internal import Reports
internal import Runs
internal import Training

/// One process of the comparison.
struct EpsilonCase {
  package let a: Double
  package let epsilon: Double
  package let experiment: Experiment
  private let label: String?

  /// Critically damped Langevin dynamics.
  init(_ experiment: Experiment, a: Double, epsilon: Double) {
    var own = experiment
    (own.process.a, own.process.epsilon, own.process.schedule) = (a, epsilon, .constant)
    (self.a, self.epsilon, self.experiment, label) = (a, epsilon, own, nil)
  }

  /// Phase-space Langevin dynamics with its authors' Γ and ν; β twice, for its A carries ½.
  init(phaseSpace experiment: Experiment) {
    var own = experiment
    (own.process.kind, own.process.schedule) = (.phaseSpaceLangevin, .constant)
    own.process.beta *= 2
    (a, epsilon, self.experiment, label) = (.nan, .nan, own, "PSLD")
  }

  package var process: any ForwardProcess { experiment.process.make() }

  /// a and ε, or the control's name and its noise on the position.
  package var names: [TheoryFindings.Cell] {
    label.map { [.text($0), .number(experiment.process.positionDamping.squareRoot())] } ?? cells(a, epsilon)
  }

  /// A network of the experiment's size, trained for its steps on all ranks.
  package func train(_ communicator: Communicator) throws -> MatrixBox {
    try checkProcessor(communicator)
    let data = try DataSource.open(experiment, base: "", communicator).load(communicator)
    let trainer = Trainer(
      model: experiment.trainedModel(dimension: data.description.dimension),
      objective: try experiment.objective(
        in: data.description.standardisation, dimension: data.description.dimension),
      options: experiment.trainedOptions, data: data.training,
      tree: CanonicalTree(shards: experiment.training.shards),
      communicator: communicator, seed: experiment.seed)
    while trainer.step < experiment.training.steps {
      if let fault = try trainer.takeStep().fault {
        throw ToolError.fault("training of epsilon's networks at step \(trainer.step + 1): \(fault)")
      }
    }
    return MatrixBox(try trainer.gatherAverage())
  }

  /// The score of a network with these parameters under the process.
  func score(_ parameters: MatrixBox, dimension: Int) -> NetworkScore {
    NetworkScore(model: experiment.model(dimension: dimension), parameters: parameters.value.head(1))
  }
}
