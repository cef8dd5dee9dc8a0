public import LinearAlgebra

/// The mean and parts of the covariance Γ of x_0 given u_t, row by row: what observations of x_0 are compared with.
public struct PosteriorMoments: ~Copyable {
  /// E[x_0|u], shape `[rows, dimension]`.
  public var mean: Matrix
  /// Γ h_i, shape `[directions · rows, dimension]`: the rows of the first direction, then those of the second.
  public var products: Matrix
  /// The number of directions.
  public let directions: Int

  /// Room for `rows` states of `dimension` coordinates.
  public init(rows: Int, dimension: Int, directions: Int) {
    mean = Matrix(rows: rows, columns: dimension)
    products = Matrix(rows: directions * rows, columns: dimension)
    self.directions = directions
  }
}

extension DifferentiableScore {
  /// Zero by default, as for an exact score; a learned score states its error.
  public var derivativeError: Double { 0 }

  /// By Tweedie's formulas from the score and its derivative, one distinct time after another.
  ///
  /// ```
  /// E[x_0|u] = Mᵀ(H⁻¹u + s)/snr,   Γh = Mᵀ(∂E[x_0|u]/∂u)ᵀh / snr
  /// ```
  /// Float scores lose a digit of the mean with each factor of 100 that snr falls below 1: a score that knows the
  /// posterior gives its own form.
  public mutating func posterior(
    _ state: borrowing Matrix, atTimes times: [Double], directions: [[Double]], into moments: inout PosteriorMoments
  ) {
    precondition(times.count == state.rows, "\(times.count) times for \(state.rows) rows")
    var score = Matrix(rows: state.rows, columns: state.columns)
    var mean = Matrix(rows: state.rows, columns: dimension)
    var cotangent = Matrix(rows: state.rows, columns: state.columns)
    var product = Matrix(rows: state.rows, columns: state.columns)
    for t in Set(times).sorted() {
      let kernel = process.kernel(at: t)
      let (reading, scale) = (kernel.tweedie, 1 / kernel.signalToNoise)
      evaluate(state, at: t, into: &score)
      kernel.denoise(state, score: score, into: &mean)
      for row in 0..<state.rows where times[row] == t {
        for k in 0..<dimension { moments.mean[row, k] = mean[row, k] }
      }
      for (i, h) in directions.enumerated() {
        cotangent.assign(reading.score.transpose, times: Matrix(repeating: h, rows: state.rows), dimension: dimension)
        vjp(state, at: t, cotangent: cotangent, into: &product)
        product.add(reading.state.transpose, times: Matrix(repeating: h, rows: state.rows), dimension: dimension)
        mean.assign(
          BlockVector.first(kernel.mean.size).outer(kernel.mean.scaled(by: scale)), times: product, dimension: dimension
        )
        for row in 0..<state.rows where times[row] == t {
          for k in 0..<dimension { moments.products[i * state.rows + row, k] = mean[row, k] }
        }
      }
    }
  }
}

extension Matrix {
  /// The same numbers in every row.
  fileprivate init(repeating values: [Double], rows: Int) {
    self.init(rows: rows, columns: values.count)
    for row in 0..<rows { for k in values.indices { self[row, k] = Float(values[k]) } }
  }
}
