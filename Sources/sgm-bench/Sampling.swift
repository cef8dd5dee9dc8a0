import Configuration
import Diffusion
import Files
import LinearAlgebra
import Networks
import Runs
import Sampling
import Training

/// Euler–Maruyama with a network's score, for a chunk of 256 samples.
func samplingSteps(_ meter: Meter) -> [Measurement] {
  [Case.large, .small].map { example in
    let model = example.model
    var score = NetworkScore(model: model, parameters: model.network.initialParameters(seed: 1))
    let times = TimeGrid.uniform.times(steps: 50, of: model.process, to: 1e-3)
    var generator = Generator(
      process: model.process, dimension: example.dimension, sampler: EulerMaruyama(), times: times, denoises: true,
      seed: 1)
    var samples = Matrix(rows: Generator.rows, columns: example.dimension)
    let flops =
      Double(generator.evaluationsPerSample * Generator.rows) * model.network.inferenceFlopsPerRow
    let steps = Double(generator.evaluationsPerSample)
    var measurement = meter.work(
      "Euler–Maruyama step \(example.widths.count)×\(example.widths[0]), \(Generator.rows) samples",
      count: Meter.count(flops: flops), flops: flops
    ) { generator.generate(chunk: 0, score: &score, into: &samples) }
    measurement.value /= steps
    return measurement
  }
}
