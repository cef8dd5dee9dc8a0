internal import Configuration
internal import Files
internal import Foundation

/// The files of simulations while they are made, and what they become.
struct SimulationFiles {
  /// The folder.
  let path: String

  /// All rows: parameters and observations.
  var pairs: String { path + "/pairs.csv" }
  /// What was asked for: files that were made for anything else are of no use.
  var request: String { path + "/request.txt" }
  /// There where a rank has failed, so that the others do not work on for hours.
  var failed: String { path + "/failed" }

  /// The rows from number `first` on: parameters and observations of one start, checked.
  func block(_ first: Int) -> String { "\(path)/\(padded(first)).csv" }
  /// What one start is given.
  func input(_ first: Int) -> String { "\(path)/\(padded(first)).in.csv" }
  /// What it has written.
  func output(_ first: Int) -> String { "\(path)/\(padded(first)).out.csv" }
  /// What it has said.
  func errors(_ first: Int) -> String { "\(path)/\(padded(first)).err.txt" }

  /// Whether a rank has failed.
  var hasFailed: Bool { FileManager.default.fileExists(atPath: failed) }

  /// Whether a name is one of these.
  static func isOwn(_ name: String) -> Bool {
    ["pairs.csv", "request.txt", "failed"].contains(name)
      || name.wholeMatch(of: /\d{9,}(\.csv|\.in\.csv|\.out\.csv|\.err\.txt)/) != nil
  }

  /// All of them that are there.
  var own: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted().filter(Self.isOwn).map { "\(path)/\($0)" }
  }

  /// How many rows have been made of some that are under way.
  ///
  /// - Parameters:
  ///   - count: the rows asked for.
  ///   - perStart: those of one start, of which the last may have fewer.
  /// - Returns: the number; nil where none are under way, because all or none are there.
  func rowsMade(of count: Int, perStart: Int) -> Int? {
    let names = own.map { $0.split(separator: "/").last ?? "" }
    guard !names.contains("pairs.csv") else { return nil }
    let firsts = names.compactMap { $0.wholeMatch(of: /(\d{9,})\.csv/).flatMap { Int($0.1) } }
    return firsts.isEmpty ? nil : firsts.reduce(0) { $0 + max(min(perStart, count - $1), 0) }
  }

  /// Removes all of them but the pairs.
  func removeParts() { for file in own where file != pairs && file != request { unsafe _ = unlink(file) } }

  /// Removes all of them.
  func removeAll() { for file in own { unsafe _ = unlink(file) } }

  /// A new file in place of an old one, for a process to write to.
  static func created(_ path: String) throws(ToolError) -> Descriptor {
    unsafe _ = unlink(path)
    return try Descriptor.creating(path)
  }
}

extension RunFolder {
  /// What a simulator has made for the run.
  var simulations: SimulationFiles { SimulationFiles(path: path + "/simulations") }

  /// The pairs of a run with a simulator; nil for other runs.
  ///
  /// - Throws: ``ToolError/unreadable(file:_:)`` where they are not there.
  func pairs(of experiment: Experiment) throws -> (any RowSource)? {
    experiment.data.simulator == nil ? nil : try TableFile(simulations.pairs, header: .present)
  }
}
