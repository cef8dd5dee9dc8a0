import Diffusion
import Foundation
import LinearAlgebra
import Testing

struct Setting: Sendable, CustomTestStringConvertible {
  let process: any ForwardProcess
  let input: NetworkInput
  let output: NetworkOutput
  let conditioning: Conditioning
  let weight: LossWeight

  init(
    process: any ForwardProcess, input: NetworkInput = .state, output: NetworkOutput, conditioning: Conditioning,
    weight: LossWeight? = nil
  ) {
    (self.process, self.input, self.output, self.conditioning) = (process, input, output, conditioning)
    self.weight = weight ?? .standard(for: output)
  }

  var testDescription: String {
    "\(process), \(input.rawValue), \(output.rawValue), \(conditioning.rawValue), \(weight.rawValue)"
  }

  static let all = everyProcess.flatMap { process in
    NetworkInput.allCases.filter { $0.isAvailable(for: process) }.flatMap { input in
      NetworkOutput.allCases.filter { $0.isAvailable(for: process) }.flatMap { output in
        Conditioning.allCases.flatMap { conditioning in
          LossWeight.allCases.filter { $0.isAvailable(for: output, under: process) }.map {
            Setting(process: process, input: input, output: output, conditioning: conditioning, weight: $0)
          }
        }
      }
    }
  }

  func score(at t: Double) -> ScoreCoefficients {
    ScoreCoefficients(process, input: input, output: output, conditioning: conditioning, at: t)
  }

  func training(at t: Double) -> TrainingCoefficients {
    TrainingCoefficients(process, input: input, output: output, conditioning: conditioning, weight: weight, at: t)
  }
}

private let fractions = [1e-5, 1e-3, 0.1, 0.5, 1.0]

extension TrainingCoefficients {
  /// κ, filled up with the unit matrix.
  var gains: BlockMatrix {
    var matrix = BlockMatrix.identity(gain.size)
    for i in 0..<outputBlocks { for o in 0..<outputBlocks { matrix[i, o] = outputGain(i, o) } }
    return matrix
  }

  func inputColumn(_ j: Int) -> BlockVector { BlockVector((0..<inputBlocks).map { input($0, j) }) }

  /// The coefficients b of the best linear prediction y_o ≈ a + b · input when the data has variance `q2`, and the
  /// variance left.
  func regression(_ o: Int, dataVariance q2: Double) -> (slope: BlockVector, residual: Double) {
    var covariance = BlockMatrix.zero(inputBlocks)
    var cross = BlockVector(size: inputBlocks, repeating: 0)
    var variance = 0.0
    for j in 0..<sources {
      let v = j == 0 ? q2 : 1
      covariance = covariance + inputColumn(j).outer(inputColumn(j)).scaled(by: v)
      cross = cross + inputColumn(j).scaled(by: v * target(o, j))
      variance += v * target(o, j) * target(o, j)
    }
    let slope = covariance.inverse * cross
    return (slope, variance - slope.dot(cross))
  }
}

@Suite struct CoefficientTests {
  @Test("the network's input is N(0, I) for unit data", arguments: Setting.all) func whitening(setting: Setting) {
    for fraction in fractions {
      let c = setting.training(at: fraction * setting.process.horizon)
      var covariance = BlockMatrix.zero(c.inputBlocks)
      for j in 0..<c.sources { covariance = covariance + c.inputColumn(j).outer(c.inputColumn(j)) }
      #expect((covariance - .identity(c.inputBlocks)).norm < 1e-12)  // G's elements reach 10, H's pivots 1e-9
    }
  }

  @Test("unit data leaves nothing to predict: the untrained network has the exact score", arguments: Setting.all)
  func preconditioning(setting: Setting) {
    for fraction in fractions {
      let c = setting.training(at: fraction * setting.process.horizon)
      for o in 0..<c.outputBlocks {
        let slope = c.regression(o, dataVariance: 1).slope
        #expect(slope.dot(slope).squareRoot() < 1e-9)  // a slope of numbers of size 1, by central differences in Double
      }
    }
  }

