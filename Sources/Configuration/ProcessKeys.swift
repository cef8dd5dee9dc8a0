internal import Diffusion
internal import Files
internal import Metrics
internal import Training

extension ExperimentKey {
  private typealias Kind = ProcessKind

  private static func only(_ kinds: Kind...) -> Condition {
    Condition(words: listed(kinds.map(\.rawValue))) { $0.process.chain == nil && kinds.contains($0.process.kind) }
  }

  private static func schedule(_ schedules: NoiseSchedule.Kind...) -> Condition {
    Condition(words: "processes with schedule " + listed(schedules.map(\.rawValue))) {
      $0.process.chain == nil && $0.process.kind.usualSchedule != nil && schedules.contains($0.process.schedule)
    }
  }

  private static let ofChain = Condition(
    words: "processes with schedule discrete-linear, training.time_grid chain or the metric bound"
  ) {
    $0.process.kind.usualSchedule != nil && $0.process.schedule == .discreteLinear
      || $0.training.timeGrid == .chain || $0.evaluation.metrics.contains(.chainBound)
  }

  private static let scheduled = Condition(
    words: listed(Kind.allCases.filter { $0.usualSchedule != nil }.map(\.rawValue))
  ) { $0.process.chain == nil && $0.process.kind.usualSchedule != nil }

  private static let ofStudent = Condition(words: "annealed with base student-t") {
    $0.process.chain == nil && $0.process.kind == .annealed && $0.process.base == .studentT
  }

  private static func listed(_ words: [String], last: String = "or") -> String {
    words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " \(last) " + words[words.count - 1]
  }

  /// What each kind has unless told, as `4 for these, 0.999 for that, else 1`: the commonest value comes last.
  ///
  /// - Parameters:
  ///   - value: the value of a kind in words; nil for a kind without.
  ///   - others: values of what is more than a kind.
  /// - Returns: the words.
  private static func usual(_ value: (Kind) -> String?, others: [(value: String, words: String)] = []) -> String {
    let all = Kind.allCases.compactMap { kind in value(kind).map { (value: $0, words: kind.rawValue) } }
    func count(_ value: String) -> Int { all.count(where: { $0.value == value }) }
    var values: [String] = []
    for (value, _) in all where !values.contains(value) { values.append(value) }
    guard let commonest = values.max(by: { count($0) < count($1) }) else { return "" }
    let parts = values.filter { $0 != commonest }.map { value in
      let named = (all + others).filter { $0.value == value }.map(\.words)
      return "\(value) for \(listed(named, last: "and"))"
    }
    return (parts + ["else \(commonest)"]).joined(separator: ", ")
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(value))" : "\(value)"
  }

  package static let process: [ExperimentKey] =
    [
      .init(
        "process.kind", \.process.choice,
        "Forward process: of real numbers, or of discrete states (the last three), which need data.levels."),
      .init(
        "process.schedule", \.process.schedule, when: scheduled,
        default: usual { $0.usualSchedule.map { "`\($0.rawValue)`" } },
        "Noise schedule β(t)."),
      .init(
        "process.beta_min", \.process.betaMinimum, in: .positive,
        when: schedule(.linear, .exponential, .discreteLinear).or(ofGaussianStates),
        "β at time 0, per unit time; a discretised Gaussian's β_1 is this over chain_steps."),
      .init(
        "process.beta_max", \.process.betaMaximum, in: .positive,
        when: schedule(.linear, .exponential, .discreteLinear).or(ofGaussianStates),
        "β at the horizon, per unit time; a discretised Gaussian's β_T is this over chain_steps."),
      .init(
        "process.beta_growth", \.process.betaGrowth,
        in: Limits(words: "between -100 and 100 and not 0, where linear is the limit") { $0 != 0 && abs($0) <= 100 },
        when: schedule(.exponential), "Growth rate a, per unit time: β(t) − beta_min is proportional to e^{at} − 1."),
      .init(
        "process.chain_steps", \.process.chainSteps, in: .whole(2, 1e6), when: ofChain.or(ofStates),
        "Steps n of the chain, whose states are at the times horizon · i/n; with discrete-linear, β_i of step i is "
          + "β · horizon/n, with β linear in i from beta_min to beta_max; the other chains of "
          + "discrete states have schedules of their own."),
      .init(
        "process.beta", \.process.beta, in: .positive, when: schedule(.constant),
        default: usual { number($0.usualBeta) }, "Constant β, per unit time."),
    ] + langevin + paths + [
      .init(
        "process.horizon", \.process.horizon, in: .positive, when: ofReals,
        default: usual({ number($0.usualHorizon) }, others: [(value: "4", words: "exponential annealing")]),
        "Final diffusion time T; less than 1 for flow-matching, since at 1 the score says nothing of the data.")
    ]

  private static let langevin: [ExperimentKey] = [
    .init(
      "process.a", \.process.a, in: .positive, when: only(.criticallyDampedLangevin),
      "Drift parameter a, per unit of β·time."),
    .init("process.sigma", \.process.sigma, in: .positive, when: only(.criticallyDampedLangevin), "Velocity noise σ."),
    .init(
      "process.epsilon", \.process.epsilon, in: .notNegative, when: only(.criticallyDampedLangevin),
      "Position noise ε; 0 is the kinetic Langevin process."),
    .init(
      "process.position_damping", \.process.positionDamping, in: .notNegative, when: only(.phaseSpaceLangevin),
      "Damping Γ of the position, which has noise √Γ; per unit of β·time."),
    .init(
      "process.velocity_damping", \.process.velocityDamping, in: .positive, when: only(.phaseSpaceLangevin),
      "Damping ν of the velocity; the mass is 4/(ν − Γ)², critical damping."),
    .init(
      "process.coupling", \.process.coupling, in: .positive, when: only(.thirdOrderLangevin),
      "Coupling γ of velocity and acceleration; 2√2 is critical damping."),
    .init(
      "process.friction", \.process.friction, in: .positive, when: only(.thirdOrderLangevin),
      "Friction ξ of the acceleration, which has noise √(2ξ); 3√3 is critical damping."),
    .init(
      "process.velocity_variance", \.process.velocityVariance, in: .notNegative,
      when: only(.criticallyDampedLangevin, .phaseSpaceLangevin, .thirdOrderLangevin),
      "Variance v² of the velocity at time 0."),
    .init(
      "process.acceleration_variance", \.process.accelerationVariance, in: .notNegative,
      when: only(.thirdOrderLangevin), "Variance of the acceleration at time 0."),
  ]

  private static let paths: [ExperimentKey] = [
    .init(
      "process.sigma_min", \.process.sigmaMinimum, in: .positive, when: only(.varianceExploding),
      "σ at time 0, in trained units."),
    .init(
      "process.sigma_max", \.process.sigmaMaximum, in: .positive, when: only(.varianceExploding),
      "σ at the horizon, in trained units."),
    .init(
      "process.prior", \.process.prior, when: only(.varianceExploding),
      "Start of generation: variance sigma_max², or that of noise and unit data together."),
    .init("process.annealing", \.process.annealing, when: only(.annealed), "How the share λ of the data falls with t."),
    .init("process.base", \.process.base, when: only(.annealed), "Law at the end of the path."),
    .init(
      "process.base_scale", \.process.baseScale, in: .positive, when: only(.annealed),
      "Scale s of the base, in trained units."),
    .init(
      "process.base_degrees", \.process.baseDegrees, in: .positive, when: ofStudent,
      "Degrees of freedom ν of the Student-t base."),
  ]
}
