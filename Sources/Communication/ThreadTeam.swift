internal import CMachine
private import Glibc
internal import Synchronization

/// The threads of one rank, which do parts of its work side by side.
///
/// A part's outcome depends on its number alone, and it writes where no other part reads or writes: then the bits are
/// those of one thread. Parts make no call to other ranks, as MPI is told that the main thread alone makes them
/// (`MPI_THREAD_FUNNELED`). Threads wait for work awake for a moment, since a step has several parts, and then asleep.
public final class ThreadTeam: Sendable {
  /// A team of one: the caller does everything.
  public static let alone = ThreadTeam()

  /// The number of threads, that of the caller included.
  public let count: Int
  private let board: Board?

  private init() { (count, board) = (1, nil) }

  /// Starts the threads but the first, which is the caller's.
  ///
  /// - Parameters:
  ///   - count: the number of threads, at least 1.
  ///   - rank: the rank whose threads they are, for the message.
  /// - Throws: `CommunicationError.threads` where the operating system refuses.
  public init(count: Int, rank: Int = 0) throws(CommunicationError) {
    precondition(count > 0, "\(count) threads")
    self.count = count
    board = count > 1 ? Board() : nil
    guard let board else { return }
    for thread in 1..<count {
      if let reason = board.start(thread: thread, of: count) {
        board.end()
        throw .threads(count: count, reason: reason, rank: rank)
      }
    }
  }

  deinit { board?.end() }

  /// Does parts 0, 1, …, and returns when all are done: part p is thread p mod `count`'s, and the caller is thread 0.
  ///
  /// - Parameters:
  ///   - parts: the number of parts.
  ///   - body: does one part; not itself a caller of this team.
  public func forEach(_ parts: Int, _ body: (_ part: Int) -> Void) {
    guard let board, parts > 1 else {
      for part in 0..<parts { body(part) }
      return
    }
    withoutActuallyEscaping(body) { body in
      board.publish(Board.Job(parts: parts, threads: count, body: body))
      board.work(thread: 0)
      board.awaitOthers()
    }
  }

  /// What the parts return, in their order.
  public func map<Value>(_ parts: Int, _ body: (_ part: Int) -> Value) -> [Value] {
    guard parts > 0 else { return [] }
    return unsafe [Value](unsafeUninitializedCapacity: parts) { buffer, count in
      guard let base = buffer.baseAddress else { return }
      forEach(parts) { part in unsafe (base + part).initialize(to: body(part)) }
      count = parts
    }
  }

  /// Cuts a range of elements into one part for each thread, at whole blocks.
  ///
  /// - Parameters:
  ///   - count: the number of elements.
  ///   - block: no part begins within a block of this many.
  ///   - body: takes a part.
  public func forEachRange(of count: Int, block: Int, _ body: (_ elements: Range<Int>) -> Void) {
    let parts = parts(of: count, block: block)
    forEach(parts) { body(Self.range($0, of: parts, count: count, block: block)) }
  }

  /// As `forEachRange`; what the parts return comes one after another.
  public func mapRanges<Value>(
    of count: Int, block: Int, _ body: (_ part: Int, _ elements: Range<Int>) -> [Value]
  ) -> [Value] {
    let parts = parts(of: count, block: block)
    return Array(map(parts) { body($0, Self.range($0, of: parts, count: count, block: block)) }.joined())
  }

  private func parts(of count: Int, block: Int) -> Int { min(self.count, (count + block - 1) / block) }

  private static func range(_ part: Int, of parts: Int, count: Int, block: Int) -> Range<Int> {
    let blocks = (count + block - 1) / block
    return part * blocks / parts * block..<min((part + 1) * blocks / parts * block, count)
  }
}

/// What the threads of a team read and write: the job at hand, and who is still at it.
@safe private final class Board: @unchecked Sendable {
  /// One call of `forEach`.
  struct Job {
    let parts, threads: Int
    let body: (Int) -> Void
  }