  @Test("the target's conditional mean is the F of a Gaussian target's exact score", arguments: Setting.all)
  func regression(setting: Setting) {
    let (mu, q2) = (0.7, 0.3)
    for fraction in fractions {
      let t = fraction * setting.process.horizon
      let (training, score) = (setting.training(at: t), setting.score(at: t))
      let kernel = setting.process.kernel(at: t)
      let marginal = kernel.covariance + kernel.mean.outer(kernel.mean).scaled(by: q2)
      let whole = Setting(process: setting.process, output: setting.output, conditioning: setting.conditioning)
      let factor = whole.score(at: t).whitening.inverse
      for whitened in [
        BlockVector((0..<setting.process.blocks).map { 0.5 - Double($0) }),
        BlockVector((0..<setting.process.blocks).map { -1.5 - 0.3 * Double($0) }),
      ] {
        let u = factor * whitened
        let seen = score.whitening * u
        let input = BlockVector((0..<training.inputBlocks).map { seen[$0] })
        // E[y | input] by regression; the input's mean is that of its first source.
        let predictions = (0..<training.outputBlocks).map { o in
          let centred = input - training.inputColumn(0).scaled(by: mu)
          return training.regression(o, dataVariance: q2).slope.dot(centred) + training.target(o, 0) * mu
        }
        // s = −P u + Q F with F = E[y]/κ, against the exact score −(H + q²MMᵀ)⁻¹(u − Mμ). Whitened, as errors act
        // there.
        var predicted = (score.precision * u).scaled(by: -1)
        var y = BlockVector(size: setting.process.blocks, repeating: 0)
        for (o, value) in predictions.enumerated() { y[o] = value }
        if training.gains.determinant == 0 { continue }
        predicted = predicted + score.output * (training.gains.inverse * y)
        let exact = (marginal.inverse * (u - kernel.mean.scaled(by: mu))).scaled(by: -1)
        let error = kernel.cholesky.transpose * (predicted - exact)
        let size = kernel.cholesky.transpose * exact
        // Inverting the marginal here costs its condition number, up to 1e7 at 1e-5 of the horizon.
        #expect(error.dot(error).squareRoot() < 1e-7 * (1 + size.dot(size).squareRoot()), "t = \(t)")
      }
    }
  }

  @Test("unit variance is what it says, given the data", arguments: Setting.all) func unitVariance(setting: Setting) {
    guard setting.conditioning == .data, setting.weight == .unitVariance else { return }
    for fraction in fractions {
      let c = setting.training(at: fraction * setting.process.horizon)
      var variance = 0.0
      for o in 0..<c.outputBlocks { for j in 0..<c.sources { variance += c.target(o, j) * c.target(o, j) } }
      #expect(abs(variance - 1) < 1e-11)  // r²(1 + snr); snr holds a factor's roundings, amplified by correlations
      if setting.output == .posteriorMean { #expect(abs(c.outputGain(0) - 1) < 1e-14) }  // one division
    }
  }

  @Test(
    "conditioning on the state leaves at least the variance that conditioning on the data leaves", arguments: langevins)
  func variance(process: any ForwardProcess) {
    for output in [NetworkOutput.posteriorMean, .noise] {
      for fraction in [1e-3, 0.1, 0.5] {
        let pair = [Conditioning.data, .state].map {
          let c = Setting(process: process, output: output, conditioning: $0).training(at: fraction * process.horizon)
          let s = Setting(process: process, output: output, conditioning: $0).score(at: fraction * process.horizon)
          // With these weights κ is diagonal. The residual's variance as an error of the last block of the score.
          return (0..<c.outputBlocks).reduce(0) { sum, o in
            let q = s.output[process.blocks - 1, o] / c.outputGain(o)
            return sum + q * q * c.regression(o, dataVariance: 0.3).residual
          }
        }
        #expect(pair[0] <= pair[1] * (1 + 1e-6))
      }
    }
  }

  @Test("a noise output has one block where noise drives one block") func outputBlocks() {
    #expect(NetworkOutput.noise.blocks(for: CriticallyDampedLangevin(epsilon: 0)) == 1)
    #expect(NetworkOutput.noise.blocks(for: CriticallyDampedLangevin(epsilon: 0.25)) == 2)
    #expect(NetworkOutput.score.blocks(for: LinearProcess.thirdOrderLangevin()) == 1)
    #expect(NetworkOutput.score.blocks(for: LinearProcess.phaseSpaceLangevin()) == 2)
    #expect(NetworkOutput.noise.blocks(for: OrnsteinUhlenbeck()) == 1)
    #expect(NetworkOutput.posteriorMean.blocks(for: CriticallyDampedLangevin(epsilon: 0.25)) == 1)
  }
}
