internal import Communication

/// Means, variances and ranges of all rows, joined along the canonical tree.
struct ColumnStatistics {
  let means: [Double]
  let variances: [Double]
  let least: [Double]
  let largest: [Double]
  let digests: [UInt32]

  /// Which columns hold one number alone.
  var isConstant: [Bool] { zip(least, largest).map { $0 == $1 } }

  /// Joins the shards' partials.
  ///
  /// - Parameters:
  ///   - partials: for each shard its count, digest, means, sums of squared deviations, least and largest numbers.
  ///   - d: the number of columns.
  ///   - tree: the order of joining.
  init(partials: [Double], dimension d: Int, tree: CanonicalTree) {
    let width = 2 + 4 * d
    var nodes = (0..<tree.shards).map { Array(partials[$0 * width..<($0 + 1) * width]) }
    digests = nodes.map { UInt32($0[1]) }
    while nodes.count > 1 {
      nodes = stride(from: 0, to: nodes.count, by: 2).map { Self.join(nodes[$0], nodes[$0 + 1], d) }
    }
    means = Array(nodes[0][2..<2 + d])
    variances = nodes[0][(2 + d)..<(2 + 2 * d)].map { $0 / nodes[0][0] }
    least = Array(nodes[0][(2 + 2 * d)..<(2 + 3 * d)])
    largest = Array(nodes[0][(2 + 3 * d)...])
  }

  /// Groups of columns side by side; all have the digests of whole rows.
  init(joining groups: [ColumnStatistics]) {
    means = groups.flatMap(\.means)
    variances = groups.flatMap(\.variances)
    least = groups.flatMap(\.least)
    largest = groups.flatMap(\.largest)
    digests = groups[0].digests
  }

  // Chan, Golub and LeVeque 1983.
  private static func join(_ a: [Double], _ b: [Double], _ d: Int) -> [Double] {
    var joined = a
    let n = a[0] + b[0]
    joined[0] = n
    for j in 0..<d {
      let delta = b[2 + j] - a[2 + j]
      joined[2 + j] = a[2 + j] + delta * b[0] / n
      joined[2 + d + j] = a[2 + d + j] + b[2 + d + j] + delta * delta * a[0] * b[0] / n
      joined[2 + 2 * d + j] = min(a[2 + 2 * d + j], b[2 + 2 * d + j])
      joined[2 + 3 * d + j] = max(a[2 + 3 * d + j], b[2 + 3 * d + j])
    }
    return joined
  }
}
