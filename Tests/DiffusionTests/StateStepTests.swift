import Diffusion
import Foundation
import Testing

/// Reverse steps of a discrete chain on laws of a single column, where everything is known.
@Suite struct StateStepTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let chain: Chain
    let form: ReverseForm
    var testDescription: String { "\(chain.testDescription), \(form.rawValue)" }
    static let all = Chain.all.flatMap { chain in ReverseForm.allCases.map { Case(chain: chain, form: $0) } }
  }

  /// A law without symmetry.
  private func law(_ levels: Int) -> [Double] {
    let weights = (0..<levels).map { 1 + 0.9 * sin(3 * Double($0) + 1) }
    return weights.map { $0 / weights.reduce(0, +) }
  }

  /// q(x_t) of data of a law.
  private func marginal(_ process: DiscreteProcess, _ law: [Double], _ t: Int) -> [Double] {
    let q = process.marginal(t)
    return (0..<process.states).map { j in law.indices.reduce(0) { $0 + law[$1] * q[$1, j] } }
  }

  /// The logits with which a form is exact for data of a law.
  private func exactLogits(_ process: DiscreteProcess, _ law: [Double], _ form: ReverseForm, t: Int, _ xt: Int)
    -> [Double]
  {
    let q = process.marginal(t)
    return law.indices.map { k in
      let likelihood = form == .posterior ? q[k, xt] : 1
      return likelihood > 0 ? log(law[k] * likelihood) : -800
    }
  }

  @Test("the posterior is Bayes' rule", arguments: Chain.all) func posterior(chain: Chain) {
    let process = chain.process
    for t in 1...process.steps {
      for s in 0..<t {
        let (before, between) = (process.marginal(s), process.transition(from: s, to: t))
        let step = StateStep(process, from: t, to: s, form: .joint)
        for x0 in 0..<process.levels {
          // Rows: x_s; columns: x_t.
          let joint = (0..<process.states).map { j in (0..<process.states).map { before[x0, j] * between[j, $0] } }
          for xt in 0..<process.states {
            let total = joint.reduce(0) { $0 + $1[xt] }
            guard total > 1e-12 else { continue }
            let found = step.posterior(x0, xt)
            for j in joint.indices { #expect(abs(found[j] - joint[j][xt] / total) < 1e-14) }  // a few roundings
          }
        }
      }
    }
  }

  @Test(
    "with the exact denoiser the reverse chain has the data's law, whatever steps it passes over", arguments: Case.all)
  func reverseChain(_ test: Case) {
    let process = test.chain.process
    let data = law(process.levels)
    for stride in [1, 2, 3] {
      var times = Array(Swift.stride(from: process.steps, to: 0, by: -stride))
      times.append(0)
      var p = marginal(process, data, process.steps)
      for (t, s) in zip(times, times.dropFirst()) {
        let step = StateStep(process, from: t, to: s, form: test.form)
        var (next, scratch) = ([Double](repeating: 0, count: process.states), StateScratch(process))
        for xt in 0..<process.states where p[xt] > 0 {
          let exact = exactLogits(process, data, test.form, t: t, xt)
          scratch.setLogits { exact[$0] }
          step.predict(xt, &scratch)
          for j in next.indices { next[j] += p[xt] * scratch.law[j] }
        }
        p = next
      }
      // Some ten thousand products of probabilities, each rounded at 1e-16 of itself.
      for k in data.indices { #expect(abs(p[k] - data[k]) < 1e-12) }
    }
  }

  @Test("the exact denoiser's bound is the entropy and what the prior misses of q(x_T)", arguments: Case.all)
  func bound(_ test: Case) {
    let process = test.chain.process
    let data = law(process.levels)
    var (bound, scratch) = (0.0, StateScratch(process))
    for k in data.indices { bound += data[k] * process.priorDivergence(k) }
    for t in 1...process.steps {
      let (step, q) = (StateStep(process, from: t, to: t - 1, form: test.form), process.marginal(t))
      for k in data.indices {
        for xt in 0..<process.states where q[k, xt] > 0 {
          let exact = exactLogits(process, data, test.form, t: t, xt)
          scratch.setLogits { exact[$0] }
          bound += data[k] * q[k, xt] * step.loss(k, xt, &scratch).divergence
        }
      }
    }
    let last = marginal(process, data, process.steps)
    var known = -data.reduce(0) { $0 + $1 * log($1) }
    for j in last.indices where last[j] > 0 { known += last[j] * log(last[j] / process.prior[j]) }
    #expect(abs(bound - known) < 1e-11)  // thousands of terms of size 1, each rounded at 1e-16
  }

  @Test("the law of x_0 is right for posterior, and wrong for joint") func formsDiffer() {
    let process = DiscreteProcess(.uniform, levels: 2, steps: 4)
    let data = [0.8, 0.2]
    func error(_ form: ReverseForm) -> Double {
      var p = marginal(process, data, 4)
      var scratch = StateScratch(process)
      for t in (1...4).reversed() {
        let step = StateStep(process, from: t, to: t - 1, form: form)
        var next = [0.0, 0.0]
        for xt in 0..<2 {
          let exact = exactLogits(process, data, .posterior, t: t, xt)
          scratch.setLogits { exact[$0] }
          step.predict(xt, &scratch)
          for j in 0..<2 { next[j] += p[xt] * scratch.law[j] }
        }
        p = next
      }
      return abs(p[0] - 0.8)
    }
    #expect(error(.posterior) < 1e-14)  // eight products
    #expect(error(.joint) > 0.05)
  }

  @Test("gradients of divergence and cross entropy agree with central differences", arguments: Case.all)
  func gradient(_ test: Case) {
    let process = test.chain.process
    let lambda = 0.3
    for t in Set([1, (process.steps + 1) / 2, process.steps]) {
      let (step, q) = (StateStep(process, from: t, to: t - 1, form: test.form), process.marginal(t))
      for (x0, xt) in [(0, 0), (1, process.states - 1), (0, 1)] where q[x0, xt] > 1e-6 {
        var scratch = StateScratch(process)
        let logits = (0..<process.levels).map { 0.8 * cos(2 * Double($0)) }
        scratch.setLogits { logits[$0] }
        _ = step.loss(x0, xt, &scratch, crossEntropy: lambda)
        let gradient = scratch.gradient
        for k in logits.indices {
          func value(_ change: Double) -> Double {
            scratch.setLogits { logits[$0] + ($0 == k ? change : 0) }
            let (divergence, entropy) = step.loss(x0, xt, &scratch)
            return divergence + lambda * entropy
          }
          let slope = (value(1e-5) - value(-1e-5)) / 2e-5
          // 1e-10 of the differences' own error, and roundings of 1e-16 over 1e-5.
          #expect(abs(gradient[k] - slope) < 1e-9 * max(1, abs(slope)))
        }
      }
    }
  }

  @Test(
    "a column's gradient with respect to the outputs agrees with central differences", arguments: StateHead.allCases)
  func headGradient(head: StateHead) {
    let process = DiscreteProcess(.absorbing, levels: 6, steps: 4)
    let step = StateStep(process, from: 3, to: 2, form: .joint)
    for xt in [2, 6] {
      let outputs = (0..<head.outputs(levels: 6)).map { Float(0.5 * sin(Double(3 * $0 + 1))) }
      var scratch = StateScratch(process)
      func loss(_ outputs: [Float]) -> Double {
        head.predict(outputs.span, seen: xt, &scratch)
        let (divergence, entropy) = step.loss(2, xt, &scratch, crossEntropy: 1)
        return divergence + entropy
      }
      _ = loss(outputs)
      var result = [Float](repeating: 0, count: outputs.count)
      var span = result.mutableSpan
      head.pullBack(outputs.span, seen: xt, factor: 2, scratch, into: &span)
      for k in outputs.indices {
        var (up, down) = (outputs, outputs)
        up[k] += 0x1p-12
        down[k] -= 0x1p-12
        let slope = (loss(up) - loss(down)) / 0x1p-11
        #expect(abs(Double(result[k]) - 2 * slope) < 1e-5)  // the result is rounded to single precision
      }
    }
  }

  // A trained network is sure of many pixels: e^{2 + 6} gives levels far away a mass below double precision.
  @Test("a sure logistic law of 256 levels costs an unlikely level ln 1e6 at most", arguments: [1, -6, -60] as [Float])
  func sure(scale: Float) {
    let process = DiscreteProcess(.absorbing, levels: 256, steps: 4)
    let step = StateStep(process, from: 3, to: 2, form: .joint)
    for (x0, mean) in [(0, 3), (255, -3), (128, 0.1), (7, -2.5)] as [(Int, Float)] {
      var scratch = StateScratch(process)
      func entropy(_ outputs: [Float]) -> Double {
        StateHead.logistic.predict(outputs.span, seen: 256, &scratch)
        return step.loss(x0, 256, &scratch, crossEntropy: 1).crossEntropy
      }
      // The weights' sum is below 2: the law's mass is at most 1, the last terms 256e-6.
      #expect((0...log(2e6)).contains(entropy([mean, scale])))
      for k in 0..<2 {
        var (up, down, result) = ([mean, scale], [mean, scale], [Float](repeating: 0, count: 2))
        up[k] += 0x1p-10
        down[k] -= 0x1p-10
        let slope = (entropy(up) - entropy(down)) / 0x1p-9
        _ = entropy([mean, scale])
        var span = result.mutableSpan
        StateHead.logistic.pullBack([mean, scale].span, seen: 256, factor: 1, scratch, into: &span)
        // The loss is −(1 + told) ln p̃, told = 1/3; differences of 2^-10 err by some 1e-6 of the slope and curvature.
        let factor = Double(result[k]) / slope
        #expect(
          abs(slope) < 1e-9 ? abs(result[k]) < 1e-6 : abs(factor - 4.0 / 3) < 1e-3,
          "level \(x0), mean \(mean), output \(k): \(result[k]) and \(slope)")
      }
    }
  }

  @Test("the entropy of one level and its gradient are those by all levels", arguments: [2, 5, 256])
  func entropy(levels: Int) throws {
    let process = DiscreteProcess(.absorbing, levels: levels, steps: 4)
    let step = StateStep(process, from: 3, to: 2, form: .joint)
    var scratch = StateScratch(process)
    for (number, outputs) in [[0.3, 1.5], [-2, -1], [4, -6], [-0.7, 6], [0.1, -60]].map({ $0.map(Float.init) })
      .enumerated()
    {
      for seen in [levels, number % levels] {
        let x0 = (7 * number + 1) % levels
        StateHead.logistic.predict(outputs.span, seen: seen, &scratch)
        let whole = step.loss(x0, seen, &scratch, crossEntropy: 1)
        var gradient = [Float](repeating: 0, count: 2)
        var span = gradient.mutableSpan
        StateHead.logistic.pullBack(outputs.span, seen: seen, factor: 1, scratch, into: &span)
        let found = StateHead.logistic.entropy(outputs.span, seen: seen, of: x0, levels: levels)
        let one = try #require(found)
        let share = try #require(step.shareOfEntropy(seeing: seen))
        // Both round sums of at most 256 terms below 1; gradients are compared in single precision.
        #expect(abs(one.value - whole.crossEntropy) < 1e-11 * (1 + one.value), "\(outputs) \(seen)")
        #expect(abs(share * one.value - whole.divergence) < 1e-11 * (1 + one.value))
        for (own, other) in zip([one.ofFirst, one.ofSecond], gradient) {
          #expect(abs((1 + share) * own - Double(other)) < 1e-6 * (1 + abs(own)), "\(outputs) \(seen): \(own) \(other)")
        }
      }
    }
    let logits: [Float] = [0, 1]
    let none = StateHead.logits.entropy(logits.span, seen: 0, of: 1, levels: 2)
    #expect(none == nil)
    #expect(
      StateStep(DiscreteProcess(.uniform, levels: 4, steps: 4), from: 3, to: 2, form: .joint)
        .shareOfEntropy(seeing: 1) == nil)
  }

  @Test("the logistic head gives each level the mass of its interval") func logistic() {
    let (levels, seen) = (5, 3)
    var scratch = StateScratch(DiscreteProcess(.uniform, levels: levels, steps: 1))
    let outputs: [Float] = [0.25, 1.5]
    StateHead.logistic.predict(outputs.span, seen: seen, &scratch)
    let (mean, rate) = (tanh(0.25 + 0.5), exp(0.5))
    func below(_ x: Double) -> Double { 1 / (1 + exp(-rate * (x - mean))) }
    let masses = (0..<levels).map { k in
      let centre = 0.5 * Double(k) - 1
      return below(centre + 0.25) - below(centre - 0.25) + 1e-6
    }
    let total = masses.reduce(0, +)
    for k in 0..<levels { #expect(abs(scratch.shares[k] - masses[k] / total) < 1e-14) }  // numbers below 1
  }
}
