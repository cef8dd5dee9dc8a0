internal import Communication
internal import LinearAlgebra
internal import Networks

/// What one thread goes through in a step: some of a rank's shards, and all that it alone writes to.
@safe final class ShardWork {
  /// The shards, and the order in which their gradients are added.
  let part: LocalSums.Part
  /// The first shard's place among the rank's.
  let firstSet: Int
  /// Room for the shards; set s of the pass is shard `part.shards.lowerBound + s`.
  let pass: NetworkPass
  /// The loss.
  let objective: any Objective
  private let sums: SetSums
  private let slots: UnsafeMutablePointer<Float>
  private let stride: Int

  /// Room for a part of a rank's shards.
  ///
  /// - Parameters:
  ///   - part: the shards.
  ///   - firstSet: the first shard's place among the rank's.
  ///   - task: what is trained.
  ///   - options: the options.
  ///   - rows: a shard's rows in a batch.
  ///   - gradients: the rank's slots, which outlive this; a slot's numbers are those of `task.layout`.
  init(
    _ part: LocalSums.Part, firstSet: Int, _ task: TrainingTask, _ options: TrainingOptions, rows: Int,
    gradients: borrowing Matrix
  ) {
    (self.part, self.firstSet) = (part, firstSet)
    pass = NetworkPass(
      architecture: task.network, frequencies: task.frequencies, rows: rows, sets: part.shards.count,
      use: task.use(gradients: true))
    objective = task.objective(times: task.times(options.timeLaw, first: options.minimumTime), pass: pass)
    sums = SetSums(
      part.steps.map {
        SetSums.Step(slot: $0.slot, additions: $0.additions.map { (into: $0.into, from: $0.from) })
      })
    stride = gradients.columns
    unsafe slots = gradients.pointer + part.slots.lowerBound * gradients.columns
  }

  /// Bytes of buffers.
  var bytes: Int { pass.bytes + objective.bytes }

  /// Where one of the part's slots lies.
  @unsafe func slot(_ index: Int) -> UnsafeMutablePointer<Float> { unsafe slots + index * stride }

  /// Where gradients go that are added tile by tile.
  ///
  /// - Parameter progress: hears now and then from which element of the network's on the sums are whole.
  /// - Returns: the sink.
  func summed(progress: @escaping (_ first: Int) -> Void) -> GradientSink {
    unsafe .sums(sums, slot: { unsafe self.slot($0) }, progress: progress)
  }

  /// Where gradients go that are whole before they are added.
  var single: GradientSink {
    unsafe .sets(gradient: { unsafe self.slot(self.part.steps[$0].slot) }, completed: { self.add($1, ofSet: $0) })
  }

  /// As `single`, with a look at each set's gradient of some elements before anything is added to it.
  func watched(_ look: @escaping (_ set: Int, _ elements: Range<Int>, UnsafeMutablePointer<Float>) -> Void)
    -> GradientSink
  {
    unsafe .sets(
      gradient: { unsafe self.slot(self.part.steps[$0].slot) },
      completed: { set, elements in
        unsafe look(set, elements, self.slot(self.part.steps[set].slot) + elements.lowerBound)
        self.add(elements, ofSet: set)
      })
  }

  /// Carries out the additions that a set's gradient completes.
  private func add(_ elements: Range<Int>, ofSet set: Int) {
    for addition in part.steps[set].additions {
      unsafe Communication.add(
        slot(addition.from) + elements.lowerBound, into: slot(addition.into) + elements.lowerBound,
        count: elements.count)
    }
  }
}