  /// How often a thread looks before it sleeps: for some 30 µs, which is about what it costs to wake it.
  private static let patience = 1_000

  // Written by the caller while no other thread is at work.
  private var job: Job?
  private var others = 0
  private var threads: [pthread_t] = []
  private let round = Atomic<Int>(0)
  private let left = Atomic<Int>(0)
  private let isEnding = Atomic<Bool>(false)
  // Held by who goes to sleep or wakes others.
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let begun, done: UnsafeMutablePointer<pthread_cond_t>

  init() {
    unsafe lock = .allocate(capacity: 1)
    unsafe begun = .allocate(capacity: 1)
    unsafe done = .allocate(capacity: 1)
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(begun, nil)
    unsafe pthread_cond_init(done, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(done)
    unsafe pthread_cond_destroy(begun)
    unsafe pthread_mutex_destroy(lock)
    unsafe done.deallocate()
    unsafe begun.deallocate()
    unsafe lock.deallocate()
  }

  // MARK: The caller's side

  /// Starts a thread; returns why it was refused.
  func start(thread: Int, of count: Int) -> String? {
    let place = unsafe Unmanaged.passRetained(Place(board: self, thread: thread))
    var (all, before) = (sigset_t(), sigset_t())
    // Signals are the main thread's: a thread begins with the mask of who starts it.
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    var new = pthread_t()
    let status = unsafe pthread_create(
      &new, nil,
      { place in
        guard let place = unsafe place else { return nil }
        unsafe Unmanaged<Place>.fromOpaque(place).takeRetainedValue().serve()
        return nil
      }, place.toOpaque())
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    guard status == 0 else {
      unsafe place.release()
      return unsafe String(cString: strerror(status))
    }
    threads.append(new)
    others = threads.count
    return nil
  }

  /// Hands out a job.
  func publish(_ job: Job) {
    precondition(self.job == nil, "a team's part asks its team for more")
    self.job = job
    left.store(others, ordering: .relaxed)
    wake()
  }

  private func wake() {
    unsafe pthread_mutex_lock(lock)
    round.add(1, ordering: .releasing)
    unsafe pthread_cond_broadcast(begun)
    unsafe pthread_mutex_unlock(lock)
  }

  /// Waits until all threads have done their parts of the job.
  func awaitOthers() {
    unsafe wait(for: done) { left.load(ordering: .acquiring) == 0 }
    job = nil
  }

  /// Ends the threads.
  func end() {
    isEnding.store(true, ordering: .relaxed)
    wake()
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  // MARK: A thread's side

  /// Does a thread's parts of the job.
  ///
  /// A function of its own, so that nothing of the job is held after it.
  @inline(never) func work(thread: Int) {
    guard let job else { return }
    for part in stride(from: thread, to: job.parts, by: job.threads) { job.body(part) }
  }

  /// Takes part in job after job until the team ends.
  fileprivate func serve(_ thread: Int) {
    var seen = 0
    while true {
      unsafe wait(for: begun) { round.load(ordering: .acquiring) != seen }
      seen += 1
      if isEnding.load(ordering: .relaxed) { return }
      work(thread: thread)
      guard left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { continue }
      unsafe pthread_mutex_lock(lock)
      unsafe pthread_cond_signal(done)
      unsafe pthread_mutex_unlock(lock)
    }
  }

  /// Waits for something that another thread makes true and then announces: first awake, then asleep.
  private func wait(for announcement: UnsafeMutablePointer<pthread_cond_t>, _ isTrue: () -> Bool) {
    for _ in 0..<Self.patience {
      if isTrue() { return }
      sgm_relax()
    }
    unsafe pthread_mutex_lock(lock)
    while !isTrue() { unsafe pthread_cond_wait(announcement, lock) }
    unsafe pthread_mutex_unlock(lock)
  }
}

/// What a thread is started with.
private final class Place: Sendable {
  private let board: Board
  private let thread: Int

  init(board: Board, thread: Int) { (self.board, self.thread) = (board, thread) }

  func serve() { board.serve(thread) }
}
