import Communication
import Diffusion
import LinearAlgebra
import Networks
import Randomness
import Sampling
import Targets
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs

private typealias Kind = ProcessKind
private typealias Objective = ObjectiveKind
private typealias Output = NetworkOutput
private typealias Sampler = SamplerChoice

/// One combination of the four choices that must fit each other.
private struct Combination {
  var process: Kind
  var objective: Objective
  var output: Output
  var sampler: Sampler

  /// The keys, what is chosen, and all that could be.
  var choices: [(key: String, chosen: String, all: [String])] {
    [
      ("process.kind", process.rawValue, Kind.allCases.map(\.rawValue)),
      ("training.objective", objective.rawValue, Objective.allCases.map(\.rawValue)),
      ("network.output", output.rawValue, Output.allCases.map(\.rawValue)),
      ("sampling.sampler", sampler.rawValue, Sampler.allCases.map(\.rawValue)),
    ]
  }

  /// The choices within a process, of which objectives and outputs take one after the other.
  private var variants: [[String]] {
    if process.usualSchedule != nil {
      let wide =
        switch process {
        case .criticallyDampedLangevin, .phaseSpaceLangevin: ["process.velocity_variance=0.5"]
        case .thirdOrderLangevin: ["process.velocity_variance=0.5", "process.acceleration_variance=0.5"]
        default: [String]()
        }
      return NoiseSchedule.Kind.allCases.map { schedule in
        let isGentle = [.linear, .exponential, .discreteLinear].contains(schedule)
        return wide + ["process.schedule=\(schedule.rawValue)"] + (isGentle ? ["process.beta_max=4"] : [])
      }
    }
    switch process {
    case .varianceExploding:
      return VarianceExploding.Prior.allCases.map {
        ["process.prior=\($0.rawValue)", "process.sigma_min=0.1", "process.sigma_max=2"]
      }
    case .annealed:
      return AnnealedPath.Annealing.allCases.flatMap { annealing in
        NoiseLaw.Kind.allCases.map { ["process.annealing=\(annealing.rawValue)", "process.base=\($0.rawValue)"] }
      }
    default: return [[]]
    }
  }

  private var variant: [String] {
    let number = (Objective.allCases.firstIndex(of: objective) ?? 0) + 2 * (Output.allCases.firstIndex(of: output) ?? 0)
    return variants[number % variants.count]
  }

  /// Whether samples are drawn.
  ///
  /// A sampler sees a score, not the objective that it was learned by. So each draws for the first objective, and those
  /// whose steps do not adapt to each row, which costs as much as all training here, for one more objective in turn.
  var isDrawn: Bool {
    let objectives = Objective.allCases
    guard let own = objectives.firstIndex(of: objective), own > 0 else { return true }
    if case .adaptive = sampler { return false }
    return (Sampler.allCases.firstIndex(of: sampler) ?? 0) % (objectives.count - 1) == own - 1
  }

  /// The process with all else as it is by default; the sampler has no part in it.
  func plain() throws -> Experiment {
    try Experiment(
      yaml: "data: {target: diamond, standardise: false}", file: "process.yaml",
      settings: ["process.kind=\(process.rawValue)"] + variant)
  }

  /// Whether the four go together by what the types say of themselves: the output's coefficients exist, the process has
  /// what the sampler needs, and noise without a diffusion leaves nothing to weigh scores with.
  func fits(_ plain: Experiment) -> Bool {
    let process = plain.process.make()
    if case .chain = sampler { return false }
    guard output.isAvailable(for: process), process.noise == .gaussian || !objective.comparesScores else {
      return false
    }
    return sampler.requirement(plain.sampling.options)?.isMet(by: process) ?? true
  }

  /// The experiment, with single choices replaced.
  func experiment(replacing settings: [String] = []) throws -> Experiment {
    // Steps that few evaluations can afford.
    let own =
      switch sampler {
      case .stepping(.diffusionAnnealedLangevin), .stepping(.underdampedAnnealedLangevin), .stepping(.nelson):
        ["sampling.slowdown=0.5"]
      case .adaptive: ["sampling.relative_tolerance=0.3", "sampling.absolute_tolerance=0.3"]
      case .stepping(.annealedLangevin): ["sampling.corrections=5"]
      default: [String]()
      }
    // The trace of a derivative is noisy: more rows, and smaller steps.
    let isNoisy = objective.needsCurvature
    let noisy = isNoisy ? ["training.learning_rate=0.0004", "training.batch=2048"] : []
    return try Experiment(
      yaml: """
        data: {target: diamond, standardise: false}
        network: {widths: [16], embedding_features: 4}
        training: {steps: 20, batch: 512, shards: 1, learning_rate: 0.004, warmup_steps: 0, ema_decay: 0,
          minimum_time: 0.3}
        sampling: {steps: 20, grid: log-snr, final_time: 0.3}
        """, file: "combination.yaml",
      settings: choices.map { "\($0.key)=\($0.chosen)" } + variant + own + noisy + settings)
  }
}

@Suite struct CombinationTests {
  private static let target = GaussianMixture.diamond
  private static let dimension = 2

