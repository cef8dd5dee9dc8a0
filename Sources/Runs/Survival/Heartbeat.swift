package import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports

/// What a rank last wrote of itself in `ranks/rank-0000.json` of its run's folder.
///
/// A run that ends in good order removes these files; those that are there tell how the last attempt died.
package struct Heartbeat: Equatable {
  /// How a rank stood when it wrote.
  package enum State: String {
    /// At work: if this is a rank's last word, it was killed or is stopped.
    case running
    /// Asked by SIGTERM to end, as mpirun does with all ranks when one has died.
    case terminated
    /// Ended by its own watchdog: the other ranks did not come.
    case stalled
    /// Ended by an error of its own.
    case failed
  }

  package var rank: Int
  var host: String
  package var process: Int
  package var state: State
  package var step: Int
  package var stage: RunStage
  var call: MessageCall
  package var isInside: Bool
  package var calls: Int
  /// Seconds since 1970, by the host's clock.
  package var time: Double

  /// A heartbeat from its parts.
  package init(
    rank: Int, host: String, process: Int, state: State, step: Int, stage: RunStage, call: MessageCall, isInside: Bool,
    calls: Int, time: Double
  ) {
    self.rank = rank
    self.host = host
    self.process = process
    self.state = state
    self.step = step
    self.stage = stage
    self.call = call
    self.isInside = isInside
    self.calls = calls
    self.time = time
  }

  /// Bytes of a file: always the same, so that one write replaces all of it.
  package static let width = 384

  /// One JSON object, filled with spaces and ended by a newline.
  package var line: [UInt8] {
    let json = JSONValue.object([
      .init("rank", .integer(rank)), .init("host", .string(String(host.prefix(64)))),
      .init("process", .integer(process)), .init("state", .string(state.rawValue)), .init("step", .integer(step)),
      .init("stage", .integer(Int(stage.rawValue))), .init("call", .string(call.description)),
      .init("inside", .boolean(isInside)), .init("calls", .integer(calls)), .init("time", .real(time)),
    ])
    var bytes = Array(json.description.utf8.prefix(Self.width - 1))
    bytes += [UInt8](repeating: 0x20, count: Self.width - 1 - bytes.count)
    return bytes + [0x0a]
  }
}

extension Heartbeat {
  /// Reads a line; nil where it is damaged.
  init?(line: String) {
    guard let json = JSONValue(line: line.trimmingCharacters(in: .whitespacesAndNewlines)),
      let rank = json["rank"]?.whole, case .string(let host)? = json["host"], let process = json["process"]?.whole,
      case .string(let name)? = json["state"], let state = State(rawValue: name), let step = json["step"]?.whole,
      let stage = json["stage"]?.whole.flatMap({ RunStage(rawValue: Int32(clamping: $0)) }),
      case .string(let callName)? = json["call"], case .boolean(let isInside)? = json["inside"],
      let calls = json["calls"]?.whole, let time = json["time"]?.number
    else { return nil }
    let call = MessageCall.allCases.first { $0.description == callName } ?? .none
    self.init(
      rank: rank, host: host, process: process, state: state, step: step, stage: stage, call: call,
      isInside: isInside, calls: calls, time: time)
  }

  /// Where the rank was, in words.
  package var place: String {
    "step \(step)" + (stage == .step ? "" : ", \(stage.words)")
      + (isInside ? ", in \(call)" : calls > 0 ? ", computing after \(call)" : "")
  }

  /// All that can be read in a run's folder, by rank.
  package static func all(in folder: RunFolder) -> [Heartbeat] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.ranks)) ?? []
    return names.filter { $0.hasPrefix("rank-") }.compactMap { name -> Heartbeat? in
      guard let bytes = try? readFile(folder.ranks + "/" + name, atMost: 4096, otherwise: { _ in .fault("long") })
      else { return nil }
      return Heartbeat(line: String(decoding: bytes, as: UTF8.self))
    }.sorted { $0.rank < $1.rank }
  }
}

extension RunFolder {
  /// Heartbeats of the ranks at work.
  package var ranks: String { path + "/ranks" }

  /// The heartbeat of one rank.
  package func heartbeat(rank: Int) -> String {
    let digits = String(rank)
    return ranks + "/rank-" + String(repeating: "0", count: max(4 - digits.count, 0)) + digits + ".json"
  }
}

extension JSONValue {
  fileprivate var whole: Int? {
    if case .integer(let number) = self { number } else { nil }
  }
}
