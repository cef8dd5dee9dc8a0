import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Randomness
import Testing

@testable import Training

@Suite struct TimeLawTests {
  private let process = VariancePreserving()

  /// The mean of weight · f(t) over equally spaced quantiles.
  private func mean(_ sampler: TimeSampler, quantiles n: Int = 100_000, _ f: (Double) -> Double) -> Double {
    (0..<n).reduce(0) { sum, i in
      let draw = sampler.draw((Double(i) + 0.5) / Double(n))
      return sum + draw.weight * f(draw.time)
    } / Double(n)
  }

  @Test("uniform and log-uniform times reach both ends and follow their distribution function")
  func ends() {
    let process = OrnsteinUhlenbeck(horizon: 2)
    for law in [TimeLaw.uniform, .logUniform] {
      let sampler = TimeSampler(law, process: process, first: 1e-3)
      #expect(sampler.draw(0).time == 1e-3)
      #expect(abs(sampler.draw(1).time - 2) < 1e-14)  // rounding
      let middle = law == .uniform ? 1.0005 : (2e-3).squareRoot()
      #expect(abs(sampler.draw(0.5).time - middle) < 1e-14)  // rounding
    }
  }

  @Test("log-normal times have the mean and deviation asked for in the logarithm of the noise's size")
  func logNormal() {
    let sampler = TimeSampler(.logNormal(mean: -1, deviation: 0.6), process: process, first: 1e-3)
    let first = mean(sampler) { process.kernel(at: $0).noiseLevel }
    let second = mean(sampler) { t in
      let level = process.kernel(at: t).noiseLevel
      return (level - first) * (level - first)
    }
    // The range cuts the law off beyond 3.4 and 9 deviations, and its cells are 0.002 wide: below 1e-3.
    #expect(abs(first + 1) < 2e-3)
    #expect(abs(second.squareRoot() - 0.6) < 2e-3)
  }

  @Test("importance sampling estimates the uniform law's mean, before and after it has learned")
  func unbiased() {
    var sampler = TimeSampler(.importance, process: process, first: 1e-3)
    let exact = mean(TimeSampler(.uniform, process: process, first: 1e-3)) { exp(-5 * $0) }
    // The quadrature's error over 32 cells, each with a jump of the density.
    #expect(abs(mean(sampler) { exp(-5 * $0) } - exact) < 5e-5)
    sampler.prepare(truncation: nil, history: history { $0 > 0.3 ? 1 : 1e-3 })
    #expect(abs(mean(sampler) { exp(-5 * $0) } - exact) < 5e-5)
  }

  @Test("a history of losses moves the times to where they are large, and a tenth stays everywhere")
  func learned() {
    var sampler = TimeSampler(.importance, process: process, first: 1e-3)
    let before = (0..<1000).filter { sampler.draw(Double($0) / 1000).time > 0.24 }.count
    sampler.prepare(truncation: nil, history: history { $0 > 0.3 ? 1 : 1e-6 })
    let after = (0..<1000).filter { sampler.draw(Double($0) / 1000).time > 0.24 }.count
    #expect(before < 250 && after > 900)
    // The first tenth of the mass is log-uniform: 0.03 of it up to 1e-3 · 1000^{0.03}.
    #expect(sampler.draw(0.003).time < 2e-3)
  }

  @Test(
    "the first time of a batch has the density that soft truncation's exponent says", arguments: [0, 0.5, 1, 1.2, 2, 3])
  func truncationExponent(k: Double) {
    let law = SoftTruncation(exponent: k, first: 0.01, last: 1)
    #expect(abs(law.time(ofQuantile: 0) - 0.01) < 1e-12 && abs(law.time(ofQuantile: 1) - 1) < 1e-12)
    // ∫ s^(−k) by the midpoint rule in ln s: its error is of the order of the squared step, 2e-6.
    let steps = 4000
    let h = log(100.0) / Double(steps)
    let masses = (0..<steps).map { exp((1 - k) * (log(0.01) + h * (Double($0) + 0.5))) }
    let whole = masses.reduce(0, +)
    for share in [0.1, 0.5, 0.93] {
      let t = law.time(ofQuantile: share)
      #expect(abs(law.share(below: t) - share) < 1e-9)
      let below = log(t / 0.01) / h
      let mass = masses.prefix(Int(below)).reduce(0, +) + masses[Int(below)] * (below - below.rounded(.down))
      #expect(abs(mass / whole - share) < 1e-4, "k \(k), share \(share)")
    }
  }

