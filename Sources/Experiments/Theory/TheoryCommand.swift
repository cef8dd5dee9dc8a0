public import Communication
internal import Diffusion
internal import LinearAlgebra
internal import Targets
internal import Theory

/// What a user asks of `sgm-theory`.
public struct TheoryRequest: Sendable {
  /// The study, then a process where it takes one, then the target.
  public var words: [String]
  /// Means of the Gaussian target, separated by commas.
  public var mean: String?
  /// Variances of the Gaussian target, separated by commas.
  public var variance: String?
  /// `key=value` settings of the experiment that process and target make.
  public var settings: [String] = []
  /// Samples in each set.
  public var count: Int?
  /// Seeds.
  public var repeats: Int?
  /// Steps of the sampler.
  public var steps: Int?
  /// A folder for plots.
  public var plots: String?

  /// A request with the defaults.
  public init(words: [String]) { self.words = words }
}

/// Runs `sgm-theory` on all ranks.
///
/// - Returns: tables for people and JSON lines for programs, the same bytes on every rank and any number of ranks.
public func theory(_ request: TheoryRequest, _ communicator: Communicator) throws -> (text: String, json: String) {
  let inquiry = try communicator.agree { try TheoryInquiry(request) }
  let findings =
    switch inquiry.study {
    case .errors: try inquiry.errors(communicator)
    case .contract: try inquiry.contract(communicator)
    case .epsilon: try inquiry.epsilonTable(communicator)
    case .schedule: try inquiry.schedule(communicator)
    case .annealed: try inquiry.annealed(communicator)
    case .constants: try inquiry.constants(communicator)
    }
  let pictures = try communicator.agree { () throws -> String in
    guard communicator.isRoot, let folder = request.plots else { return "" }
    return try findings.draw(in: folder)
  }
  return (findings.text + (pictures.isEmpty ? "" : "\n" + pictures), findings.json)
}

/// A request that has been understood.
struct TheoryInquiry {
  /// What is asked.
  enum Study: String, CaseIterable { case errors, contract, epsilon, schedule, annealed, constants }

  /// What the theory is computed for.
  enum Subject {
    case gaussian(GaussianData)
    case builtIn(any Targets.Target, name: String)
    case doubleWell
    case logLipschitz
  }

  let study: Study
  let subject: Subject
  let experiment: Experiment
  let request: TheoryRequest

  init(_ request: TheoryRequest) throws {
    self.request = request
    guard let word = request.words.first, let study = Study(rawValue: word) else {
      let names = Study.allCases.map(\.rawValue).joined(separator: ", ")
      throw ExperimentError.usage("the first word must be a study: \(names)")
    }
    self.study = study
    let rest = Array(request.words.dropFirst())
    guard rest.count == 1 || rest.count == 2, let name = rest.last else {
      throw ExperimentError.usage("\(word) takes a target, and before it a process if you like")
    }
    let process = rest.count == 2 ? rest[0] : "critically-damped-langevin"
    let special = ["double-well": Study.constants, "log-lipschitz": .contract]
    if let only = special[name], only != study {
      throw ExperimentError.usage("the target \(name) is known to the study \(only.rawValue) alone")
    }
    let target = special[name] == nil ? name : "gaussian"
    let text = "data: {target: \(escaped(target)), dimension: 2}\nprocess: {kind: \(escaped(process))}\n"
    experiment = try Experiment(yaml: text, file: "sgm-theory", settings: request.settings)
    for (option, value) in [("--count", request.count), ("--repeats", request.repeats), ("--steps", request.steps)] {
      if let value, value < 2, option != "--repeats" || value < 1 {
        throw ExperimentError.usage("\(option) \(value): at least \(option == "--repeats" ? 1 : 2) is expected")
      }
    }
    let isGaussian = name == "gaussian"
    if !isGaussian, request.mean != nil || request.variance != nil {
      throw ExperimentError.usage("--mean and --variance belong to the target gaussian")
    }
    switch name {
    case "double-well": subject = .doubleWell
    case "log-lipschitz": subject = .logLipschitz
    case "gaussian": subject = .gaussian(try Self.gaussian(request))
    default:
      guard let target = try experiment.target() else {
        throw ExperimentError.usage("\(name): a target is expected, not a file")
      }
      subject = .builtIn(target, name: name)
    }
  }

  private static func gaussian(_ request: TheoryRequest) throws -> GaussianData {
    func numbers(_ text: String, _ option: String) throws -> [Double] {
      try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
        guard let value = Double(part), value.isFinite else {
          throw ExperimentError.usage("\(option) \(text): numbers separated by commas are expected")
        }
        return value
      }
    }
    var means = try numbers(request.mean ?? "0.7", "--mean")
    var variances = try numbers(request.variance ?? "0.3", "--variance")
    if means.count == 1 { means = Array(repeating: means[0], count: variances.count) }
    if variances.count == 1 { variances = Array(repeating: variances[0], count: means.count) }
    guard means.count == variances.count else {
      throw ExperimentError.usage("--mean has \(means.count) numbers and --variance \(variances.count)")
    }
    guard variances.allSatisfy({ $0 > 0 }) else {
      throw ExperimentError.usage("--variance: positive numbers are expected")
    }
    return GaussianData(mean: means, variance: variances)
  }

  /// The process at another horizon.
  func process(horizon: Double) -> any ForwardProcess {
    var section = experiment.process
    section.horizon = horizon
    return section.make()
  }

  /// The Gaussian that a study needs.
  func gaussianOnly() throws -> GaussianData {
    guard case .gaussian(let data) = subject else {
      throw ExperimentError.usage("\(study.rawValue) is exact and knows the target gaussian alone")
    }
    return data
  }

  /// The exact score of a built-in target under a process, in standardised coordinates.
  func exactScore(_ target: any Targets.Target, _ name: String, _ process: any ForwardProcess) throws -> any Score {
    guard let score = target.score(under: process, in: target.standardisation) else {
      throw ExperimentError.usage("the exact score of \(name) is not known; choose a Gaussian, a mixture or the funnel")
    }
    return score
  }
}
