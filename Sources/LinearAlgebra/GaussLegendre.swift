/// Gauss–Legendre quadrature with eight nodes: exact for polynomials of degree 15.
///
/// Nodes and weights from Abramowitz and Stegun 1964, table 25.4.
public enum GaussLegendre {
  private static let halves: [(node: Double, weight: Double)] = [
    (0.183434642495649804939476, 0.362683783378361982965150),
    (0.525532409916328985817739, 0.313706645877887287337962),
    (0.796666477413626739591554, 0.222381034453374470544356),
    (0.960289856497536231683561, 0.101228536290376259152531),
  ]

  /// Nodes in [0, 1], from 0 on, and weights that add up to 1.
  public static let nodes: [(node: Double, weight: Double)] =
    halves.reversed().map { (0.5 - 0.5 * $0.node, 0.5 * $0.weight) }
    + halves.map { (0.5 + 0.5 * $0.node, 0.5 * $0.weight) }

  /// Calls `body` with the nodes and weights of rules on equal panels of an interval.
  public static func forEachNode(from: Double, to: Double, panels: Int, _ body: (Double, Double) -> Void) {
    let length = (to - from) / Double(panels)
    for panel in 0..<panels {
      for (node, weight) in nodes { body(from + length * (Double(panel) + node), length * weight) }
    }
  }
}
