public import Communication
public import Foundation

/// Runs `body` once on each of `count` ranks that are threads of this process; the results in rank order.
///
/// The ranks' collectives go through mailboxes in memory, and their rules are checked: all ranks must make the same call
/// with sizes that fit, within `limit` seconds, else every rank throws `BrokenCollective`. Each rank has `threads` threads.
///
/// - Throws: the error of the lowest rank that failed on its own account.
public func onRanks<Result: Sendable>(
  _ count: Int, threads: Int = 1, limit: TimeInterval = 30, _ body: @escaping @Sendable (Communicator) throws -> Result
) throws -> [Result] {
  let hub = ThreadHub(size: count, limit: limit)
  let outcomes = Outcomes<Result>(count: count)
  let done = DispatchGroup()
  for rank in 0..<count {
    done.enter()
    let thread = Thread {
      let communicator = Communicator(link: count > 1 ? ThreadLink(hub, rank: rank) : nil, rank: rank, size: count)
      do {
        outcomes.put(.success(try body(communicator.with(threads: threads))), rank)
        hub.leave(nil)
      } catch {
        outcomes.put(.failure(error), rank)
        hub.leave("rank \(rank) failed: \(error)")
      }
      done.leave()
    }
    thread.stackSize = 8 << 20
    thread.start()
  }
  done.wait()
  let results = try outcomes.inOrder()
  guard hub.untaken == 0 else { throw BrokenCollective(description: "\(hub.untaken) messages that no rank took") }
  return results
}

/// Ranks that did not make the same collective calls, and what they did.
public struct BrokenCollective: Error, CustomStringConvertible {
  /// What happened.
  public let description: String
}

private final class Outcomes<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Result<Value, any Error>?]

  init(count: Int) { values = Array(repeating: nil, count: count) }

  func put(_ value: Result<Value, any Error>, _ rank: Int) { lock.withLock { values[rank] = value } }

  func inOrder() throws -> [Value] {
    let all = lock.withLock { values.compactMap(\.self) }
    let errors = all.compactMap { if case .failure(let error) = $0 { error } else { nil } }
    if let error = errors.first(where: { !($0 is BrokenCollective) }) ?? errors.first { throw error }
    return try all.map { try $0.get() }
  }
}

/// What one rank brings to a collective call.
@safe private struct Deposit {
  var call: String
  var address: UnsafeMutableRawPointer?
  var numbers: [Int] = []
  var link: ThreadHub?
}

/// The mailboxes of a group of threads.
private final class ThreadHub: @unchecked Sendable {
  let size: Int
  private let limit: TimeInterval
  private let condition = NSCondition()
  private var deposits: [Deposit?]
  private var mail: [Slot: [[Float]]] = [:]
  private var arrived = 0
  private var round = 0
  private var failure: String?
  private var hasLeft = false

  init(size: Int, limit: TimeInterval) {
    (self.size, self.limit) = (size, limit)
    deposits = Array(repeating: nil, count: size)
  }

  /// A rank has ended: the others must not wait for it.
  func leave(_ reason: String?) {
    condition.withLock {
      hasLeft = true
      if arrived > 0 { failure = failure ?? reason ?? "a rank has ended where others wait for it" }
      failure = failure ?? reason
      condition.broadcast()
    }
  }

  /// Puts down a deposit, waits for all others', lets `body` look at them, and waits until all have looked.
  func meet<Result>(_ rank: Int, _ deposit: Deposit, _ body: ([Deposit]) throws -> Result) throws -> Result {
    condition.withLock { deposits[rank] = deposit }
    try wait(rank)
    let all = condition.withLock { deposits.compactMap { $0 } }
    let calls = all.map(\.call)
    do {
      if Set(calls).count > 1 { throw BrokenCollective(description: "the ranks' calls differ: \(calls)") }
      let result = try body(all)
      try wait(rank)
      return result
    } catch {
      leave("rank \(rank): \(error)")
      throw error
    }
  }

