internal import Diffusion
internal import Files

extension ExperimentKey {
  private typealias Kind = ProcessKind

  private static func only(_ kinds: Kind...) -> Condition {
    Condition(words: listed(kinds.map(\.rawValue))) { kinds.contains($0.process.kind) }
  }

  private static func schedule(_ schedules: NoiseSchedule.Kind...) -> Condition {
    Condition(words: "processes with schedule " + listed(schedules.map(\.rawValue))) {
      $0.process.kind.usualSchedule != nil && schedules.contains($0.process.schedule)
    }
  }

  private static let scheduled = Condition(
    words: listed(Kind.allCases.filter { $0.usualSchedule != nil }.map(\.rawValue))
  ) { $0.process.kind.usualSchedule != nil }

  private static let ofStudent = Condition(words: "annealed with base student-t") {
    $0.process.kind == .annealed && $0.process.base == .studentT
  }

  private static func listed(_ words: [String]) -> String {
    words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + words[words.count - 1]
  }

  package static let process: [ExperimentKey] =
    [
      .init("process.kind", \.process.kind, "Forward process."),
      .init(
        "process.schedule", \.process.schedule, when: scheduled, default: "`constant` for Langevin, else `linear`",
        "Noise schedule β(t)."),
      .init(
        "process.beta_min", \.process.betaMinimum, in: .positive, when: schedule(.linear, .exponential),
        "β at time 0, per unit time."),
      .init(
        "process.beta_max", \.process.betaMaximum, in: .positive, when: schedule(.linear, .exponential),
        "β at the horizon, per unit time."),
      .init(
        "process.beta_growth", \.process.betaGrowth,
        in: Limits(words: "between -100 and 100 and not 0, where linear is the limit") { $0 != 0 && abs($0) <= 100 },
        when: schedule(.exponential), "Growth rate a, per unit time: β(t) − beta_min is proportional to e^{at} − 1."),
      .init(
        "process.beta", \.process.beta, in: .positive, when: schedule(.constant),
        default: "8 for phase-space-langevin, 6 for third-order-langevin, else 4", "Constant β, per unit time."),
    ] + langevin + paths + [
      .init(
        "process.horizon", \.process.horizon, in: .positive,
        default: "4 for ornstein-uhlenbeck and exponential annealing, 0.999 for flow-matching, else 1",
        "Final diffusion time T; less than 1 for flow-matching, where the score no longer tells the data.")
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
