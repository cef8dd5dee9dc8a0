internal import Glibc

/// Seconds spent in the parts of training.
public struct StepTimings: Sendable, Equatable {
  /// Gathering rows and drawing times and noise; on several ranks most of it is for the next step.
  public var input = 0.0
  /// Forward, backward and update, and what is sent, asked for and added meanwhile.
  public var compute = 0.0
  /// Waiting for and talking to other ranks, when there is nothing else to do.
  public var exchange = 0.0
  /// Gathering checkpoints and handing them to the writer.
  public var checkpoint = 0.0
  /// Held-out losses.
  public var heldOut = 0.0

  /// Nothing spent.
  public init() {}
}

/// Monotonic time in laps.
public struct Stopwatch {
  private var last: Double

  /// Starts now.
  public init() { last = Self.now }

  /// Seconds of the monotonic clock.
  public static var now: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Adds the time since the last lap to `sum`.
  public mutating func lap(into sum: inout Double) {
    let now = Self.now
    sum += now - last
    last = now
  }
}
