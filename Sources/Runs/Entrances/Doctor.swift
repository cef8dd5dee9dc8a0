package import Communication
package import Files
internal import Foundation
internal import Reports

/// Looks at every host of a job, as `sgm-train --doctor` does: a table of hosts, then each fault with what to do.
///
/// - Parameters:
///   - folder: where runs are to be written; it is made if it is not there.
///   - communicator: the ranks, started as those of a run.
/// - Returns: on every rank the text, and ``ExitStatus/unavailable`` where a run would fail.
/// - Throws: `CommunicationError` where ranks do not reach each other.
package func examineHosts(
  folder: String, _ communicator: Communicator
) throws -> (text: String, status: ExitStatus) {
  // What fails here is what the other measurements find as well.
  _ = try? communicator.agree {
    if communicator.isRoot {
      try makeFolders(to: folder)
      try makeFolder(folder)
    }
  }
  var facts = HostFacts.local(folder: folder, rank: communicator.rank)
  try examineFolder(folder, communicator, &facts)
  facts.clock = try clockDifference(communicator)
  try measureLinks(communicator, &facts)
  let all = try communicator.allGather(Array(facts.json.description.utf8)).compactMap { bytes in
    JSONValue(line: String(decoding: bytes, as: UTF8.self)).flatMap { HostFacts($0) }
  }
  let diagnosis = Diagnosis(all, threads: communicator.threads.count)
  return (diagnosis.text(folder: folder), diagnosis.findings.contains(where: \.isGrave) ? .unavailable : .success)
}

private func examineFolder(_ folder: String, _ communicator: Communicator, _ facts: inout HostFacts) throws {
  do {
    facts.seesFolder = try SharedFiles.whoSees(folder, communicator)[communicator.rank]
  } catch is any StatusError {
    // The root could not write: who may, is found below.
    facts.seesFolder = FileManager.default.fileExists(atPath: folder)
  }
  let own = "\(folder)/.doctor-\(hostName())-\(getpid()).partial"
  facts.writesFolder = (try? Descriptor.creating(own)) != nil
  unsafe _ = unlink(own)
  let name = try communicator.fromRoot { "\(folder)/.doctor-\(UInt64.random(in: 0...UInt64.max)).partial" }
  let isCreator = (try? Descriptor.creating(name)) != nil
  let creators = try communicator.allGather([isCreator ? 1 : 0]).reduce(0, +)
  unsafe _ = unlink(name)
  // Hosts without the folder, or that may not write, are faults of their own.
  let isComparable = try communicator.allGather([facts.seesFolder && facts.writesFolder ? 1 : 0]).allSatisfy { $0 == 1 }
  facts.creators = isComparable ? Int(creators) : 1
}

/// Seconds by which this rank's clock is ahead of the root's: the smallest difference right after a barrier.
private func clockDifference(_ communicator: Communicator) throws -> Double {
  var best = Double.infinity
  for _ in 0..<5 {
    try communicator.barrier()
    let times = try communicator.allGather([Date().timeIntervalSince1970])
    let difference = times[communicator.rank] - times[0]
    if abs(difference) < abs(best) { best = difference }
  }
  return best
}

/// Between the root and the first rank of every other host, one after another; on one host, between its first two ranks.
private func measureLinks(_ communicator: Communicator, _ facts: inout HostFacts) throws {
  guard communicator.size > 1 else { return }
  let names = try communicator.allGather(Array(facts.host.utf8))
  var peers = names.indices.filter { names[$0] != names[0] && names.firstIndex(of: names[$0]) == $0 }
  if peers.isEmpty { peers = [1] }
  let large = 1 << 20
  for peer in peers {
    if communicator.rank == 0 || communicator.rank == peer {
      let other = communicator.rank == 0 ? peer : 0
      let small = try communicator.roundTrip(with: other, floats: 1, rounds: 50)
      let long = try communicator.roundTrip(with: other, floats: large, rounds: 5)
      if communicator.rank == peer { (facts.latency, facts.bandwidth) = (small, 8 * Double(large) / long) }
    }
    try communicator.barrier()
  }
}

extension Diagnosis {
  /// The table of hosts, what they have in common, and the findings.
  func text(folder: String) -> String {
    func gigabytes(_ bytes: Double) -> String { bytes.isFinite ? short(bytes / 1e9) + " GB" : "?" }
    let header = [
      "host", "ranks", "cores", "CPU", "free memory", "free disk", "/dev/shm", "clock", "round trip", "bandwidth",
    ]
    let rows = hosts.map { host in
      [
        host.host, "\(count(on: host))", "\(host.cores)", host.cpu, gigabytes(host.memory), gigabytes(host.disk),
        gigabytes(host.sharedMemory), host.rank == 0 ? "-" : "\(short(host.clock * 1e3)) ms",
        host.latency > 0 ? "\(short(host.latency * 1e6)) µs" : "-",
        host.bandwidth > 0 ? "\(short(host.bandwidth / 1e6)) MB/s" : "-",
      ]
    }
    var lines = [TextTable(title: "", header: header, rows: rows).plain]
    for (name, value) in [
      ("program", \HostFacts.program), ("MPI", \.messagePassing), ("started by", \.launcher), ("products", \.kernels),
    ] as [(String, KeyPath<HostFacts, String>)] {
      var values: [String] = []
      for host in hosts where !values.contains(host[keyPath: value]) { values.append(host[keyPath: value]) }
      lines.append("\(name): \(values.joined(separator: "; "))\n")
    }
    lines.append("folder: \(folder)\n")
    for finding in findings {
      lines.append("\(finding.isGrave ? "fault" : "note"): \(finding.problem)\n  do: \(finding.remedy)\n")
    }
    if findings.isEmpty { lines.append("nothing is wrong\n") }
    return printableLines(lines.joined())
  }
}
