internal import Communication
internal import Configuration
internal import Files
internal import Networks
internal import Reports
internal import Training

/// Where in a step the first number arose that is not finite.
struct NonFinite: Equatable {
  /// Which part of the step, in the order of computation.
  enum Stage: Equatable {
    /// The network's input: data, draws or features.
    case input
    /// What a layer passes on.
    case activations(layer: Int)
    /// The loss, of a finite output.
    case loss
    /// The gradient of a layer.
    case gradient(layer: Int)
  }

  package var stage: Stage
  package var shard: Int

  /// The first in the order of computation, and of the shards in which it arose the lowest.
  static func find(_ records: [ShardRecord]) -> NonFinite? {
    let layers = records.first?.layers.count ?? 0
    func first(_ stage: Stage, where isBad: (ShardRecord) -> Bool) -> NonFinite? {
      records.first(where: isBad).map { NonFinite(stage: stage, shard: $0.shard) }
    }
    if let found = first(.input, where: { !$0.input.isFinite }) { return found }
    for l in 0..<layers {
      if let found = first(.activations(layer: l), where: { !$0.layers[l].activation.isFinite }) { return found }
    }
    if let found = first(.loss, where: { !$0.loss.isFinite }) { return found }
    for l in (0..<layers).reversed() {
      if let found = first(.gradient(layer: l), where: { !$0.layers[l].gradientNorm.isFinite }) { return found }
    }
    return nil
  }

  /// The stage's place in the order of computation.
  package func order(layers: Int) -> Int {
    switch stage {
    case .input: 0
    case .activations(let layer): 1 + layer
    case .loss: 1 + layers
    case .gradient(let layer): 1 + 2 * layers - layer
    }
  }

  /// The place in words.
  ///
  /// - Parameter isFinite: whether the parameters of a layer are finite.
  /// - Returns: half a sentence.
  package func words(isFinite: (Int) -> Bool) -> String {
    let place: String
    switch stage {
    case .input: place = "the network's input is"
    case .activations(let layer):
      place = "the activations of layers.\(layer), whose parameters \(isFinite(layer) ? "are" : "are not") finite, are"
    case .loss: place = "the loss is"
    case .gradient(let layer): place = "the gradient of layers.\(layer) is"
    }
    return "\(place) not finite in shard \(shard)"
  }
}

extension NonFinite.Stage {
  /// The layer, where the place is one.
  package var layer: Int? {
    switch self {
    case .input, .loss: nil
    case .activations(let layer), .gradient(let layer): layer
    }
  }
}
