internal import Communication
internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Sampling
internal import Training

extension ComposedScore<NetworkScore> {
  /// A network's score given several observations of one θ, with the prior of the rows that it was trained on.
  ///
  /// - Parameters:
  ///   - network: the score given one observation.
  ///   - conditions: the observations.
  ///   - source: the rows, for the prior's mean and covariance.
  ///   - data: the rows' units.
  ///   - communicator: the ranks, which share the covariance.
  /// - Throws: `ToolError` where the rows cannot be read or their covariance is singular.
  init(
    _ network: NetworkScore, together conditions: SampleConditions, _ source: DataSource, _ data: DataSet.Description,
    _ communicator: Communicator
  ) throws {
    let origin = data.origin
    let prior = try GaussianFit(columns: data.dimension, over: communicator) { body in
      try source.forEachBlock(of: .training, less: origin) { try body(data.trainedData($0)) }
    }
    let values = symmetricEigenvalues(prior.covariance, size: data.dimension)
    try communicator.agree {
      guard values.allSatisfy({ $0 > 1e-6 }) else {
        throw ToolError.usage("--together: the rows trained on lie in a plane, so that their law has no density")
      }
    }
    self.init(
      network, observations: conditions.count, priorMean: prior.mean, covariance: prior.covariance
    ) { conditions.apply(to: network, row: $0) }
  }
}
