internal import Communication
internal import Files
internal import Foundation

/// Whether all hosts see the same files.
///
/// Ranks on hosts without the run's folder would train to the end, and fail when they draw samples.
enum SharedFiles {
  /// For how long a network file system may take to show a new file, in seconds.
  static let patience = 10.0

  /// Checks that every rank sees a folder that the root sees, by a file that the root has just made in it.
  ///
  /// - Throws: ``ToolError/unavailable(_:)`` on every rank, naming the hosts that do not.
  static func checkFolder(_ path: String, _ communicator: Communicator, patience: Double = patience) throws {
    guard communicator.size > 1 else { return }
    let seen = try whoSees(path, communicator, patience: patience)
    guard seen.contains(false) else { return }
    let words = seen[communicator.rank] ? "" : "rank \(communicator.rank) on \(hostName())"
    let blind = try named(words, communicator)
    let error = ToolError.unavailable(
      "\(path): is not seen by \(blind): all hosts must share the run's folder, at the same path, on a network file "
        + "system such as NFS or Lustre; sgm-train --doctor shows what each host sees")
    try communicator.agree { throw error }
  }

  /// For each rank whether it sees what the root has just made in a folder.
  ///
  /// - Throws: on every rank, where the root cannot make a file there.
  static func whoSees(_ path: String, _ communicator: Communicator, patience: Double = patience) throws -> [Bool] {
    // A name that no client has asked for before: none remembers that it was not there.
    let token = try communicator.fromRoot { () throws -> String in
      let name = "\(path)/.seen-by-all-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).partial"
      try Descriptor.creating(name).write(Array(name.utf8), at: 0)
      return name
    }
    defer { if communicator.isRoot { unsafe _ = unlink(token) } }
    return try communicator.allGather([waits(for: token, patience: patience) ? 1 : 0]).map { $0 == 1 }
  }

  /// The words of the ranks that have some, at most four of them.
  private static func named(_ words: String, _ communicator: Communicator) throws -> String {
    let all = try communicator.allGather(Array(words.utf8)).map { String(decoding: $0, as: UTF8.self) }
    let some = all.filter { !$0.isEmpty }
    return some.prefix(4).joined(separator: ", ") + (some.count > 4 ? ", …" : "")
  }

  private static func waits(for token: String, patience: Double) -> Bool {
    let end = DispatchTime.now().uptimeNanoseconds + UInt64(patience * 1e9)
    while true {
      let bytes = try? readFile(token, atMost: 4096) { _ in .fault("long") }
      if bytes == Array(token.utf8) { return true }
      guard DispatchTime.now().uptimeNanoseconds < end else { return false }
      usleep(50_000)
    }
  }

  /// Checks that files read by every rank are the same on all hosts: their length, first and last bytes.
  ///
  /// - Throws: on every rank, naming the hosts whose file differs from the root's.
  static func checkSame(_ files: [String], _ communicator: Communicator) throws {
    guard communicator.size > 1 else { return }
    for file in files {
      let digest = try communicator.agree { try Self.digest(of: file) }
      let own = try communicator.fromRoot { digest }
      let others = try named(digest == own ? "" : "rank \(communicator.rank) on \(hostName())", communicator)
      guard !others.isEmpty else { continue }
      let error = ToolError.data(
        Place(file),
        "is another file for \(others) than for rank 0: all hosts must see the same data; put it on a shared file "
          + "system, or copy it to all of them")
      try communicator.agree { throw error }
    }
  }

  private static func digest(of file: String) throws -> String {
    let reading = try Descriptor.reading(file)
    let (size, part) = (try reading.size(), 1 << 16)
    var check = CRC32C()
    check.update(try reading.read(part, at: 0))
    check.update(try reading.read(part, at: max(size - part, 0)))
    return "\(size).\(check.text)"
  }
}
