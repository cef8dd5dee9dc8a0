extension MixtureOnLine {
  /// I(p‖N(0, 1)) = E(s + x)², by the trapezoidal rule.
  public var relativeFisherInformation: Double {
    let grid = LineGrid(reach(deviations: 10), step: 0.4 * (variances.min() ?? 1).squareRoot())
    return GridDensity(self, on: grid).mean { x in
      let pull = derivatives(at: x).score + x
      return pull * pull
    }
  }

  /// inf and sup of (ln p)'' on a grid of a fiftieth of the smallest deviation: estimates from within.
  public var curvatureRange: ClosedRange<Double> {
    let grid = LineGrid(reach(deviations: 8), step: 0.02 * (variances.min() ?? 1).squareRoot())
    let values = grid.points.map { derivatives(at: $0).curvature }
    return (values.min() ?? 0)...(values.max() ?? 0)
  }
}
