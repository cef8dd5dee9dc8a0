import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Randomness
import TestSupport
import Testing

@testable import Training

/// A schedule far from the even one it begins as.
private func bent(seed: UInt64 = 1) -> [Double] {
  let noise = array(normals(1, MonotoneSchedule.count, seed: seed))
  return zip(MonotoneSchedule.initial, noise).map { Double($0) + 1.5 * Double($1) }
}

@Suite struct MonotoneScheduleTests {
  @Test("a schedule rises from 0 to 1, and its slope is its derivative, whatever the parameters", arguments: [1, 2, 3])
  func shape(seed: UInt64) {
    let schedule = MonotoneSchedule(bent(seed: seed))
    #expect(abs(schedule(0).value) < 1e-14 && abs(schedule(1).value - 1) < 1e-14)
    for i in 1..<200 {
      let (u, h) = (Double(i) / 200, 1e-5)
      let difference = (schedule(u + h).value - schedule(u - h).value) / (2 * h)
      #expect(schedule(u).slope > 0)
      // The third derivative times h²: slopes of units reach some tens.
      #expect(abs(difference - schedule(u).slope) < 1e-5 * (1 + difference))
    }
    // It begins nearly even: by 1 ± a half in the inner nine tenths.
    let first = MonotoneSchedule(MonotoneSchedule.initial.map(Double.init))
    for i in 1...19 { #expect(abs(first(Double(i) / 20).slope - 1) < 0.5) }
  }

  @Test("the gradient of the logarithm of the density at a fixed value is that of differences", arguments: [1, 2])
  func gradient(seed: UInt64) {
    let parameters = bent(seed: seed)
    let schedule = MonotoneSchedule(parameters)
    /// ln p(y) with u found by bisection.
    func logDensity(_ parameters: [Double], _ y: Double) -> Double {
      let schedule = MonotoneSchedule(parameters)
      var (low, high) = (0.0, 1.0)
      for _ in 0..<60 {
        let middle = 0.5 * (low + high)
        if schedule(middle).value < y { low = middle } else { high = middle }
      }
      return -log(schedule(0.5 * (low + high)).slope)
    }
    for u in [0.03, 0.4, 0.77] {
      let y = schedule(u).value
      var gradient = [Double](repeating: 0, count: MonotoneSchedule.count)
      schedule.addLogDensityGradient(at: u, factor: 2, to: &gradient)
      for i in stride(from: 0, to: MonotoneSchedule.count, by: 3) {
        let h = 1e-5
        var (above, below) = (parameters, parameters)
        above[i] += h
        below[i] -= h
        let difference = 2 * (logDensity(above, y) - logDensity(below, y)) / (2 * h)
        #expect(abs(gradient[i] - difference) < 1e-5 * (1 + abs(difference)), "\(i) at \(u)")
      }
    }
  }

  @Test("numbers lie in the buffer as the layout says, and come back")
  func places() {
    let model = scheduleModel()
    let (layout, parameters) = (model.layout, bent())
    let part = layout.further[0]
    #expect(part.name == "schedule" && part.range.lowerBound % ParameterLayout.partAlignment == 0)
    let laid = MonotoneSchedule.laidOut(parameters, count: part.range.count)
    #expect(MonotoneSchedule.parameters { laid[$0] } == parameters.map { Double(Float($0)) })
    var next = 0
    for entry in layout.entries(of: "schedule") {
      for k in 0..<entry.count {
        #expect(laid[entry.offset - part.range.lowerBound + k] == Float(parameters[next]))
        next += 1
      }
    }
    #expect(next == MonotoneSchedule.count)
    #expect(
      layout.entries.map(\.name).suffix(4) == ["schedule.slope", "schedule.input", "schedule.shift", "schedule.output"])
  }

  /// The continuous bound's integral ½ ∫ g² E‖s − s_θ‖² dt for Gaussian data and a score that is wrong in its variance.
  @Test("the bound of Gaussian data is the same under every schedule's interior; its estimate's variance is not")
  func invariance() {
    let process = VariancePreserving()
    func loss(_ t: Double) -> Double {
      let kernel = process.kernel(at: t)
      func precision(_ v: Double) -> Double { 1 / (kernel.covariance[0, 0] + kernel.mean[0] * kernel.mean[0] * v) }
      // Truth N(0, 0.3), model N(0, 0.5): E (s − s_θ)² = (1/a − 1/b)² a.
      let wrong = precision(0.3) - precision(0.5)
      return 0.5 * process.rate(at: t) * wrong * wrong / precision(0.3)
    }
    func moments(_ law: TimeLaw, _ schedule: [Double]?) -> (mean: Double, square: Double) {
      var sampler = TimeSampler(law, process: process, first: 1e-3)
      sampler.prepare(truncation: nil, history: nil, schedule: schedule)
      let n = 200_000
      return (0..<n).reduce(into: (0.0, 0.0)) { sum, i in
        let draw = sampler.draw((Double(i) + 0.5) / Double(n))
        let value = draw.weight * loss(draw.time)
        sum.0 += value / Double(n)
        sum.1 += value * value / Double(n)
      }
    }
    let exact = moments(.uniform, nil)
    var squares: [Double] = []
    for seed in [1, 2, 3] as [UInt64] {
      let found = moments(.learnedSchedule, bent(seed: seed))
      // The midpoint rule over cells with jumps of the density, which are 1e-3 of it.
      #expect(abs(found.mean / exact.mean - 1) < 1e-4, "\(found.mean), \(exact.mean)")
      squares.append(found.square)
    }
    #expect((squares.max() ?? 0) > 1.2 * (squares.min() ?? 0))
  }