  @Test(
    "the mean over soft truncation's batches is the law that stands for all of them", arguments: [0.5, 1, 1.2, 2],
    [TimeLaw.uniform, .logUniform, .importance, .logNormal(mean: -1, deviation: 0.6)])
  func softTruncation(k: Double, law: TimeLaw) {
    var law = law
    law.truncationExponent = k
    let history = history { $0 > 0.3 ? 1 : 1e-3 }
    var sampler = TimeSampler(law, process: process, first: 1e-3)
    sampler.prepare(truncation: nil, history: history)
    let whole = mean(sampler) { exp(-5 * $0) }
    var sum = 0.0
    for batch in 0..<200 {
      sampler.prepare(truncation: (Double(batch) + 0.5) / 200, history: history)
      // τ at the median is √(1e-3) = 0.0316, at the next batch's 0.0322. A log-normal law's cells are 0.002 wide in ln t.
      if batch == 100, k == 1 { #expect(abs(sampler.draw(0).time - 0.0322) < 1e-4) }
      sum += mean(sampler, quantiles: 500) { exp(-5 * $0) }
    }
    // Both are midpoint rules; a large k puts most of its batches near t_min, and its tail into few.
    #expect(abs(sum / 200 - whole) < (k == 1 ? 1e-4 : 1e-3))
  }

  @Test("a history keeps what a truncated batch could not see, and a batch at the end of the law has weights above 0")
  func truncatedHistory() {
    var law = TimeLaw.importance
    law.truncationExponent = 1
    var sampler = TimeSampler(law, process: process, first: 1e-3)
    #expect(sampler.unseenCells == 0)
    // τ is in the middle of the 17th of 32 cells of ln t.
    sampler.prepare(truncation: 16.5 / 32, history: history { _ in 1 })
    #expect(abs(sampler.unseenCells - 16.5) < 1e-9)  // rounding
    var seen = history { _ in 1 }
    let before = seen.sums
    seen.fade(from: sampler.unseenCells)
    #expect(seen.sums[..<16] == before[..<16] && seen.sums[32..<48] == before[32..<48])
    #expect(abs(seen.sums[16] / before[16] - 0.99.squareRoot()) < 1e-9)
    #expect(seen.sums[17] == 0.99 * before[17] && seen.sums[63] == 0.99 * before[63])
    sampler.prepare(truncation: 1.0.nextDown, history: history { _ in 1 })
    #expect((0..<10).allSatisfy { sampler.draw(Double($0) / 10).weight > 0 })
  }

  @Test(
    "a run learns the importance of times whatever else its law says, and once it has seen all of them goes on using it",
    arguments: ["plain", "spread", "chain", "truncated"])
  func importanceRun(name: String) throws {
    var options = TrainingOptions()
    (options.batch, options.timeLaw, options.optimiser.warmupSteps) = (64, .importance, 0)
    if name == "spread" { options.timeLaw.spread = .lowDiscrepancy }
    if name == "chain" { options.timeLaw.chainSteps = 100 }
    if name == "truncated" { options.timeLaw.truncationExponent = 1.2 }
    let data = ShardedRows(
      assignment: ShardAssignment(rows: 400, shards: 4, seed: 1), shards: 0..<4, dimension: 2, seed: 1)
    RandomStream(seed: 7, purpose: .benchmark).fillNormals(&data.rows, firstIndex: 0)
    let model = ScoreModel(
      process: process, dimension: 2, output: .posteriorMean, conditioning: .data, widths: [8], activation: .silu,
      residual: false, embedding: TimeEmbedding(kind: .sinusoidal, features: 4), seed: 1)
    let trainer = Trainer(
      model: model, options: options, data: data, tree: CanonicalTree(shards: 4), communicator: .single, seed: 1)
    var complete: [Bool] = []
    for _ in 0..<600 {
      _ = try trainer.takeStep()
      complete.append(try #require(trainer.history).isComplete)
    }
    let first = try #require(complete.firstIndex(of: true))
    #expect(first < 400 && complete[first...].allSatisfy { $0 })
  }

  @Test("a batch of soft truncation is the law without the times below its first") func truncated() {
    var law = TimeLaw.importance
    let history = history { $0 > 0.3 ? 1 : 1e-3 }
    var sampler = TimeSampler(law, process: process, first: 1e-3)
    sampler.prepare(truncation: nil, history: history)
    let first = (1e-3).squareRoot()
    let above = mean(sampler) { $0 > first ? exp(-5 * $0) : 0 }
    law.truncationExponent = 1
    sampler = TimeSampler(law, process: process, first: 1e-3)
    sampler.prepare(truncation: 0.5, history: history)
    // The quadrature's error over 32 cells, and at the jump.
    #expect(abs(mean(sampler) { exp(-5 * $0) } - above) < 1e-4)
    // What a row leaves in the history is its own loss, whatever the batch leaves out.
    let draw = sampler.draw(0.3)
    var sums = CellSums(sets: 1)
    sums.add(2 * draw.weight, draw, set: 0)
    #expect(abs(sums.sums[draw.cell] / (4 * draw.time * draw.time) - 1) < 1e-12)  // rounding
  }

  @Test("times spread over a batch are one in each of its equal parts, wherever they begin, for every law")
  func spread() {
    var law = TimeLaw.logUniform
    var sampler = TimeSampler(law, process: process, first: 1e-3)
    sampler.prepare(truncation: nil, history: nil, offset: 0.3, batch: 8)
    #expect(sampler.quantile(0.77, row: 3) == 0.77)
    law.spread = .lowDiscrepancy
    sampler = TimeSampler(law, process: process, first: 1e-3)
    // Held-out losses do not prepare: their rows stay independent.
    #expect(sampler.quantile(0.77, row: 3) == 0.77)
    for offset in [0, 0.3, 0.999] {
      sampler.prepare(truncation: nil, history: nil, offset: offset, batch: 8)
      let quantiles = (0..<8).map { sampler.quantile(0.77, row: $0) }
      #expect(quantiles.map { Int($0 * 8) }.sorted() == Array(0..<8))
      // Row 5 of 8 is 5/8 on: by hand.
      #expect(abs(quantiles[5] - [0.625, 0.925, 0.624][[0, 0.3, 0.999].firstIndex(of: offset) ?? 0]) < 1e-12)
    }
  }

  @Test("the sets of a batch share one spread, each with its own places")
  func spreadOverSets() {
    var law = TimeLaw.uniform
    law.spread = .lowDiscrepancy
    var sampler = TimeSampler(law, process: process, first: 1e-3)
    sampler.prepare(truncation: nil, history: nil, offset: 0.25, batch: 8)
    var draws = RowDraws(dimension: 1, conditions: 0, rows: 4, sets: 2, normals: 1)
    let streams = DrawStreams(
      times: RandomStream(seed: 1, purpose: .diffusionTime, step: 0),
      noise: RandomStream(seed: 1, purpose: .diffusionNoise, step: 0))
    let data: [Float] = [0]
    unsafe data.withUnsafeBufferPointer { data in
      guard let row = data.baseAddress else { return }
      for set in 0..<2 {
        unsafe draws.draw(set: set, firstIndex: UInt64(4 * set), streams: streams, times: sampler) { _ in unsafe row }
      }
    }
    let range = process.horizon - 1e-3
    for i in 0..<8 {
      let place = Double((i + 2) % 8) / 8
      #expect(abs(draws.times[i].time - (1e-3 + range * place)) < 1e-12, "\(i)")
    }
  }

  /// The history of rows with these losses, at 100 log-uniform times in each cell.
  private func history(_ loss: (Double) -> Double) -> TimeHistory {
    let sampler = TimeSampler(.importance, process: process, first: 1e-3)
    var cells = CellSums(sets: 2)
    for i in 0..<3200 {
      let draw = sampler.draw((Double(i) + 0.5) / 3200)
      cells.add(draw.weight * loss(draw.time), draw, set: 1)
    }
    var history = TimeHistory()
    for (k, sum) in cells.set(1).enumerated() { history.sums[k] += sum }
    return history
  }
}
