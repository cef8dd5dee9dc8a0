import Foundation
import Testing

@testable import Training

@Suite struct OptimiserTests {
  @Test("an update is AdamW with clipping and a moving average, as written in Double", arguments: [true, false])
  func adam(decays: Bool) {
    var optimiser = Optimiser()
    (optimiser.weightDecay, optimiser.warmupSteps, optimiser.steps, optimiser.clipNorm) = (0.1, 5, 40, 2)
    let count = 37
    var p = (0..<count).map { Float(sin(Double($0))) }
    var (m, v, ema) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count), p)
    var (pd, md, vd, ed) = (p.map(Double.init), m.map(Double.init), v.map(Double.init), p.map(Double.init))
    for step in 1...30 {
      let g = (0..<count).map { Float(cos(Double(step * ($0 + 1)))) }
      let norm = Double(step) / 5
      unsafe optimiser.update(at: step, gradientNorm: norm).apply(g, &p, &m, &v, &ema, count: count, decays: decays)
      let rate = optimiser.learningRate(at: step)
      let rho = min(0.999, Double(1 + step) / Double(10 + step))
      for i in 0..<count {
        let gradient = Double(g[i]) * (norm > 2 ? 2 / norm : 1)
        md[i] = 0.9 * md[i] + 0.1 * gradient
        vd[i] = 0.999 * vd[i] + 0.001 * gradient * gradient
        let root = (vd[i] / (1 - pow(0.999, Double(step)))).squareRoot()
        let change = md[i] / (1 - pow(0.9, Double(step))) / (root + 1e-8)
        pd[i] -= rate * (change + (decays ? 0.1 * pd[i] : 0))
        ed[i] = rho * ed[i] + (1 - rho) * pd[i]
      }
    }
    for i in 0..<count {
      // Thirty roundings of numbers of size 1.
      #expect(abs(Double(p[i]) - pd[i]) < 2e-6)
      #expect(abs(Double(ema[i]) - ed[i]) < 2e-6)
    }
  }

  @Test("the learning rate rises linearly, then falls as half a cosine to its final value")
  func schedule() {
    var optimiser = Optimiser()
    (optimiser.learningRate, optimiser.finalLearningRate) = (2e-3, 2e-4)
    (optimiser.warmupSteps, optimiser.steps) = (10, 110)
    #expect(optimiser.learningRate(at: 1) == 2e-4)
    #expect(optimiser.learningRate(at: 10) == 2e-3)
    #expect(abs(optimiser.learningRate(at: 60) - 1.1e-3) < 1e-15)  // half way down
    #expect(abs(optimiser.learningRate(at: 110) - 2e-4) < 1e-15)
    #expect(optimiser.learningRate(at: 500) == optimiser.learningRate(at: 110))
    optimiser.schedule = .constant
    #expect(optimiser.learningRate(at: 110) == 2e-3)
    optimiser.warmupSteps = 0
    #expect(optimiser.learningRate(at: 1) == 2e-3)
  }
}
