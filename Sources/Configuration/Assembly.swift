internal import Diffusion
internal import Files
internal import LinearAlgebra
package import Networks
internal import Sampling
package import Targets
package import Training

// From an experiment's words to the modules' values: the one place where configuration turns into objects.

extension Experiment {
  /// The score model for data of `dimension` coordinates; with latents it is one of these.
  ///
  /// - Parameters:
  ///   - dimension: d, without conditions.
  ///   - conditions: the numbers that condition a row; by default one for each of `conditionCount` columns.
  ///   - words: the columns of words; used where the network can have a head for them.
  /// - Returns: the model.
  package func model(dimension: Int, conditions: Int? = nil, words: WordColumns? = nil) -> ScoreModel {
    model(dimension: dimension, conditions: conditions, words: words, under: process.make())
  }

  /// The score model under a process.
  func model(
    dimension: Int, conditions: Int?, words: WordColumns?, under process: any ForwardProcess
  ) -> ScoreModel {
    let variance =
      network.variance == .learned
      ? LearnedVariance(ReverseChain(process, steps: self.process.chainSteps), weight: training.varianceWeight) : nil
    var model = ScoreModel(
      process: process, dimension: scoredDimension(of: dimension), conditions: conditions ?? conditionCount,
      network: network, words: takesWords(under: process) ? words : nil,
      conditioning: training.objective.conditioning, variance: variance,
      learnsSchedule: training.timeLaw.kind == .learnedSchedule,
      weight: training.weight ?? (training.objective.comparesScores ? .unitVariance : nil), seed: seed)
    if training.adversaryWeight > 0 {
      model.discriminator = Discriminator(
        weight: training.adversaryWeight, dimension: dimension, widths: training.discriminatorWidths)
    }
    if let latents = latent.dimension {
      model.autoencoder = Autoencoder(dimension: dimension, latents: latents, options: latent)
    }
    let noise = training.options.dequantisation
    if noise.kind == .variational { model.dequantiser = Dequantiser(dimension: dimension, widths: noise.widths) }
    return model
  }

  /// Whether the network has a head for columns of words under a process: whether it tells the posterior mean of the data's own
  /// columns, and its loss does not have the head's second derivatives.
  private func takesWords(under process: any ForwardProcess) -> Bool {
    network.variance == .fixed && latent.dimension == nil && training.teacher == nil
      && training.options.dequantisation.kind == .uniform && !training.objective.needsCurvature
      && ScoreModel.takesWords(process, input: network.input, output: network.output)
  }

  /// The model of discrete states for data of `dimension` columns; nil for a process of real numbers.
  package func stateModel(dimension: Int) -> StateModel? {
    data.levels.flatMap { process.makeChain(levels: $0) }.map {
      StateModel(
        process: $0, dimension: dimension, network: network, crossEntropy: training.options.crossEntropy, seed: seed)
    }
  }

  /// The network's shape for data of `dimension` coordinates, whatever the process.
  package func architecture(
    dimension: Int, conditions: Int? = nil, words: WordColumns? = nil
  ) -> NetworkArchitecture {
    guard let chain = process.chain, let levels = data.levels else {
      return model(dimension: dimension, conditions: conditions, words: words).network
    }
    return StateModel.architecture(chain, levels: levels, dimension: dimension, network)
  }

  /// The shapes of the networks beside the score's that see whole rows: encoder and decoder, or a dequantiser.
  package func networksBeside(dimension: Int) -> [NetworkArchitecture] {
    guard process.chain == nil else { return [] }
    let model = model(dimension: dimension)
    return [model.autoencoder?.encoder, model.autoencoder?.decoder, model.dequantiser?.network].compactMap(\.self)
  }

  /// Where all that is learned for data of `dimension` coordinates lies.
  package func layout(dimension: Int, conditions: Int? = nil) -> ParameterLayout {
    process.chain == nil
      ? model(dimension: dimension, conditions: conditions).layout
      : ParameterLayout(architecture(dimension: dimension, conditions: conditions))
  }

  /// What is trained: a score under a process of real numbers, or the law of x_0 in a chain of discrete states.
  ///
  /// - Parameters:
  ///   - standardisation: the map to trained coordinates, conditions included.
  ///   - conditions: the numbers that condition a row.
  ///   - words: the columns of words.
  /// - Returns: the network, what its outputs mean, and the loss.
  /// - Throws: an error of the target.
  package func task(
    in standardisation: Standardisation, conditions: Int, words: WordColumns? = nil
  ) throws -> TrainingTask {
    let dimension = standardisation.dimension - conditions
    if let model = stateModel(dimension: dimension) { return .states(model) }
    if let student = studentModel(dimension: dimension) { return .student(student) }
    return .score(
      trainedModel(dimension: dimension, conditions: conditions, words: words),
      try objective(in: standardisation, dimension: dimension))
  }

  /// What is learned from.
  ///
  /// - Parameters:
  ///   - standardisation: the map to the coordinates of the exact score.
  ///   - dimension: d, without conditions.
  /// - Returns: the objective, with a score of its own where it needs one.
  /// - Throws: an error of the target.
  package func objective(in standardisation: Standardisation, dimension: Int) throws -> TrainingObjective {
    switch training.objective {
    case .hybrid, .denoising: return training.coupling == .optimalTransport ? .transported : .denoising
    case .implicit:
      guard dimension <= TrainingObjective.largestTrace else {
        throw ToolError.configuration(
          Place("training.objective"),
          "implicit takes the exact trace, of at most \(TrainingObjective.largestTrace) coordinates, but the data has "
            + "\(dimension); take sliced, hsm or dsm")
      }
      return .implicit(simulationSteps: training.simulationSteps)
    case .sliced: return .sliced(probes: training.probes, simulationSteps: training.simulationSteps)
    case .explicit:
      guard let score = try target()?.score(under: process.make(), in: standardisation) else {
        throw ToolError.fault("training.objective explicit without an exact score")
      }
      return .explicit(score)
    }
  }

  /// The built-in target, or `nil` where the data is a file.
  ///
  /// - Throws: `ToolError.configuration` for a dimension that the target does not have.
  package func target() throws -> (any Target)? {
    do { return try data.target?.make(dimension: data.dimension ?? 2) } catch {
      throw ToolError.configuration(Place("data.dimension"), "\(error)")
    }
  }

  /// The number of columns that condition.
  ///
  /// A column of words may stand for several of the numbers that a network sees.
  package var conditionCount: Int { data.target?.conditions ?? data.conditions.names.count }
}
