internal import Communication
internal import Networks
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

  var stage: Stage
  var shard: Int

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
  func order(layers: Int) -> Int {
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
  func words(isFinite: (Int) -> Bool) -> String {
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
  var layer: Int? {
    switch self {
    case .input, .loss: nil
    case .activations(let layer), .gradient(let layer): layer
    }
  }
}

extension TrainingRun {
  /// Where a step goes wrong, the same on every rank.
  struct FaultPlace {
    var words: String
    var shard: Int?
    var layer: Int?
  }

  /// Goes through the coming step once more on every rank, which changes nothing, and says where it goes wrong.
  func locate(_ fault: StepFault) throws -> FaultPlace {
    let recorder = DebugRecorder(trainer)
    let watching = trainer.observer
    trainer.observer = recorder
    trainer.rehearseStep()
    trainer.observer = watching
    let records = recorder.records(of: trainer)
    return switch fault {
    case .notFinite: try locateNonFinite(records)
    case .diverging: try locateLargestLoss(records)
    }
  }

  private func locateNonFinite(_ records: [ShardRecord]) throws -> FaultPlace {
    let found = NonFinite.find(records)
    let words = found?.words { trainer.isFinite(layer: $0) } ?? ""
    let layers = trainer.model.network.layerCount
    // One table on every rank: the order of the place, its shard, its layer.
    let own = [found?.order(layers: layers) ?? Int.max, found?.shard ?? -1, found?.stage.layer ?? -1].map(Double.init)
    let table = try communicator.allGather(own)
    let all = try communicator.allGather(Array(words.utf8)).map { String(decoding: $0, as: UTF8.self) }
    // Ranks are in the order of their shards. A fault in the sum alone shows in no shard.
    let earliest = all.indices.min { table[3 * $0] < table[3 * $1] } ?? 0
    guard !all[earliest].isEmpty else { return FaultPlace(words: "the sum of the shards' gradients is not finite") }
    let (shard, layer) = (table[3 * earliest + 1], table[3 * earliest + 2])
    return FaultPlace(words: all[earliest], shard: Int(shard), layer: layer < 0 ? nil : Int(layer))
  }

  private func locateLargestLoss(_ records: [ShardRecord]) throws -> FaultPlace {
    // Ranks are in the order of their shards, so that places in the list are shards.
    let losses = try communicator.allGather(records.map(\.loss))
    let shard = losses.indices.max { losses[$0] < losses[$1] } ?? 0
    return FaultPlace(words: "the loss of shard \(shard) is \(short(losses[shard]))", shard: shard)
  }
}
