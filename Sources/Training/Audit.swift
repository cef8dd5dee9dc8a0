internal import Communication
internal import LinearAlgebra
internal import Networks
internal import Randomness

/// Ranks that should hold the same bits hold different ones: a machine's memory, arithmetic or network is at fault.
public struct AuditError: Error, Sendable, Equatable {
  /// What was compared.
  public enum Subject: Sendable, Equatable {
    /// A slice of the parameters: what its owner holds, and what others received.
    case parameters(owner: Int)
    /// The gradient of one shard: what its rank computed, and what another did.
    case gradient(shard: Int, rank: Int, checkedBy: Int)
  }

  /// What differs.
  public let subject: Subject
  /// The step: parameters are those after it, a gradient is that of it.
  public let step: Int
  /// The ranks whose bits are not those of the majority; all that differ, where there is none.
  public let suspects: [Int]
  /// Whether a majority spoke.
  public let isDecided: Bool
}

/// Votes of ranks for values.
struct Ballot {
  private var votes: [(rank: Int, value: UInt64)] = []

  mutating func add(_ value: UInt64, by rank: Int) { votes.append((rank, value)) }

  /// Who disagrees with more than half of the votes, or everybody where no value has as many.
  var verdict: (suspects: [Int], isDecided: Bool) {
    var counts: [UInt64: Int] = [:]
    for vote in votes { counts[vote.value, default: 0] += 1 }
    let winner = counts.first { 2 * $0.value > votes.count }?.key
    return (Set(votes.filter { $0.value != winner }.map(\.rank)).sorted(), winner != nil)
  }
}

/// Room for one shard's pass beside the trainer's own.
final class AuditPass {
  let pass: NetworkPass
  let objective: any Objective
  var gradient: Matrix
  var rows: Matrix

  init(_ trainer: Trainer) {
    let (task, options) = (trainer.task, trainer.options)
    let count = trainer.rows
    pass = NetworkPass(
      architecture: task.network, frequencies: task.frequencies, rows: count, sets: 1, use: task.use(gradients: true))
    objective = task.objective(times: task.times(options.timeLaw, first: options.minimumTime), pass: pass)
    gradient = Matrix(rows: 1, columns: trainer.layout.count)
    rows = Matrix(rows: count, columns: task.columns)
  }
}

extension Trainer {
  /// Compares every rank's copy of every slice of the parameters with its owner's.
  ///
  /// - Throws: `AuditError`, the same on every rank.
  public func auditParameters() throws {
    guard communicator.size > 1 else { return }
    let own = (0..<communicator.size).map { owner in
      var digest = Digest()
      exchange.slices[owner].forEachRange { elements, _ in
        unsafe digest.update(parameters.pointer + elements.lowerBound, count: elements.count)
      }
      return digest.value
    }
    let all = try communicator.allGather(own.bytes).map { [UInt64](bytes: $0) }
    for owner in 0..<communicator.size {
      var ballot = Ballot()
      for rank in all.indices { ballot.add(all[rank][owner], by: rank) }
      let (suspects, isDecided) = ballot.verdict
      guard !suspects.isEmpty else { continue }
      throw AuditError(
        subject: .parameters(owner: owner), step: step, suspects: suspects, isDecided: isDecided)
    }
  }

  /// The shard of `rank` that audit `number` looks at: in turns, all of them.
  private func auditedShard(of rank: Int, audit number: Int) -> Int {
    let shards = CanonicalTree(shards: data.assignment.shards).range(rank: rank, of: communicator.size)
    return shards.lowerBound + number % shards.count
  }

  /// Which of this rank's sets audit `number` looks at.
  func auditedSet(audit number: Int) -> Int {
    auditedShard(of: communicator.rank, audit: number) - exchange.shards.lowerBound
  }

  /// Has the next rank compute a shard's gradient again and compares the bits; alone, this rank does.
  ///
  /// The rows go to all, so that where two ranks differ all others can say who is right.
  ///
  /// - Parameters:
  ///   - number: the audit's number.
  ///   - digest: that of the audited set's gradient as the step computed it.
  /// - Throws: `AuditError`, the same on every rank.
  func auditGradient(_ number: Int, digest: UInt64) throws {
    let size = communicator.size
    let rows = try communicator.allGather(batchRows(ofShard: auditedShard(of: communicator.rank, audit: number)))
    func repeated(_ rank: Int) -> UInt64 {
      gradientDigest(ofShard: auditedShard(of: rank, audit: number), rows: rows[rank])
    }
    func checker(of rank: Int) -> Int { (rank + 1) % size }
    let checked = repeated((communicator.rank + size - 1) % size)
    let all = try communicator.allGather([digest, checked].bytes).map { [UInt64](bytes: $0) }
    guard let rank = (0..<size).first(where: { all[$0][0] != all[checker(of: $0)][1] }) else { return }
    var ballot = Ballot()
    ballot.add(all[rank][0], by: rank)
    ballot.add(all[checker(of: rank)][1], by: checker(of: rank))
    for (voter, bytes) in try communicator.allGather([repeated(rank)].bytes).enumerated() {
      ballot.add([UInt64](bytes: bytes)[0], by: voter)
    }
    let (suspects, isDecided) = ballot.verdict
    throw AuditError(
      subject: .gradient(shard: auditedShard(of: rank, audit: number), rank: rank, checkedBy: checker(of: rank)),
      step: step + 1, suspects: suspects, isDecided: isDecided)
  }

  /// The rows that the coming step takes from one of this rank's shards.
  private func batchRows(ofShard shard: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for row in 0..<rows {
      let source =
        unsafe data.rows.pointer
        + data.row(shard: shard, at: step * rows + row) * data.rows.columns
      unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: source, count: 4 * data.rows.columns))
    }
    return bytes
  }

  /// The digest of a shard's gradient at the coming step, from its rows alone.
  private func gradientDigest(ofShard shard: Int, rows bytes: [UInt8]) -> UInt64 {
    let audit = auditPass
    unsafe bytes.withUnsafeBytes {
      unsafe UnsafeMutableRawPointer(audit.rows.pointer).copyMemory(
        from: $0.baseAddress ?? UnsafeRawPointer(audit.rows.pointer), byteCount: $0.count)
    }
    prepareTimes(of: audit.objective)
    let first = UInt64(shard * rows)
    unsafe audit.objective.draw(set: 0, firstIndex: first, streams: streams, into: audit.pass) { row in
      unsafe UnsafePointer(audit.rows.pointer) + row * audit.rows.columns
    }
    unsafe audit.objective.writeInputs(of: audit.pass, group: 0..<1, parameters: parameters.pointer)
    if audit.objective.usesNetwork { unsafe audit.pass.forward(parameters.pointer) }
    var digest = Digest()
    unsafe audit.objective.lossesAndGradients(
      of: audit.pass, group: 0..<1, parameters: parameters.pointer, scale: 1 / Double(options.batch),
      into: .sets(
        gradient: { _ in unsafe audit.gradient.pointer },
        completed: { _, elements in
          let first = unsafe audit.gradient.pointer + elements.lowerBound
          if self.injected != nil { unsafe self.corrupt(first) }
          unsafe digest.update(first, count: elements.count)
        }))
    return digest.value
  }
}
