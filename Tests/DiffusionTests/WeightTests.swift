import Diffusion
import LinearAlgebra
import Testing

/// A few numbers in place of draws.
private func draw(_ k: Int) -> Double { [0.7, -1.3, 0.4, 1.9, -0.6][k % 5] }

@Suite struct WeightTests {
  /// R of ‖R(s − s_θ)‖², from the definitions.
  private func error(_ setting: Setting, _ kernel: Kernel, _ k: BlockMatrix, at t: Double) -> BlockMatrix {
    let (process, c) = (setting.process, setting.process.blocks)
    let sigma = process.diffusion(at: t).cholesky().transpose
    switch setting.weight {
    case .likelihood: return sigma.scaled(by: process.rate(at: t).squareRoot())
    case .unitVariance where c == 1 || setting.conditioning == .data:
      return k.transpose.scaled(by: (1 + 1 / kernel.signalToNoise).squareRoot())
    case .unitVariance:
      let zero = process.diffusion(at: t) * (k * k.transpose).inverse
      return sigma.scaled(by: 1 / zero.trace.squareRoot())
    case .uniformNoise:
      var rows = k.transpose
      if process.diffusion(at: t).determinant == 0 { for i in 0..<c - 1 { for j in 0..<c { rows[i, j] = 0 } } }
      return rows
    }
  }

  @Test("losses are the weighted errors of the score, but for what the network cannot change", arguments: Setting.all)
  func losses(setting: Setting) {
    let (process, t) = (setting.process, 0.3 * setting.process.horizon)
    let (training, score, c) = (setting.training(at: t), setting.score(at: t), setting.process.blocks)
    let isState = c > 1 && setting.conditioning == .state
    let kernel = process.kernel(at: t)
    let k = isState ? process.transition(from: 0, to: t).covariance.cholesky() : kernel.cholesky
    // The state comes from all sources, whatever of it the network sees.
    let whole = Setting(
      process: process, output: setting.output, conditioning: setting.conditioning, weight: setting.weight)
    let all = whole.training(at: t)
    let z = (0..<all.sources).map(draw)
    let e = BlockVector(Array(z.suffix(c)))
    let input = (0..<all.sources).reduce(BlockVector(size: c, repeating: 0)) {
      $0 + all.inputColumn($1).scaled(by: z[$1])
    }
    let u = whole.score(at: t).whitening.inverse * input
    // Of e the noisy data hold the part along w.
    let w = kernel.whitenedMean
    let seen = training.sources == z.count ? z : [z[0], w.dot(e) / w.dot(w).squareRoot()]
    let conditional = (k.inverse.transpose * e).scaled(by: -1)
    let r = error(setting, kernel, k, at: t)
    // Both losses at two outputs; the difference has no term without F.
    let losses = [0.5, -2].map { (scale: Double) -> (direct: Double, coefficients: Double, size: Double) in
      var f = BlockVector(size: c, repeating: 0)
      for o in 0..<training.outputBlocks { f[o] = scale * draw(o) }
      let direct = r * ((score.output * f) - score.precision * u - conditional)
      var residual = training.gains * f
      for o in 0..<training.outputBlocks {
        for (j, value) in seen.enumerated() { residual[o] -= training.target(o, j) * value }
      }
      return (direct.dot(direct), residual.dot(residual), direct.dot(direct) + residual.dot(residual))
    }
    let direct = losses[0].direct - losses[1].direct
    let coefficients = losses[0].coefficients - losses[1].coefficients
    // Differences of the two losses lose up to 8 digits to the conditional score, which is large in the position.
    #expect(abs(direct - coefficients) < 1e-8 * (losses[0].size + losses[1].size), "\(direct) for \(coefficients)")
    #expect(abs(coefficients) > 0)
  }

  @Test("gains and targets are finite from 1e-6 of the horizon to its end", arguments: Setting.all)
  func finite(setting: Setting) {
    for fraction in [1e-6, 1e-3, 0.999999, 1] {
      let c = setting.training(at: fraction * setting.process.horizon)
      for o in 0..<c.outputBlocks {
        // What Float still holds with room: its largest number is 3e38.
        #expect(c.outputGain(o).isFinite && c.outputGain(o) < 1e12)
        for j in 0..<c.sources { #expect(c.target(o, j).isFinite && c.input(0, j).isFinite) }
      }
    }
  }

  @Test("weights that would be infinite at a horizon without data are refused there, and only there") func refused() {
    for output in [NetworkOutput.noise, .score] {
      for weight in [LossWeight.likelihood, .unitVariance] {
        #expect(!weight.isAvailable(for: output, under: AnnealedPath()))
        #expect(weight.isAvailable(for: output, under: VariancePreserving()))
        #expect(weight.isAvailable(for: .velocity, under: FlowMatching()))
      }
    }
    let student = AnnealedPath(base: .studentT(degrees: 3))
    #expect(LossWeight.allCases.filter { $0.isAvailable(for: .score, under: student) } == [.uniformNoise])
  }
}

@Suite struct OutputTests {
  @Test("outputs that say the same convert into each other and back", arguments: everyProcess, [1e-3, 0.3, 1])
  func conversions(process: any ForwardProcess, fraction: Double) {
    let t = fraction * process.horizon
    let outputs = NetworkOutput.allCases.filter { $0.isAvailable(for: process) }.map {
      ScoreCoefficients(process, output: $0, conditioning: .data, at: t)
    }
    var f = BlockVector(size: process.blocks, repeating: 0)
    f[0] = 0.8
    for from in outputs {
      for to in outputs {
        guard let there = from.conversion(to: to) else {
          let isLost = from.meanOutput[0].isFinite != to.meanOutput[0].isFinite
          #expect(from.outputBlocks > 1 && to.outputBlocks == 1 || isLost)
          continue
        }
        let image = there * f
        let (score, same) = (from.output * f, to.output * image)
        let size = score.dot(score).squareRoot()
        let away = score - same
        // Conversions hold a few roundings, those to all blocks multiplied by the factor's correlations.
        #expect(away.dot(away).squareRoot() <= 1e-9 * size)
        if from.meanOutput[0].isFinite {
          #expect(abs(from.meanOutput.dot(f) - to.meanOutput.dot(image)) <= 1e-9 * abs(from.meanOutput.dot(f)))
        }
        if from.outputBlocks == to.outputBlocks, let back = to.conversion(to: from) {
          #expect(abs((back * image)[0] - 0.8) < 1e-12)  // two conversions' roundings
        }
      }
    }
  }

