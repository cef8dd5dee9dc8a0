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

extension TrainingRun {
  /// What went wrong in the step that failed: it is gone through again on every rank, which changes nothing.
  func nonFinite() throws -> ExperimentError {
    let recorder = DebugRecorder(trainer)
    trainer.observer = recorder
    trainer.rehearseStep()
    let found = NonFinite.find(recorder.records(of: trainer))
    let words = found?.words { trainer.isFinite(layer: $0) } ?? ""
    let layers = trainer.model.network.layerCount
    let orders = try communicator.allGather([Double(found?.order(layers: layers) ?? .max)])
    let all = try communicator.allGather(Array(words.utf8)).map { String(decoding: $0, as: UTF8.self) }
    // Ranks are in the order of their shards. A fault in the sum alone shows in no shard.
    let earliest = orders.firstIndex(of: orders.min() ?? 0) ?? 0
    let place = all[earliest].isEmpty ? "the sum of the shards' gradients is not finite" : all[earliest]
    let saved = (try? CheckpointStore.file(in: folder)).map { "; the last checkpoint is \($0)" } ?? ""
    return .data(
      Place(folder.path),
      "step \(trainer.step + 1): \(place): training diverges; lower training.learning_rate, or clip gradients by "
        + "training.clip_norm\(saved)")
  }
}
