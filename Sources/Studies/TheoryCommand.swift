package import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Reports
internal import Runs
internal import Targets
internal import Theory

/// What a user asks of `sgm-theory`.
package struct TheoryRequest: Sendable {
  /// The study, then a process where it takes one, then the target.
  package var words: [String]
  /// Means of the Gaussian target, or of a mixture's components, separated by commas.
  package var mean: String?
  /// Variances of the Gaussian target, or of a mixture's components, separated by commas.
  package var variance: String?
  /// Weights of the components of the target mixture, separated by commas.
  package var weights: String?
  /// Whether `epsilon` trains networks.
  package var isLearned = false
  /// `key=value` settings of the experiment that process and target make.
  package var settings: [String] = []
  /// Samples in each set.
  package var count: Int?
  /// Seeds.
  package var repeats: Int?
  /// Steps of the sampler.
  package var steps: Int?
  /// A folder for plots.
  package var plots: String?
  /// Whether files of `plots` that this program has not made may be replaced.
  package var overwrite = false
  /// Whether a run's data may have changed since it was trained.
  package var allowsDataChange = false

  /// A request with the defaults.
  package init(words: [String]) { self.words = words }
}

/// What `sgm-theory` found: tables for people and JSON lines for programs, the same bytes on every rank and any number of
/// ranks, and pictures that are still to be drawn.
package struct TheoryAnswer {
  fileprivate let findings: TheoryFindings
  fileprivate let plots: String?

  /// Tables for people.
  package var text: String { findings.text }
  /// JSON lines for programs.
  package var json: String { findings.json }

  /// Draws the pictures on the root.
  ///
  /// - Returns: on every rank, which were drawn and which were not.
  package func draw(_ communicator: Communicator) throws -> String {
    try communicator.agree {
      guard communicator.isRoot, let plots else { return "" }
      return try findings.draw(in: plots)
    }
  }
}

/// Runs `sgm-theory` on all ranks.
///
/// - Returns: what was found.
package func theory(_ request: TheoryRequest, _ communicator: Communicator) throws -> TheoryAnswer {
  let inquiry = try communicator.agree { try TheoryInquiry(request) }
  try communicator.agree {
    guard communicator.isRoot, let folder = request.plots else { return }
    // Pictures are named after their study, one of constants after its target.
    for prefix in [inquiry.study.rawValue, "double-well"] {
      try PlotFolder.check(folder, prefix: prefix, overwrite: request.overwrite)
    }
  }
  let findings =
    switch inquiry.study {
    case .errors: try inquiry.errors(communicator)
    case .contract: try inquiry.contract(communicator)
    case .epsilon: try inquiry.epsilonTable(communicator)
    case .schedule: try inquiry.schedule(communicator)
    case .annealed: try inquiry.annealed(communicator)
    case .constants: try inquiry.constants(communicator)
    }
  return TheoryAnswer(findings: findings, plots: request.plots)
}

/// A request that has been understood.
struct TheoryInquiry {
  /// What is asked.
  enum Study: String, CaseIterable { case errors, contract, epsilon, schedule, annealed, constants }

  /// What the theory is computed for.
  enum Subject {
    case gaussian(GaussianData)
    case builtIn(any Target, name: String)
    case runs([String])
    case doubleWell
    case logLipschitz
  }

  package let study: Study
  package let subject: Subject
  package let experiment: Experiment
  package let request: TheoryRequest

  init(_ request: TheoryRequest) throws {
    self.request = request
    guard let word = request.words.first, let study = Study(rawValue: word) else {
      let names = Study.allCases.map(\.rawValue).joined(separator: ", ")
      throw ToolError.usage("the first word must be a study: \(names)")
    }
    self.study = study
    let rest = Array(request.words.dropFirst())
    try Self.check(request)
    if !rest.isEmpty, rest.allSatisfy(Self.isRun) {
      guard study == .errors && rest.count == 1 || study == .epsilon else {
        throw ToolError.usage("\(word) takes no run folder: errors takes one, epsilon one or more")
      }
      subject = .runs(rest)
      experiment = Experiment()
      return
    }
    guard rest.count == 1 || rest.count == 2, let name = rest.last else {
      throw ToolError.usage("\(word) takes a target, and before it a process if you like")
    }
    let process = rest.count == 2 ? rest[0] : Self.usualProcess(study, name)
    let special = ["double-well": Study.constants, "log-lipschitz": .contract]
    if let only = special[name], only != study, (name, study) != ("log-lipschitz", .constants) {
      throw ToolError.usage("the target \(name) is known to the study \(only.rawValue) alone")
    }
    let isOwn = special[name] != nil || name == "mixture"
    guard isOwn || TargetKind(rawValue: name) != nil else {
      let names = (TargetKind.allCases.map(\.rawValue) + ["mixture"]).joined(separator: ", ")
      throw ToolError.usage("\(name): is neither a run's folder nor a target; the targets are \(names)")
    }
    let target = escaped(isOwn ? "gaussian" : name)
    let text = "data: {target: \(target), dimension: 2}\nprocess: {kind: \(escaped(process))}\n"
    experiment = try Experiment(yaml: text + Self.training, file: "sgm-theory", settings: request.settings)
    guard ["gaussian", "mixture"].contains(name) || request.mean == nil && request.variance == nil else {
      throw ToolError.usage("--mean and --variance belong to the targets gaussian and mixture")
    }
    switch name {
    case "double-well": subject = .doubleWell
    case "log-lipschitz": subject = .logLipschitz
    case "gaussian": subject = .gaussian(try Self.gaussian(request))
    case "mixture": subject = .builtIn(try Self.mixture(request), name: name)
    default:
      guard let target = try experiment.target() else {
        throw ToolError.usage("\(name): a target is expected, not a file")
      }
      subject = .builtIn(target, name: name)
    }
  }