  @Test("the gradient leads to nearly the least variance that any law of times has")
  func learns() {
    let process = VariancePreserving()
    // Large at both ends of the time and small between them.
    func loss(_ t: Double) -> Double { exp(-8 * t) + 0.3 * exp(-8 * (1 - t)) + 0.02 }
    var parameters = MonotoneSchedule.initial.map(Double.init)
    var sampler = TimeSampler(.learnedSchedule, process: process, first: 1e-3)
    let n = 4000
    func relativeVariance() -> Double {
      sampler.prepare(truncation: nil, history: nil, schedule: parameters)
      let values = (0..<n).map { i in
        let draw = sampler.draw((Double(i) + 0.5) / Double(n))
        return draw.weight * loss(draw.time)
      }
      let mean = values.reduce(0, +) / Double(n)
      return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n) / mean / mean
    }
    let before = relativeVariance()
    var (first, second) = (
      [Double](repeating: 0, count: parameters.count), [Double](repeating: 0, count: parameters.count)
    )
    for step in 1...600 {
      sampler.prepare(truncation: nil, history: nil, schedule: parameters)
      var gradient = [Double](repeating: 0, count: parameters.count)
      for i in 0..<256 {
        let draw = sampler.draw((Double(i) + 0.5) / 256)
        let value = draw.weight * loss(draw.time)
        sampler.schedule.addLogDensityGradient(at: draw.quantile, factor: -value * value / 256, to: &gradient)
      }
      for i in parameters.indices {
        first[i] = 0.9 * first[i] + 0.1 * gradient[i]
        second[i] = 0.999 * second[i] + 0.001 * gradient[i] * gradient[i]
        let (m, v) = (first[i] / (1 - pow(0.9, Double(step))), second[i] / (1 - pow(0.999, Double(step))))
        parameters[i] -= 0.03 * m / (v.squareRoot() + 1e-12)
      }
    }
    let after = relativeVariance()
    // Measured from 0.53 to 0.006.
    #expect(after < 0.05 * before, "\(before) to \(after)")
  }

  @Test("a trainer moves the schedule by its own rate, and the network's clipping does not see it")
  func trains() throws {
    func trained(_ rate: Double, steps: Int) throws -> [Float] {
      var options = TrainingOptions()
      (options.batch, options.timeLaw, options.scheduleLearningRate) = (64, .learnedSchedule, rate)
      (options.optimiser.warmupSteps, options.optimiser.clipNorm) = (0, 1e-3)
      let data = ShardedRows(
        assignment: ShardAssignment(rows: 400, shards: 4, seed: 1), shards: 0..<4, dimension: 2, seed: 1)
      RandomStream(seed: 7, purpose: .benchmark).fillNormals(&data.rows, firstIndex: 0)
      let trainer = Trainer(
        model: scheduleModel(), options: options, data: data, tree: CanonicalTree(shards: 4), communicator: .single,
        seed: 1)
      var norms: [Double] = []
      for _ in 0..<steps { norms.append(try trainer.takeStep().gradientNorm) }
      let network = (0..<trainer.layout.networkCount).reduce(0.0) {
        $0 + Double(trainer.gradients[0, $1]) * Double(trainer.gradients[0, $1])
      }
      // The norm that is reported, and clipped by, is the network's alone.
      #expect(abs(norms[steps - 1] - network.squareRoot()) < 1e-6 * network.squareRoot())
      let state = try trainer.gatherState()
      return (0..<state.parameters.count).map { state.parameters[0, $0] }
    }
    let layout = scheduleModel().layout
    let start = MonotoneSchedule.initial
    let (slow, fast) = (try trained(1e-9, steps: 1), try trained(0.1, steps: 1))
    // The first step's draws are the same: so is the network after it.
    #expect(slow[..<layout.networkCount] == fast[..<layout.networkCount])
    let moved = MonotoneSchedule.parameters { fast[layout.further[0].range.lowerBound + $0] }
    let still = MonotoneSchedule.parameters { slow[layout.further[0].range.lowerBound + $0] }
    #expect(zip(still, start).allSatisfy { abs($0 - Double($1)) < 1e-6 })
    // Adam's first step is the rate, whatever the gradient.
    #expect(abs(moved[0] - 1) > 0.09 && abs(moved[0] - 1) < 0.11)
  }
}

private func scheduleModel() -> ScoreModel {
  ScoreModel(
    process: VariancePreserving(), dimension: 2, output: .posteriorMean, conditioning: .data, widths: [8, 8],
    activation: .silu, residual: true, learnsSchedule: true, embedding: TimeEmbedding(kind: .sinusoidal, features: 4),
    seed: 1)
}
