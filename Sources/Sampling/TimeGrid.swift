/// Where a sampler's steps end: diffusion times from the horizon T down to the final time t_f.
public enum TimeGrid: String, Sendable, CaseIterable {
  /// `uniform`: t_i = T − (T − t_f) i/N.
  case uniform
  /// `quadratic`: t_i = t_f + (T − t_f)(1 − i/N)²; the steps shrink towards the data, the last to (T − t_f)/N².
  case quadratic

  /// The N + 1 times; the first is `horizon` and the last `finalTime`, exactly.
  public func times(steps: Int, from horizon: Double, to finalTime: Double) -> [Double] {
    precondition(steps > 0, "\(steps) steps")
    precondition(finalTime > 0 && finalTime < horizon, "final time \(finalTime) with horizon \(horizon)")
    let length = horizon - finalTime
    var times = (0...steps).map { i in
      let left = Double(steps - i) / Double(steps)
      return finalTime + length * (self == .uniform ? left : left * left)
    }
    times[0] = horizon
    return times
  }

  /// The final time unless another is asked for: a thousandth of the horizon.
  public static func standardFinalTime(horizon: Double) -> Double { 1e-3 * horizon }
}
