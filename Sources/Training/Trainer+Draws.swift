internal import Communication
internal import LinearAlgebra
internal import Randomness

extension Trainer {
  /// What the coming step draws from.
  var streams: DrawStreams {
    DrawStreams(
      times: RandomStream(seed: seed, purpose: .diffusionTime, step: UInt64(step)),
      noise: RandomStream(seed: seed, purpose: .diffusionNoise, step: UInt64(step)),
      dequantisation: data.dequantisation.map {
        ($0, RandomStream(seed: seed, purpose: .dequantisation, step: UInt64(step)))
      },
      conditionOrder: data.exchangeable.map {
        ($0, RandomStream(seed: seed, purpose: .conditionOrder, step: UInt64(step)))
      })
  }

  /// Makes an objective ready for the coming step.
  func prepareTimes(of objective: any Objective) {
    objective.begin(after: step)
    // One number of the whole batch in each row of the stream.
    let stream = RandomStream(seed: seed, purpose: .truncation, step: UInt64(step))
    var (truncation, offset) = (stream.row(0), stream.row(1))
    objective.times.prepare(
      truncation: truncation.nextUniform(), history: history, offset: offset.nextUniform(), batch: options.batch,
      schedule: scheduleParameters)
  }

  /// Draws the coming step's rows.
  ///
  /// - Parameter afterSet: called after each set, from any thread.
  func drawBatch(afterSet: () -> Void = {}) {
    let streams = streams
    communicator.threads.forEach(works.count) { part in
      let work = works[part]
      prepareTimes(of: work.objective)
      for (set, shard) in work.part.shards.enumerated() {
        let place = step * rows
        unsafe work.objective.draw(
          set: set, firstIndex: UInt64(shard * rows), streams: streams, into: work.pass
        ) { row in
          unsafe UnsafePointer(data.rows.pointer) + data.row(shard: shard, at: place + row) * data.rows.columns
        }
        afterSet()
      }
    }
    drawn = step
  }
}
