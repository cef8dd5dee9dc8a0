import Diffusion
import LinearAlgebra
import TestSupport
import Testing

@testable import Configuration
@testable import Runs

@Suite struct SampleSourceTests {
  @Test(
    "samples are denoised at the end unless the noise is to stay, whether steps are shared or a sample's own",
    arguments: ["euler-maruyama", "adaptive-euler"])
  func denoising(sampler: String) throws {
    /// The mean square of samples of data that are all but a point, whose noise at the end has a variance of a third.
    func square(_ denoise: Bool) throws -> Double {
      let experiment = try Experiment(
        yaml: "data: {target: gaussian, dimension: 2}\nprocess: {kind: variance-preserving}\n", file: "a.yaml",
        settings: ["sampling.sampler=\(sampler)", "sampling.final_time=0.2", "sampling.denoise=\(denoise)"])
      let process = experiment.process.make()
      var score = GaussianScore(process: process, dimension: 2, mean: 0, variance: 1e-4)
      var samples = Matrix(rows: 256, columns: 2)
      try experiment.source(process: process, dimension: 2).generate(chunk: 0, score: &score, into: &samples)
      return array(samples).reduce(0) { $0 + Double($1 * $1) } / 512
    }
    let (clean, noisy) = (try square(true), try square(false))
    // The noise: 1 − e^{−τ} at 0.2 is 0.34; beside it 1e-4.
    #expect(clean < 1e-3 && noisy > 0.2 && noisy < 0.6, "\(clean), \(noisy)")
  }
}
