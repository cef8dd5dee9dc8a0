internal import Diffusion
internal import LinearAlgebra
internal import Randomness
internal import Targets

extension RunRecord {
  /// Some data rows carried to five times of the forward process.
  ///
  /// ```
  /// x_t = M x_0 + √H_xx e,   e ~ N(0, I)
  /// ```
  /// In trained coordinates; of a process with a velocity the position.
  var forward: PointPanels? {
    guard let data, data.dimension > 1 else { return nil }
    let process = experiment.process.make()
    var rows = truth.value.head(1000)
    data.standardisation.apply(to: &rows)
    var noise = Matrix(rows: rows.rows, columns: rows.columns)
    RandomStream(seed: experiment.seed, purpose: .benchmark).fillNormals(&noise, firstIndex: 0)
    let (a, b) = firstPair
    let panels = [0, 0.05, 0.2, 0.5, 1].map { share in
      let time = share * process.horizon
      let (scale, spread) = share == 0 ? (1, 0) : Self.position(process.kernel(at: time))
      let points = (0..<rows.rows).map { r in
        SIMD2(
          scale * rows[r, a] + spread * noise[r, a], scale * rows[r, b] + spread * noise[r, b])
      }
      return PointPanels.Panel(caption: "t = \(rounded(time))", sets: [points])
    }
    return PointPanels(
      title: "Forward process",
      note: "\(grouped(rows.rows)) rows of data, \(name(b)) over \(name(a)) in trained coordinates, carried to noise.",
      hasCommonFrame: true, colours: [2], panels: panels)
  }

  private static func position(_ kernel: Kernel) -> (scale: Float, spread: Float) {
    (Float(kernel.mean[0]), Float(kernel.covariance[0, 0].squareRoot()))
  }
}
