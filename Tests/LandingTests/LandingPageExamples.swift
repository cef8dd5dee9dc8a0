import Communication
import Diffusion
import LinearAlgebra
import Metrics
import Networks
import Randomness
import RealFunctions
import Sampling
import Targets
import Testing
import Theory
import Training

/// The examples of the modules' landing pages, `Sources/<Module>/<Module>.docc`, as they stand there, and what they give.
@Suite struct LandingPageExamples {
  @Test("the example of RealFunctions") func realFunctions() {
    let share = 0.5 * (1 + erf(1.96 / 2.0.squareRoot()))
    let level = -2 * log(exp(-0.5))
    // The table of the normal law has four digits; the rest is rounding.
    #expect(abs(share - 0.975) < 1e-4 && abs(level - 1) < 1e-15)
  }

  @Test("the example of LinearAlgebra") func linearAlgebra() {
    let drift = BlockMatrix(0, 1, -1, -2)
    let covariance = BlockMatrix(2, 0.5, 0.5, 1)
    let factor = covariance.cholesky()
    var rows = Matrix(rows: 4, columns: 3)
    rows.fill(1)
    // Rounding.
    #expect(
      (factor * factor.transpose - covariance).norm < 1e-15 && drift.trace == -2 && rows[3, 2] == 1)
  }

  @Test("the example of Randomness") func randomness() {
    let stream = RandomStream(seed: 1, purpose: .targetDraw)
    var normals = Matrix(rows: 4, columns: 3)
    stream.fillNormals(&normals, firstIndex: 0)
    var variates = stream.row(17)
    let gamma = variates.nextGamma(shape: 2.5)
    #expect(normals[3, 2] != normals[3, 1] && gamma > 0)
  }

  @Test("the example of Communication") func communication() throws {
    let communicator = Communicator.single
    let tree = CanonicalTree(shards: 16)
    let shards = tree.range(rank: 1, of: 3)
    let all = try communicator.allGather([Double(communicator.rank)])
    #expect(shards == 5..<10 && all == [0])
  }

  @Test("the example of Networks") func networks() {
    let architecture = NetworkArchitecture(
      inputs: 2, outputs: 2, widths: [32, 32], activation: .silu, residual: true,
      embedding: TimeEmbedding(kind: .sinusoidal, features: 16))
    let parameters = architecture.initialParameters(seed: 1)
    let count = ParameterLayout(architecture).count
    #expect(parameters.count == count)
  }

  @Test("the example of Diffusion") func diffusion() {
    let process = CriticallyDampedLangevin(epsilon: 0.25)
    let kernel = process.kernel(at: 0.5)
    let noise = (1 / kernel.signalToNoise).squareRoot()
    let end = process.usualFinalTime
    #expect(kernel.mean.size == 2 && noise > 0 && end > 0 && end < process.horizon)
  }

  @Test("the example of Targets") func targets() {
    let target = GaussianMixture(
      weights: [0.5, 0.5], means: [[-2, 0], [2, 0]], variances: [[0.1, 0.1], [0.1, 0.1]])
    var draws = Matrix(rows: 100, columns: 2)
    target.draw(RandomStream(seed: 1, purpose: .targetDraw), firstIndex: 0, into: &draws)
    let exact = target.score(under: VariancePreserving(), in: .identity(2))
    #expect((0..<100).allSatisfy { abs(abs(draws[$0, 0]) - 2) < 2 } && exact != nil)
  }

  @Test("the example of Training") func training() {
    let model = ScoreModel(
      process: VariancePreserving(), dimension: 2, output: .posteriorMean, conditioning: .data,
      widths: [32, 32],
      activation: .silu, residual: true, embedding: TimeEmbedding(kind: .sinusoidal, features: 16),
      seed: 1)
    let initial = model.network.initialParameters(seed: 1)
    let untrained = NetworkScore(model: model, parameters: initial)
    #expect(untrained.dimension == 2)
  }

  @Test("the example of Sampling") func sampling() {
    let mixture = GaussianMixture.eightGaussians
    let forward = VariancePreserving()
    let grid = TimeGrid.logSNR.times(steps: 50, of: forward, to: forward.usualFinalTime)
    var generator = Generator(
      process: forward, dimension: 2, sampler: SamplerKind.dpmSolver.make(), times: grid,
      denoises: true, seed: 1)
    if var score = mixture.score(under: forward, in: .identity(2)) {
      var samples = Matrix(rows: Generator.rows, columns: 2)
      generator.generate(chunk: 0, score: &score, into: &samples)
      #expect((0..<256).allSatisfy { samples[$0, 0].isFinite })
    }
  }

  @Test("the example of Metrics") func metrics() throws {
    var truth = Matrix(rows: 200, columns: 2)
    RandomStream(seed: 1, purpose: .targetDraw).fillNormals(&truth, firstIndex: 0)
    var distance = SlicedWasserstein(
      directions: randomDirections(count: 64, dimension: 2, seed: 1), over: .single)
    try distance.setReference(truth)
    let values = try distance.values(to: truth)
    #expect(values == [0, 0])
  }

  @Test("the example of Theory") func theory() {
    let data = GaussianData(mean: [0.7], variance: [0.3])
    let diffusion = VariancePreserving()
    let recursion = MomentRecursion(process: diffusion, data: data, sampler: EulerMaruyama())
    let law = data.marginal(diffusion, at: 0.5)
    let error = law.wasserstein(to: data.law)
    #expect(error > 0 && recursion.data == data)
  }
}
