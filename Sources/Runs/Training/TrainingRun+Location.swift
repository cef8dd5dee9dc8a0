internal import Communication
internal import Configuration
internal import Files
internal import Networks
internal import Reports
internal import Training

extension TrainingRun {
  /// Where a step goes wrong, the same on every rank.
  struct FaultPlace {
    package var words: String
    package var shard: Int?
    package var layer: Int?
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
    let layers = trainer.network.layerCount
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
