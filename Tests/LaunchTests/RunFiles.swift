import Foundation
import Testing

/// The files of a run that must not depend on how it was run.
struct RunFiles: Equatable, Sendable {
  var checkpoint: Data
  var samples: Data
  /// `metrics.jsonl` without `seconds` and `timings`.
  var metrics: [String]
  /// The messages of the TensorBoard file, each without its wall time: eight bytes after the first.
  var events: [Data]

  init(_ workshop: Workshop, _ run: String, step: Int = 60) throws {
    let name = "step-" + String(repeating: "0", count: 9 - String(step).count) + String(step)
    checkpoint = try workshop.bytes("\(run)/checkpoints/\(name).safetensors")
    samples = try workshop.bytes("\(run)/samples/\(name).npy")
    let messages = try Self.messages(workshop.bytes("\(run)/events.out.tfevents.sgm-train"))
    events = messages.map { $0.prefix(1) + $0.dropFirst(9) }
    metrics = try String(decoding: workshop.bytes("\(run)/metrics.jsonl"), as: UTF8.self).split(separator: "\n").map {
      guard var line = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] else {
        throw Failure("no JSON object: \($0)")
      }
      for timing in ["seconds", "timings"] { line[timing] = nil }
      return String(decoding: try JSONSerialization.data(withJSONObject: line, options: .sortedKeys), as: UTF8.self)
    }
  }

  /// What the frames hold: eight bytes of length, four of check, the message, four of check.
  private static func messages(_ file: Data) -> [Data] {
    var messages: [Data] = []
    var rest = file
    while rest.count >= 16 {
      let count = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      messages.append(Data(rest.dropFirst(12).prefix(count)))
      rest = Data(rest.dropFirst(count + 16))
    }
    return messages
  }
}

/// Says which file differs: two megabytes side by side would help nobody.
func expectSame(_ files: RunFiles, _ others: RunFiles, _ how: Comment, location: SourceLocation = #_sourceLocation) {
  let sameCheckpoint = files.checkpoint == others.checkpoint
  let sameSamples = files.samples == others.samples
  #expect(sameCheckpoint, "checkpoint: \(how)", sourceLocation: location)
  #expect(sameSamples, "samples: \(how)", sourceLocation: location)
  #expect(files.metrics == others.metrics, "metrics: \(how)", sourceLocation: location)
  let sameEvents = files.events == others.events && files.events.count == files.metrics.count + 1
  #expect(sameEvents, "TensorBoard events: \(how)", sourceLocation: location)
}

extension Workshop {
  /// Trains the small experiment to its end and returns what it left.
  func train(
    _ run: String, ranks: Int = 0, settings: [String] = [], pictures: Bool = false
  ) throws -> RunFiles {
    try write(smallExperiment, to: "small.yaml")
    let outcome = try self.run(
      "sgm-train", ["small.yaml", "--output", run] + settings, ranks: ranks, pictures: pictures)
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try RunFiles(self, run)
  }
}
