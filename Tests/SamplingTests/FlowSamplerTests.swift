import Diffusion
import Testing

@testable import Sampling

@Suite struct FlowSamplerTests {
  private static let everyProcess: [any ForwardProcess] =
    processes + [VarianceExploding(), AnnealedPath(annealing: .cosine), FlowMatching()]

  @Test(
    "a sampler follows the flow if, and only if, it draws no noise on any process that it serves",
    arguments: SamplerKind.allCases)
  func noise(_ kind: SamplerKind) {
    let sampler = kind.make()
    for process in Self.everyProcess where sampler.requirement.isMet(by: process) {
      let (r, t, s) = (0.4 * process.horizon, 0.3995 * process.horizon, 0.399 * process.horizon)
      let stages = sampler.step(process, from: r, to: t) + sampler.step(process, from: t, to: s, after: r)
      let draws = stages.contains { $0.noise != nil }
      #expect(kind.followsFlow == !draws, "\(type(of: process))")
    }
    #expect((FlowSampler(kind) != nil) == kind.followsFlow)
    #expect(FlowSampler(rawValue: kind.rawValue)?.kind == (kind.followsFlow ? kind : nil))
  }

  @Test("the flow's samplers are among those of a teacher") func known() {
    for kind in [SamplerKind.probabilityFlowEuler, .probabilityFlowHeun, .ddim, .dpmSolver, .exponentialMultistep] {
      #expect(FlowSampler(kind) != nil, "\(kind.rawValue)")
    }
    #expect(FlowSampler(.ancestral) == nil && FlowSampler(rawValue: "dormand-prince") == nil)
  }
}
