public import Diffusion
public import LinearAlgebra
public import Networks
internal import RealFunctions

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
  /// What the network sees of a state.
  public let input: NetworkInput
  /// What F means.
  public let output: NetworkOutput
  /// What score matching conditions on.
  public let conditioning: Conditioning
  /// The loss's weight over time.
  public let weight: LossWeight
  /// What is embedded.
  public let level: Level
  /// How the variance of reverse steps is learned; nil where it is fixed.
  public let variance: LearnedVariance?
  /// The network's shape.
  public let network: NetworkArchitecture
  /// The embedding's frequencies.
  public let frequencies: [Float]
  /// Whether the schedule of the training times is learned beside the network.
  public let learnsSchedule: Bool
  /// The discriminator that learns beside the network; nil without.
  public var discriminator: Discriminator?
  /// What turns data into latents, of which the score is, and back; nil where the score is one of the data.
  public var autoencoder: Autoencoder?
  /// The learned law of the noise that levels get; nil where it is uniform, or where there are no levels.
  public var dequantiser: Dequantiser?

  /// A model; the network's inputs and outputs follow from the process, the dimension and the output.
  public init(
    process: any ForwardProcess, dimension: Int, conditions: Int = 0, input: NetworkInput = .state,
    output: NetworkOutput, conditioning: Conditioning, weight: LossWeight? = nil, level: Level = .noiseLevel,
    widths: [Int], activation: Activation, residual: Bool, shrinkage: Bool = false, radial: Bool = false,
    inputFrequencies: [Int] = [], words: WordColumns? = nil, variance: LearnedVariance? = nil,
    learnsSchedule: Bool = false, embedding: TimeEmbedding, seed: UInt64
  ) {
    precondition(variance == nil || process.blocks == 1, "a learned variance for \(process.blocks) blocks")
    precondition(
      words == nil || variance == nil && Self.takesWords(process, input: input, output: output),
      "words for the input \(input.rawValue), the output \(output.rawValue), or a learned variance")
    self.process = process
    self.dimension = dimension
    self.conditions = conditions
    self.input = input
    self.output = output
    self.conditioning = conditioning
    self.weight = weight ?? .standard(for: output)
    self.level = level
    self.variance = variance
    self.learnsSchedule = learnsSchedule
    network = NetworkArchitecture(
      inputs: input.blocks(for: process) * dimension + conditions, conditions: conditions,
      outputs: (output.blocks(for: process) + (variance == nil ? 0 : 1)) * dimension, widths: widths,
      activation: activation, residual: residual,
      shrinkage: shrinkage, radial: radial, frequencies: inputFrequencies, words: words,
      embedding: embedding)
    frequencies = embedding.frequencies(seed: seed)
  }

  /// The model of a network's options.
  public init(
    process: any ForwardProcess, dimension: Int, conditions: Int, network: NetworkOptions, words: WordColumns? = nil,
    conditioning: Conditioning, variance: LearnedVariance? = nil, learnsSchedule: Bool = false, weight: LossWeight?,
    seed: UInt64
  ) {
    self.init(
      process: process, dimension: dimension, conditions: conditions, input: network.input, output: network.output,
      conditioning: conditioning, weight: weight, level: network.embeddingOf, widths: network.widths,
      activation: network.activation, residual: network.residual, shrinkage: network.shrinkage, radial: network.radial,
      inputFrequencies: network.inputFrequencies, words: words, variance: variance, learnsSchedule: learnsSchedule,
      embedding: TimeEmbedding(kind: network.embedding, features: network.embeddingFeatures), seed: seed)
  }

  /// Whether a network can have a head for columns of words.
  ///
  /// The head needs the noisy data with independent noise of one size in every coordinate, and tells a posterior mean.
  public static func takesWords(
    _ process: some ForwardProcess, input: NetworkInput, output: NetworkOutput
  ) -> Bool {
    output == .posteriorMean && process.noise == .gaussian && input.blocks(for: process) == 1
  }

  /// Where all that is learned lies: the network, and what is learned beside it.
  public var layout: ParameterLayout {
    precondition(
      [learnsSchedule, discriminator != nil, autoencoder != nil, dequantiser != nil].count { $0 } < 2,
      "several kinds of parts beside a network")
    let schedule =
      learnsSchedule ? [ParameterLayout.Further(MonotoneSchedule.part, tensors: MonotoneSchedule.tensors)] : []
    let networks = [discriminator?.further, dequantiser?.further].compactMap(\.self)
    return ParameterLayout(network, further: schedule + networks + (autoencoder?.further ?? []))
  }

  /// What training begins with, `[1, layout count]`.
  public func initialParameters(seed: UInt64) -> Matrix {
    let own = network.initialParameters(seed: seed)
    let layout = layout
    guard let part = layout.further.first else { return own }
    var all = Matrix(rows: 1, columns: layout.count)
    for i in 0..<own.count { all[0, i] = own[0, i] }
    if let autoencoder {
      unsafe autoencoder.initialise(all.pointer, layout, seed: seed)
      return all
    }
    // Another seed: the first layers of both networks should not begin alike.
    if let other = (discriminator?.network ?? dequantiser?.network)?.initialParameters(seed: ~seed) {
      for i in 0..<other.count { all[0, part.range.lowerBound + i] = other[0, i] }
      return all
    }
    let values = MonotoneSchedule.laidOut(MonotoneSchedule.initial.map(Double.init), count: part.range.count)
    for (i, value) in values.enumerated() { all[0, part.range.lowerBound + i] = value }
    return all
  }

  /// The network's inputs that come from the state.
  var observed: Int { network.observed }
  /// The numbers of F: the network's outputs without those of the variance.
  var scoreOutputs: Int { network.outputs - (variance == nil ? 0 : dimension) }

  /// What turns F into a score at time `t`; `kernel` is the process's there, where it is known already.
  func coefficients(at t: Double, kernel: Kernel? = nil) -> ScoreCoefficients {
    ScoreCoefficients(process, kernel: kernel, input: input, output: output, conditioning: conditioning, at: t)
  }

  /// A training row at time `t`.
  func trainingCoefficients(at t: Double) -> TrainingCoefficients {
    TrainingCoefficients(process, input: input, output: output, conditioning: conditioning, weight: weight, at: t)
  }

  /// Tells a pass of one row's time.
  func tell(_ pass: NetworkPass, noiseLevel: Double, at t: Double, set: Int, row: Int) {
    pass.setLevel(embeddedLevel(noiseLevel: noiseLevel, at: t), set: set, row: row)
    if network.words != nil { pass.setSignal(exp(-2 * noiseLevel), set: set, row: row) }
  }

  /// Tells a pass of one time of all rows of its first set.
  func tell(_ pass: NetworkPass, noiseLevel: Double, at t: Double) {
    pass.setLevel(embeddedLevel(noiseLevel: noiseLevel, at: t))
    if network.words != nil { pass.setSignal(exp(-2 * noiseLevel)) }
  }

  /// What the network is told of time `t`.
  func embeddedLevel(noiseLevel: Double, at t: Double) -> Float {
    switch level {
    case .noiseLevel: Float(noiseLevel)
    case .time: Float(8 * t / process.horizon - 4)
    }
  }
}