  /// Where a message lies: from whom, for whom, and which.
  private struct Slot: Hashable { let from, to, tag: Int }

  /// Puts a message down.
  func send(_ numbers: [Float], from: Int, to: Int, tag: Int) {
    condition.withLock {
      mail[Slot(from: from, to: to, tag: tag), default: []].append(numbers)
      condition.broadcast()
    }
  }

  /// Takes the first message of each slot, once all are there.
  func take(_ receives: [Transfer], for rank: Int) throws -> Bool {
    try condition.withLock {
      if let failure { throw BrokenCollective(description: failure) }
      let slots = unsafe receives.map { unsafe Slot(from: $0.peer, to: rank, tag: $0.tag) }
      guard slots.allSatisfy({ mail[$0] != nil }) else { return false }
      for (index, slot) in slots.enumerated() {
        let t = unsafe receives[index]
        guard var waiting = mail.removeValue(forKey: slot) else { continue }
        let numbers = waiting.removeFirst()
        guard unsafe numbers.count == t.count else {
          throw BrokenCollective(
            description: unsafe "\(numbers.count) numbers from \(t.peer) where \(t.count) are expected")
        }
        if !waiting.isEmpty { mail[slot] = waiting }
        unsafe t.address.update(from: numbers, count: numbers.count)
      }
      return true
    }
  }

  /// Waits until someone sends, and not for ever.
  func waitForMail(_ rank: Int, since start: Date) throws {
    try condition.withLock {
      let isLate = Date().timeIntervalSince(start) > limit
      if let failure = failure ?? (isLate ? "rank \(rank) waited \(limit) s for a message" : nil) {
        throw BrokenCollective(description: failure)
      }
      _ = condition.wait(until: Date(timeIntervalSinceNow: 0.001))
    }
  }

  /// Messages that no one has taken.
  var untaken: Int { condition.withLock { mail.values.reduce(0) { $0 + $1.count } } }

  private func wait(_ rank: Int) throws {
    condition.lock()
    defer { condition.unlock() }
    if hasLeft { failure = failure ?? "a rank has ended before the others" }
    let mine = round
    arrived += 1
    if arrived == size {
      (arrived, round) = (0, round + 1)
      condition.broadcast()
    }
    let end = Date(timeIntervalSinceNow: limit)
    while round == mine && failure == nil {
      if !condition.wait(until: end) {
        failure = failure ?? "rank \(rank) waited \(limit) s for the others"
        condition.broadcast()
      }
    }
    if let failure { throw BrokenCollective(description: failure) }
  }
}

/// One rank's way to the other threads.
@safe private final class ThreadLink: RankLink {
  private let hub: ThreadHub
  private let rank: Int
  /// What each group of transfers still receives.
  private var awaited: [Int: [Transfer]] = unsafe [:]
  /// What each group sends, and the numbers' bits when it began.
  private var sent: [Int: [(Transfer, [UInt32])]] = unsafe [:]
  private var polls = 0

  init(_ hub: ThreadHub, rank: Int) { (self.hub, self.rank) = (hub, rank) }

  func broadcast(_ data: UnsafeMutableRawPointer, count: Int, root: Int) throws {
    try unsafe hub.meet(rank, Deposit(call: "broadcast of \(count) bytes from \(root)", address: data)) { all in
      if rank != root { unsafe copy(all[root].address, 0..<count, to: data) }
    }
  }

  func allGather(_ value: Int64, into all: UnsafeMutablePointer<Int64>) throws {
    try unsafe hub.meet(rank, Deposit(call: "gathering of one number", numbers: [Int(value)])) { others in
      for (i, other) in others.enumerated() { unsafe all[i] = Int64(other.numbers[0]) }
    }
  }

