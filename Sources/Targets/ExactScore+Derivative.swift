internal import Diffusion
internal import LinearAlgebra

extension ExactScore: DifferentiableScore where Law: DifferentiableLaw {
  /// Jᵀc = p scale (∇²log p_z) scale (pᵀc) − q (qᵀc).
  mutating func vjp(
    _ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix
  ) {
    precondition(cotangent.rows == state.rows && result.rows == state.rows, "\(cotangent.rows) rows")
    prepare(at: t)
    let origin = Standardisation(mean: Array(repeating: 0, count: dimension), scale: standardisation.scale)
    var (direction, image) = (z, z)
    for row in 0..<state.rows {
      load(state, row: row)
      _ = evaluateRow()
      load(cotangent, row: row)
      // The same map as the state's, without its shift.
      reduction.reduce(self.state, origin, z: &direction, rest: &rest)
      law.hessianProduct(z, direction, into: &image)
      reduction.assemble(image, rest, scale: standardisation.scale, into: &score)
      var output = result.mutableRow(row)
      for k in output.indices { output[k] = Float(score[k]) }
    }
  }

  /// Both from the law given z, in Double: where no data is left, the law's own.
  mutating func posterior(
    _ state: borrowing Matrix, atTimes times: [Double], directions: [[Double]], into moments: inout PosteriorMoments
  ) {
    precondition(times.count == state.rows && moments.mean.rows == state.rows, "\(times.count), \(state.rows) rows")
    precondition(directions.count == moments.directions, "\(directions.count) for \(moments.directions) directions")
    let scale = standardisation.scale
    var (mean, direction, image) = (z, z, z)
    for row in 0..<state.rows {
      prepare(at: times[row])
      load(state, row: row)
      evaluatePosterior()
      law.posteriorMean(z, into: &mean)
      for k in scale.indices { moments.mean[row, k] = Float((mean[k] - standardisation.mean[k]) / scale[k]) }
      for (i, h) in directions.enumerated() {
        for k in scale.indices { direction[k] = h[k] / scale[k] }
        law.covarianceProduct(z, direction, into: &image)
        for k in scale.indices { moments.products[i * state.rows + row, k] = Float(image[k] / scale[k]) }
      }
    }
  }
}