  @Test("posterior means are Tweedie's reading of the score", arguments: everyProcess) func tweedie(
    process: any ForwardProcess
  ) {
    let (t, c) = (0.4 * process.horizon, process.blocks)
    let weights = process.kernel(at: t).tweedie
    let u = BlockVector((0..<c).map(draw))
    for output in NetworkOutput.allCases where output.isAvailable(for: process) {
      let s = ScoreCoefficients(process, output: output, conditioning: .data, at: t)
      var f = BlockVector(size: c, repeating: 0)
      for o in 0..<s.outputBlocks { f[o] = draw(o + 2) }
      let score = s.output * f - s.precision * u
      let (first, second) = (weights.state.row(0).dot(u), weights.score.row(0).dot(score))
      // Tweedie's two terms cancel where the posterior mean is far smaller than they are.
      #expect(abs(s.meanState.dot(u) + s.meanOutput.dot(f) - (first + second)) < 1e-11 * (abs(first) + abs(second) + 1))
    }
  }

  @Test("a velocity output is flow matching's velocity, up to the Gaussian's, at the horizon too") func velocity() {
    for t in [1e-3, 0.5, 1] {
      let process = FlowMatching()
      let c = ScoreCoefficients(process, output: .velocity, conditioning: .data, at: t)
      let (u, f, path) = (1.3, 0.4, process.pathVelocity(at: t))
      let mean = c.meanState[0] * u + c.meanOutput[0] * f
      let gaussian = path.state[0, 0] * u + path.mean[0] * c.meanState[0] * u
      let velocity = path.state[0, 0] * u + path.mean[0] * mean
      #expect(abs(velocity - (gaussian + f)) < 1e-12)  // roundings of u/t, at most 1e3
      guard t < 1 else { continue }
      // v = −(u + t s)/(1 − t), the form in the score.
      let score = c.output[0, 0] * f - c.precision[0, 0] * u
      #expect(abs(velocity + (u + t * score) / (1 - t)) < 1e-11)  // the two terms of the sum cancel to 1 in 1e3
    }
  }

  @Test("on a circle m² + σ² = 1 velocity is Salimans and Ho's v = m e − σ x_0") func angle() {
    let (process, t) = (VariancePreserving(), 0.3)
    let c = TrainingCoefficients(process, output: .velocity, conditioning: .data, weight: .unitVariance, at: t)
    let kernel = process.kernel(at: t)
    #expect(abs(c.outputGain(0) - 1) < 1e-15)  // n = 1, one rounding
    // F's target is v less its regression on the state, which is 0 here as v and u are orthogonal.
    #expect(abs(c.target(0, 0) + kernel.cholesky[0, 0]) < 1e-15 && abs(c.target(0, 1) - kernel.mean[0]) < 1e-15)
  }

  @Test("outputs that a process cannot have are named") func availability() {
    let names = { (process: any ForwardProcess) in
      NetworkOutput.allCases.filter { $0.isAvailable(for: process) }.map(\.rawValue)
    }
    #expect(names(VariancePreserving()) == ["posterior-mean", "noise", "velocity", "score"])
    #expect(names(FlowMatching()) == ["posterior-mean", "velocity"])
    #expect(names(CriticallyDampedLangevin(epsilon: 0)) == ["posterior-mean", "noise", "score"])
    #expect(names(AnnealedPath(base: .studentT(degrees: 4))) == ["score"])
    // Under little friction the third order oscillates and the last block of the score turns its sign.
    #expect(names(LinearProcess.thirdOrderLangevin(coupling: 0.5, friction: 0.5)) == ["posterior-mean"])
    #expect(names(LinearProcess.thirdOrderLangevin()) == ["posterior-mean", "noise", "score"])
  }

  @Test("a Student-t row is regressed on −φe, and F/L is the score") func student() {
    let process = AnnealedPath(base: .studentT(degrees: 3), scale: 2)
    let training = TrainingCoefficients(
      process, output: .score, conditioning: .data, weight: .uniformNoise, at: 0.4)
    #expect(training.target(0, 0) == 0 && training.target(0, 1) == -1 && training.outputGain(0) == 1)
    let score = ScoreCoefficients(process, output: .score, conditioning: .data, at: 0.4)
    #expect(score.precision[0, 0] == 0 && score.output[0, 0] * process.kernel(at: 0.4).cholesky[0, 0] == 1)
  }
}