  @Test(
    "every process, objective, output and sampler that go together learn and sample; the others are refused in words",
    arguments: ProcessKind.allCases, ObjectiveKind.allCases)
  func combinations(process: ProcessKind, objective: ObjectiveKind) throws {
    var (ran, fitting) = (0, 0)
    for output in Output.allCases {
      var score: NetworkScore?
      var plain: Experiment?
      for sampler in Sampler.allCases {
        let combination = Combination(process: process, objective: objective, output: output, sampler: sampler)
        let known = try plain ?? combination.plain()
        plain = known
        if combination.fits(known) { fitting += 1 }
        do {
          let experiment = try combination.experiment()
          let source = try experiment.source(process: experiment.process.make(), dimension: Self.dimension)
          let learned = try score ?? train(experiment)
          score = learned
          if combination.isDrawn {
            let isStiff = process == .thirdOrderLangevin
            try sample(source, learned, isStiff: isStiff, "\(combination) \(experiment.process.words)")
          }
          ran += 1
        } catch {
          expectRemedy(error, combination)
        }
      }
    }
    #expect(ran == fitting && (ran > 0 || process == .annealed), "\(ran) of \(fitting)")
  }

  /// Twenty steps; the loss on rows, times and noises that never change must fall, and all parameters move.
  private func train(_ experiment: Experiment) throws -> NetworkScore {
    let standardisation = Standardisation.identity(Self.dimension)
    func rows(_ first: UInt64) -> Matrix {
      var rows = Matrix(rows: experiment.training.batch, columns: Self.dimension)
      Self.target.draw(RandomStream(seed: 1, purpose: .targetDraw), firstIndex: first, into: &rows)
      return rows
    }
    let (model, options) = (experiment.model(dimension: Self.dimension), experiment.training.options)
    let kind = try experiment.objective(in: standardisation, dimension: Self.dimension)
    let data = ShardedRows(
      assignment: ShardAssignment(rows: experiment.training.batch, shards: 1, seed: 1), shards: 0..<1,
      dimension: Self.dimension, seed: 1)
    data.rows.copy(from: rows(0))
    let trainer = Trainer(
      model: model, objective: kind, options: options, data: data, tree: CanonicalTree(shards: 1),
      communicator: .single, seed: 1)
    // Implicit losses are the explicit one less a constant, and much noisier.
    let isImplicit = experiment.training.objective.needsCurvature
    let exact = isImplicit ? Self.target.score(under: model.process, in: standardisation) : nil
    let heldOut = HeldOutLoss(
      model: model, kind: exact.map { .explicit($0) } ?? kind, minimumTime: options.minimumTime, law: options.timeLaw,
      rows: rows(4096), seed: 1, communicator: .single)
    let before = try trainer.gatherAverage()
    let first = try heldOut.evaluate(before)
    for _ in 0..<20 {
      let report = try trainer.takeStep()
      #expect(report.fault == nil && report.loss.isFinite, "\(experiment.yaml)")
    }
    let after = try trainer.gatherAverage()
    let last = try heldOut.evaluate(after)
    var still: [String] = []
    for entry in ParameterLayout(model.network).entries {
      for k in entry.range where before[0, k] == after[0, k] { still.append("\(entry.name) \(k)") }
    }
    #expect(still == [], "\(experiment.yaml)")
    // Of third-order dynamics' posterior mean, little of which can be learned, it falls after 300 steps: noise until then.
    let room = isImplicit && experiment.process.kind == .thirdOrderLangevin ? 1.02 : 1
    #expect(last.isFinite && last < room * first, "loss from \(first) to \(last): \(experiment.yaml)")
    return NetworkScore(model: model, parameters: try trainer.gatherAverage())
  }

  /// 256 samples, whose mean and variance must be of the order of the data's, 0 and 0.17, and the untrained network's, 0
  /// and 1, with room for twenty coarse steps; of the third-order process, too stiff for so few, finite.
  private func sample(_ source: SampleSource, _ score: NetworkScore, isStiff: Bool, _ name: String) throws {
    var score = score
    var samples = Matrix(rows: NetworkScore.rows, columns: Self.dimension)
    source.generate(chunk: 0, score: &score, into: &samples)
    for k in 0..<Self.dimension {
      var values: [Double] = []
      for row in 0..<samples.rows { values.append(Double(samples[row, k])) }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      let isBounded = abs(mean) < 5 && variance > 0.003 && variance < 300
      #expect(isBounded || isStiff && variance.isFinite, "mean \(mean), variance \(variance): \(name)")
    }
  }

  /// A refusal must name another value of one of the choices that makes an experiment, or leaves another key at fault.
  private func expectRemedy(_ error: any Error, _ combination: Combination) {
    let text = "\(error)"
    // A density's sampler takes no network: the sentence names the command that it is for.
    if text.contains("draws from a known density"), text.contains("--score exact") { return }
    let words = Set(text.split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init))
    let remedies = combination.choices.flatMap { choice in
      choice.all.filter { $0 != choice.chosen && words.contains($0) }.map { "\(choice.key)=\($0)" }
    }
    let helps = remedies.contains { remedy in
      let next = errorText { _ = try combination.experiment(replacing: [remedy]) }
      return key(next) != key(text)
    }
    #expect(error is ToolError && helps, "\(text): \(remedies)")
  }

  /// The key that a refusal is about.
  private func key(_ text: String) -> Substring? {
    text.split(separator: " ").first { $0.contains(".") && !$0.contains("yaml") }
  }
}
