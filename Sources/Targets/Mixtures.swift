extension GaussianMixture {
  /// Eight Gaussians of standard deviation 0.02, evenly on a circle of radius 2, with equal weights.
  ///
  /// The ring of Metz, Poole, Pfau, Sohl-Dickstein, "Unrolled generative adversarial networks", arXiv 1611.02163.
  /// (Later papers keep the ratio of 1 to 100 and divide both by √2.)
  public static var eightGaussians: GaussianMixture {
    let half = 2.0.squareRoot()
    let means = [[2, 0], [half, half], [0, 2], [-half, half], [-2, 0], [-half, -half], [0, -2], [half, -half]]
    return equal(means: means, variance: [0.0004, 0.0004])
  }

  /// Twenty-five Gaussians in d dimensions, means (j, k, 0, …) for j, k = −2 … 2, covariance diag(.01, .01, .1, …).
  public static func mg25(dimension: Int) -> GaussianMixture {
    precondition(dimension >= 2, "25 Gaussians in dimension \(dimension)")
    let zeros = [Double](repeating: 0, count: dimension - 2)
    let means = (0..<25).map { (i: Int) -> [Double] in [Double(i / 5 - 2), Double(i % 5 - 2)] + zeros }
    return equal(means: means, variance: [0.01, 0.01] + zeros.map { _ in 0.1 })
  }

  /// Nine Gaussians of standard deviation 0.04 on the 3×3 grid of [−½, ½]², turned by 45°, with equal weights.
  public static var diamond: GaussianMixture {
    let turn = 0.5.squareRoot()
    let means = (0..<9).map { (i: Int) in
      let (x, y) = (0.5 * Double(i / 3 - 1), 0.5 * Double(i % 3 - 1))
      return [turn * (x - y), turn * (x + y)]
    }
    return equal(means: means, variance: [0.0016, 0.0016])
  }

  private static func equal(means: [[Double]], variance: [Double]) -> GaussianMixture {
    GaussianMixture(
      weights: Array(repeating: 1, count: means.count), means: means,
      variances: Array(repeating: variance, count: means.count))
  }
}