  func allGather(
    inPlace data: UnsafeMutableRawPointer, sections: borrowing Sections, of element: GatheredElement
  ) throws {
    let ranges = (0..<hub.size).map { sections.range($0) }
    let call = "gathering of \(element)s \(ranges)"
    try unsafe hub.meet(rank, Deposit(call: call, address: data)) { all in
      for (other, range) in ranges.enumerated() where other != rank {
        let bytes = range.lowerBound * element.stride..<range.upperBound * element.stride
        unsafe copy(all[other].address, bytes, to: data)
      }
    }
  }

  func allReduce(_ data: UnsafeMutablePointer<Float>, count: Int) throws {
    let call = "sum of \(count) numbers"
    let sum = try unsafe hub.meet(rank, Deposit(call: call, address: UnsafeMutableRawPointer(data))) { all in
      (0..<count).map { i in
        all.reduce(Float(0)) { unsafe $0 + ($1.address?.load(fromByteOffset: 4 * i, as: Float.self) ?? .nan) }
      }
    }
    try barrier()
    for i in 0..<count { unsafe data[i] = sum[i] }
  }

  func begin(_ group: Int, sends: [Transfer], receives: [Transfer]) throws {
    // The formatter would join `unsafe` and `t`.
    // swift-format-ignore
    for unsafe t in unsafe sends where unsafe t.count > 0 {
      unsafe hub.send(Array(UnsafeBufferPointer(start: t.address, count: t.count)), from: rank, to: t.peer, tag: t.tag)
    }
    unsafe sent[group] = unsafe sends.filter { unsafe $0.count > 0 }.map { unsafe ($0, bits(of: $0)) }
    precondition(unsafe awaited[group] == nil, "group \(group) begun twice")
    unsafe awaited[group] = unsafe receives.filter { unsafe $0.count > 0 }
  }

  func poll(_ completed: (_ group: Int) throws -> Void) throws -> Bool {
    for group in unsafe awaited.keys.sorted() {
      while let receives = unsafe awaited[group] {
        // Every third look finds nothing, as on a slow network.
        polls += 1
        guard polls % 3 > 0, try unsafe hub.take(receives, for: rank) else { break }
        unsafe awaited[group] = nil
        guard unsafe sent[group]?.allSatisfy({ unsafe bits(of: $0) == $1 }) ?? true else {
          throw BrokenCollective(description: "numbers were changed while they were sent")
        }
        try completed(group)
      }
    }
    return unsafe !awaited.isEmpty
  }

  func completeAll(_ completed: (_ group: Int) throws -> Void) throws {
    let start = Date()
    while try poll(completed) { try hub.waitForMail(rank, since: start) }
  }

  func barrier() throws { try unsafe hub.meet(rank, Deposit(call: "barrier")) { _ in } }

  func split(color: Int, key: Int) throws -> (link: any RankLink, rank: Int, size: Int) {
    let places = try unsafe hub.meet(rank, Deposit(call: "split", numbers: [color, key])) { all in
      all.indices.filter { all[$0].numbers[0] == color }.sorted { a, b in
        (all[a].numbers[1], a) < (all[b].numbers[1], b)
      }
    }
    let hub = ThreadHub(size: places.count, limit: 30)
    // The first of each group brings the mailboxes.
    let shared = try unsafe self.hub.meet(rank, Deposit(call: "split, shared", link: hub)) { all in
      all[places[0]].link ?? hub
    }
    let place = places.firstIndex(of: rank) ?? 0
    return (ThreadLink(shared, rank: place), place, places.count)
  }

  func free() throws {}

  func finish() {}

  func abort(status: Int32) { hub.leave("rank \(rank) asked for the end with status \(status)") }
}

private func bits(of transfer: Transfer) -> [UInt32] {
  unsafe UnsafeBufferPointer(start: transfer.address, count: transfer.count).map(\.bitPattern)
}

private func copy(_ source: UnsafeMutableRawPointer?, _ bytes: Range<Int>, to target: UnsafeMutableRawPointer) {
  guard let source = unsafe source, !bytes.isEmpty else { return }
  unsafe (target + bytes.lowerBound).copyMemory(from: source + bytes.lowerBound, byteCount: bytes.count)
}