  /// What `epsilon` trains by default: small enough for minutes.
  private static let training = """
    network: {widths: [64, 64, 64]}
    training: {steps: 3000, batch: 512, warmup_steps: 100, held_out_every: 0}

    """

  private static func usualProcess(_ study: Study, _ name: String) -> String {
    switch (study, name) {
    case (.annealed, _): "annealed"
    case (.errors, "mixture"): "ornstein-uhlenbeck"
    default: "critically-damped-langevin"
    }
  }

  private static func isRun(_ word: String) -> Bool {
    FileManager.default.fileExists(atPath: RunFolder(word).experiment)
  }

  private static func check(_ request: TheoryRequest) throws {
    for (option, value) in [("--count", request.count), ("--repeats", request.repeats), ("--steps", request.steps)] {
      if let value, value < 2, option != "--repeats" || value < 1 {
        throw ToolError.usage("\(option) \(value): at least \(option == "--repeats" ? 1 : 2) is expected")
      }
    }
  }

  private static func numbers(_ text: String, _ option: String, arePositive: Bool = false) throws -> [Double] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let value = Double(part), value.isFinite else {
        throw ToolError.usage("\(option) \(text): numbers separated by commas are expected")
      }
      guard value > 0 || !arePositive else {
        throw ToolError.usage("\(option): positive numbers are expected")
      }
      return value
    }
  }

  private static func gaussian(_ request: TheoryRequest) throws -> GaussianData {
    guard request.weights == nil else { throw ToolError.usage("--weights belongs to the target mixture") }
    var means = try numbers(request.mean ?? "0.7", "--mean")
    var variances = try numbers(request.variance ?? "0.3", "--variance", arePositive: true)
    if means.count == 1 { means = Array(repeating: means[0], count: variances.count) }
    if variances.count == 1 { variances = Array(repeating: variances[0], count: means.count) }
    guard means.count == variances.count else {
      throw ToolError.usage("--mean has \(means.count) numbers and --variance \(variances.count)")
    }
    return GaussianData(mean: means, variance: variances)
  }

  /// A mixture on the line.
  private static func mixture(_ request: TheoryRequest) throws -> GaussianMixture {
    let means = try numbers(request.mean ?? "-1,1.2", "--mean")
    var variances = try numbers(request.variance ?? "0.2", "--variance", arePositive: true)
    if variances.count == 1 { variances = Array(repeating: variances[0], count: means.count) }
    let equal = Array(repeating: 1.0, count: means.count)
    let weights = try request.weights.map { try numbers($0, "--weights", arePositive: true) } ?? equal
    guard means.count == variances.count, means.count == weights.count else {
      throw ToolError.usage(
        "a mixture has as many --mean as --variance and --weights: "
          + "\(means.count), \(variances.count) and \(weights.count)")
    }
    return GaussianMixture(weights: weights, means: means.map { [$0] }, variances: variances.map { [$0] })
  }

  /// The process at another horizon.
  package func process(horizon: Double) -> any ForwardProcess {
    var section = experiment.process
    section.horizon = horizon
    return section.make()
  }

  /// The Gaussian that a study needs.
  func gaussianOnly() throws -> GaussianData {
    guard case .gaussian(let data) = subject else {
      throw ToolError.usage("\(study.rawValue) is exact and knows the target gaussian alone")
    }
    return data
  }

  /// The exact score of a built-in target under a process, in standardised coordinates.
  func exactScore(_ target: any Target, _ name: String, _ process: any ForwardProcess) throws -> any Score {
    guard let score = target.score(under: process, in: target.standardisation) else {
      throw ToolError.usage("the exact score of \(name) is not known; choose a Gaussian, a mixture or the funnel")
    }
    return score
  }
}
