import Testing

@testable import Sampling

@Suite struct SamplerOptionTests {
  /// A sampler of options that all differ from the defaults.
  private func made(_ kind: SamplerKind) -> any Sampler {
    var options = SamplerOptions()
    (options.churn, options.eta, options.corrections, options.signalToNoise) = (0.75, 0.25, 3, 0.2)
    (options.stepSize, options.slowdown, options.friction) = (0.3, 0.02, 2.5)
    (options.reverseVariance, options.corrected) = (.forward, .position)
    options.predictor = Predictor(.probabilityFlowEuler) ?? .eulerMaruyama
    return kind.make(options)
  }

  @Test("a sampler has the options that are given, each its own") func options() throws {
    #expect((made(.stochasticHeun) as? StochasticHeun)?.churn == 0.75)
    #expect((made(.ddim) as? ImplicitSampler)?.eta == 0.25)
    #expect((made(.ancestral) as? AncestralSampler)?.variance == .forward)
    let corrected = try #require(made(.predictorCorrector) as? PredictorCorrector)
    #expect(corrected.corrections == 3 && corrected.signalToNoise == 0.2)
    #expect(corrected.predictor is ProbabilityFlowEuler && corrected.corrected == .position)
    let annealed = try #require(made(.annealedLangevin) as? AnnealedLangevin)
    #expect(annealed.corrections == 3 && annealed.stepSize == 0.3)
    #expect((made(.consistentAnnealed) as? ConsistentAnnealedSampling)?.stepSize == 0.3)
    #expect((made(.diffusionAnnealedLangevin) as? DiffusionAnnealedLangevin)?.slowdown == 0.02)
    let underdamped = try #require(made(.underdampedAnnealedLangevin) as? UnderdampedAnnealedLangevin)
    #expect(underdamped.slowdown == 0.02 && underdamped.friction == 2.5)
    #expect((made(.nelson) as? NelsonProcess)?.slowdown == 0.02)
    for (kind, arrangement) in [(.leapfrog, .leapfrog), (.baoab, .baoab), (.obabo, .obabo)]
      as [(SamplerKind, KickSplitting.Arrangement)]
    {
      #expect((made(kind) as? KickSplitting)?.arrangement == arrangement)
    }
  }
}
