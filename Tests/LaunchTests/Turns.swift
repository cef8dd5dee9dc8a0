import Foundation
import Testing

extension Tag {
  /// A test of signals, stops, locks, watchdogs or limits of time: no other test may squeeze what it waits for.
  @Tag static var alone: Self
}

/// As many tests at once as the machine has cores; a test that is marked `.alone` has all of them.
struct Turns: SuiteTrait, TestTrait, TestScoping {
  /// Each case of each test takes a turn of its own.
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let isAlone = test.tags.contains(.alone)
    await Cores.all.take(isAlone: isAlone)
    let begin = ContinuousClock.now
    do {
      try await function()
    } catch {
      await Cores.all.giveBack()
      throw error
    }
    await Cores.all.giveBack()
    // The runner's own time counts the waiting as well.
    let seconds = Double((ContinuousClock.now - begin) / .milliseconds(1)) / 1000
    print("took \(String(format: "%7.2f", seconds)) s\(isAlone ? " alone" : ""): \(test.displayName ?? test.name)")
  }
}

extension Trait where Self == Turns {
  static var turns: Self { Turns() }
}

/// The machine's cores, which tests take and give back.
private actor Cores {
  static let all = Cores(count: max(ProcessInfo.processInfo.activeProcessorCount, 1))

  private let count: Int
  private var running = 0
  private var isAlone = false
  private var sharing: [CheckedContinuation<Void, Never>] = []
  private var alone: [CheckedContinuation<Void, Never>] = []

  init(count: Int) { self.count = count }

  /// Waits for a turn.
  func take(isAlone: Bool) async {
    await withCheckedContinuation { continuation in
      if isAlone { alone.append(continuation) } else { sharing.append(continuation) }
      begin()
    }
  }

  /// Ends a turn.
  func giveBack() {
    running -= 1
    isAlone = false
    begin()
  }

  /// Those that share go first: whoever is alone waits for an empty machine.
  private func begin() {
    while !isAlone, running < count, !sharing.isEmpty {
      running += 1
      sharing.removeFirst().resume()
    }
    if running == 0, sharing.isEmpty, !alone.isEmpty {
      (running, isAlone) = (1, true)
      alone.removeFirst().resume()
    }
  }
}
