internal import RealFunctions

/// How L̃_t, the curvature of ln(p_t/p_∞), is said to fall: up to a constant.
public enum CurvatureLaw {
  /// The lecture's (1 + 1/√t) e^{−2t}, for a = 1: see `docs/theory.md`.
  public static func lecture(time t: Double) -> Double { (1 + 1 / t.squareRoot()) * exp(-2 * t) }

  /// (1 + 1/√τ) e^{−2aτ} (1 + aτ)²: at critical damping the data's share of the state is e^{−aτ}(1 + aτ), and it
  /// enters the curvature squared.
  public static func corrected(a: Double, time: Double) -> Double {
    (1 + 1 / time.squareRoot()) * exp(-2 * a * time) * (1 + a * time) * (1 + a * time)
  }
}
