internal import Communication
internal import Networks

extension Trainer {
  /// Stage (ii): afterwards every rank holds every loss, norm and flag in the same order.
  func shareNotes(_ gradient: UnsafeMutablePointer<Float>, wishes: Wishes) throws -> StepReport {
    var next = noteSections.range(communicator.rank).lowerBound
    notes[next] = Double(wishes.rawValue)
    next += 1
    for work in works {
      for set in 0..<work.pass.sets {
        notes[next] = loss(ofSet: work.firstSet + set)
        next += 1
        guard history != nil else { continue }
        for sum in work.objective.cells.set(set) {
          notes[next] = sum
          next += 1
        }
      }
    }
    try unsafe notes.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      communicator.threads.forEachRange(of: own.count, block: Self.block) { places in
        own.forEachRange(at: places) { elements, _ in
          for start in stride(from: elements.lowerBound, to: elements.upperBound, by: Self.block) {
            unsafe base[squaresOfBlocks[start / Self.block]] = sumOfSquares(
              gradient + start, count: min(Self.block, elements.upperBound - start))
          }
        }
      }
      try unsafe communicator.allGatherInPlace(base, sections: noteSections)
    }
    return readNotes()
  }

  private func readNotes() -> StepReport {
    var (loss, squares, furtherSquares) = (0.0, 0.0, 0.0)
    let networkBlocks = (layout.networkCount + Self.block - 1) / Self.block
    var wishes: Wishes = []
    let perShard = 1 + (history?.sums.count ?? 0)
    for rank in 0..<communicator.size {
      let section = noteSections.range(rank)
      let shards = CanonicalTree(shards: data.assignment.shards).range(rank: rank, of: communicator.size).count
      wishes.formUnion(Wishes(rawValue: Int(notes[section.lowerBound])))
      for i in section.dropFirst(1).prefix(shards * perShard) where (i - section.lowerBound - 1) % perShard == 0 {
        loss += notes[i]
      }
    }
    // Block after block, whoever owns it.
    for (block, i) in squaresOfBlocks.enumerated() {
      if block < networkBlocks { squares += notes[i] } else { furtherSquares += notes[i] }
    }
    furtherGradientNorm = furtherSquares.squareRoot()
    let mean = loss / Double(options.batch)
    return StepReport(
      step: step, loss: mean, gradientNorm: networkRests(at: step + 1) ? furtherGradientNorm : squares.squareRoot(),
      learningRate: guarding.learningRateScale * learningRateShown(at: step + 1), wishes: wishes,
      fault: guarding.fault(loss: mean, squares: squares + furtherSquares, divergence: options.divergence))
  }

  /// Σ loss over the rows of a set in the last step.
  func loss(ofSet set: Int) -> Double {
    let work = work(ofSet: set)
    let loss = work.objective.losses[set - work.firstSet]
    return injected == nil ? loss : faulted(loss, set: set)
  }

  /// Adds the cells of all shards to the history, in the order of shards.
  func learnTimes() {
    guard let count = history?.sums.count else { return }
    history?.fade(from: works[0].objective.times.unseenCells)
    for rank in 0..<communicator.size {
      let first = noteSections.range(rank).lowerBound + 1
      let shards = CanonicalTree(shards: data.assignment.shards).range(rank: rank, of: communicator.size).count
      for shard in 0..<shards {
        let start = first + shard * (1 + count) + 1
        for k in 0..<count { history?.sums[k] += notes[start + k] }
      }
    }
  }

  /// The blocks of a slice, in ascending order.
  static func blocks(_ slice: Slice) -> [Int] {
    slice.ranges.flatMap { $0.lowerBound / block..<($0.upperBound + block - 1) / block }
  }

  /// The place of each block's number among the notes: a rank's blocks come last in its section.
  static func places(of slices: [Slice], in sections: Sections, parameters: Int) -> [Int] {
    var places = [Int](repeating: 0, count: (parameters + block - 1) / block)
    for (rank, slice) in slices.enumerated() {
      let blocks = blocks(slice)
      for (block, place) in zip(blocks, sections.range(rank).suffix(blocks.count)) { places[block] = place }
    }
    return places
  }
}

/// Σ g² in Double, eight lanes added in a fixed order.
private func sumOfSquares(_ g: UnsafePointer<Float>, count: Int) -> Double {
  var lanes = SIMD8<Double>.zero
  let whole = count / 8 * 8
  for start in stride(from: 0, to: whole, by: 8) {
    let x = unsafe SIMD8<Double>(UnsafeRawPointer(g + start).loadUnaligned(as: SIMD8<Float>.self))
    lanes.addProduct(x, x)
  }
  var sum = lanes.sum()
  for i in whole..<count { unsafe sum += Double(g[i]) * Double(g[i]) }
  return sum
}
