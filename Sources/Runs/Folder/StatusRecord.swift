internal import Files
internal import Foundation

/// How a run stands, by its own word: `status.json`, replaced whole at the start, after each checkpoint and at the end.
///
/// A process that is killed leaves the word before: whether it is still at work is told by the lock and the heartbeats.
package struct StatusRecord: Equatable, Sendable {
  /// How the run stands.
  package enum State: String, CaseIterable, Sendable {
    case running
    /// Trained, sampled and judged.
    case complete
    /// In good order before its end: `--resume` goes on.
    case stopped
    /// By an error.
    case failed
  }

  package var state = State.running
  /// What scripts need to know of a stop: signal, time-limit, job-end, until; `error` of a failure.
  package var cause: String?
  /// Why it stopped or failed, in words.
  package var reason: String?
  /// The status that the program ends with; nil while it runs.
  package var exitStatus: Int?
  package var step = 0
  /// The last step of the experiment.
  package var steps = 0
  /// The step from which this attempt went on.
  package var firstStep = 0
  /// Seconds since 1970, by the root's clock, when this attempt began to train.
  package var started = 0.0
  /// When this was written.
  package var time = 0.0
  package var ranks = 1
  /// Threads of each rank.
  package var threads = 1
  /// Each host once, in the order of ranks.
  package var hosts: [String] = []
  /// The root's process, which tells one attempt from another.
  package var process = 0
  /// Paths below the run's folder.
  package var checkpoint: String?
  package var samples: String?
  package var report: String?

  package init() {}

  /// As a JSON object.
  var json: JSONValue {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    return .object([
      .init("format", .string(Self.format)), .init("state", .string(state.rawValue)), .init("cause", text(cause)),
      .init("reason", text(reason)), .init("exit_status", exitStatus.map { .integer($0) } ?? .null),
      .init("step", .integer(step)), .init("steps", .integer(steps)), .init("first_step", .integer(firstStep)),
      .init("started", .real(started)), .init("time", .real(time)), .init("ranks", .integer(ranks)),
      .init("threads", .integer(threads)), .init("hosts", JSONValue(hosts)), .init("process", .integer(process)),
      .init("checkpoint", text(checkpoint)), .init("samples", text(samples)), .init("report", text(report)),
    ])
  }

  static let format = "sgm-train status 1"
}

extension StatusRecord {
  /// Nil where the object is no status.
  init?(_ json: JSONValue) {
    func text(_ name: String) -> String? { if case .string(let text)? = json[name] { text } else { nil } }
    func whole(_ name: String) -> Int? { if case .integer(let number)? = json[name] { number } else { nil } }
    guard text("format") == Self.format, let state = text("state").flatMap(State.init(rawValue:)),
      let step = whole("step"), let steps = whole("steps"), let ranks = whole("ranks")
    else { return nil }
    (self.state, self.step, self.steps, self.ranks) = (state, step, steps, ranks)
    (cause, reason, exitStatus) = (text("cause"), text("reason"), whole("exit_status"))
    (firstStep, process, threads) = (whole("first_step") ?? 0, whole("process") ?? 0, whole("threads") ?? 1)
    (started, time) = (json["started"]?.number ?? 0, json["time"]?.number ?? 0)
    (checkpoint, samples, report) = (text("checkpoint"), text("samples"), text("report"))
    if case .array(let names)? = json["hosts"] {
      hosts = names.compactMap { if case .string(let name) = $0 { name } else { nil } }
    }
  }

  /// The status in a run's folder; nil where there is none that can be read.
  package init?(in folder: RunFolder) {
    guard let bytes = try? readFile(folder.status, atMost: 1 << 20, otherwise: { _ in .fault("long") }),
      let json = JSONValue(line: String(decoding: bytes, as: UTF8.self))
    else { return nil }
    self.init(json)
  }
}

extension RunFolder {
  /// How the run stands.
  package var status: String { path + "/status.json" }
}
