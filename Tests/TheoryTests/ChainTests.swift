import Diffusion
import LinearAlgebra
import Randomness
import Sampling
import Targets
import Testing
import Theory

@Suite struct ChainTests {
  let data = GaussianData(mean: [0.4], variance: [0.5])

  @Test("a coarse step's noise is the sum of the fine ones: without a score, chains end at the sum", arguments: [1, 4])
  func sharedPath(coarse: Int) throws {
    let process = OrnsteinUhlenbeck(horizon: 1)
    let fine = MomentRecursion.uniformTimes(from: 1, to: 0.1, steps: 8)
    let times = MomentRecursion.uniformTimes(from: 1, to: 0.1, steps: coarse)
    let chains = SynchronousChains(
      process: process, dimension: 1, sampler: NoiseAlone(), times: times, fine: fine, seed: 7)
    var state = Matrix(rows: 4, columns: 1)
    state.fill(0)
    try run(chains, &state)
    for r in 0..<4 {
      var sum = 0.0
      for k in 0..<8 {
        var noise = Matrix(rows: 4, columns: 1)
        RandomStream(seed: 7, purpose: .samplingNoise, step: UInt64(k)).fillNormals(&noise, firstIndex: 0)
        sum += (0.9 / 8).squareRoot() * Double(noise[r, 0])
      }
      #expect(abs(Double(state[r, 0]) - sum) < 1e-6)  // sums in Float
    }
  }

  private func run(_ chains: SynchronousChains, _ state: inout Matrix) throws {
    let target = GaussianMixture(mean: data.mean, variance: data.variance)
    var score = try #require(target.score(under: OrnsteinUhlenbeck(horizon: 1), in: .identity(1)))
    func opened(_ score: inout some Score) {
      chains.run(&state, firstIndex: 0, relativeError: 0, score: &score)
    }
    opened(&score)
  }

  @Test("coupled chains come together at order 1 in the step") func strongOrder() throws {
    let process = OrnsteinUhlenbeck(horizon: 1)
    let fine = MomentRecursion.uniformTimes(from: 1, to: 0.01, steps: 640)
    let ends = try [40, 80, 160, 640].map { steps in
      let chains = SynchronousChains(
        process: process, dimension: 1, sampler: EulerMaruyama(),
        times: MomentRecursion.uniformTimes(from: 1, to: 0.01, steps: steps), fine: fine, seed: 7)
      var state = Matrix(rows: 256, columns: 1)
      RandomStream(seed: 1, purpose: .samplingPrior).fillNormals(&state, firstIndex: 0)
      try run(chains, &state)
      return (0..<256).map { Double(state[$0, 0]) }
    }
    let gaps = ends.dropLast().map { end in
      zip(end, ends[3]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    #expect(abs(fittedSlope([1.0 / 40, 1.0 / 80, 1.0 / 160], gaps) - 1) < 0.25)  // the finest is not exact, 256 rows
  }

  @Test("the information of a step is |δ|² of its score in units of noise, and none where noise is missing")
  func information() throws {
    let plain = CriticallyDampedLangevin(epsilon: 0)
    let elliptic = CriticallyDampedLangevin(epsilon: 0.5)
    for (process, error) in [(plain, BlockVector(3, 0.2)), (elliptic, BlockVector(0.3, 0.2))] {
      let stage = EulerMaruyama().step(process, from: 0.5, to: 0.4)[0]
      let root = try #require(stage.informationRoot)
      // G = hD, N Nᵀ = hD: |N⁺Gδ|² = h δᵀDδ.
      let h = process.elapsed(from: 0.4, to: 0.5)
      let expected = h * error.dot(process.diffusion(at: 0.5) * error)
      #expect(abs((root * error).dot(root * error) - expected) < 1e-9 * expected)
    }
    let flow = ProbabilityFlowHeun().step(plain, from: 0.5, to: 0.4)
    #expect(flow.allSatisfy { $0.informationRoot == nil })
    let deterministic = SamplerStage(
      state: .identity(2), score: .identity(2), at: 0.4, noise: BlockMatrix(0, 0, 0, 1))
    #expect(deterministic.informationRoot == nil)
  }
}

/// u ← u + √h Z.
private struct NoiseAlone: Sampler {
  var order: Int? { nil }

  func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    [SamplerStage(state: BlockMatrix(1), at: t, noise: BlockMatrix((t - s).squareRoot()))]
  }
}
