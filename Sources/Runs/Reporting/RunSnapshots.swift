internal import Configuration
internal import Diffusion
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Randomness
internal import Reports
internal import Targets

extension RunRecord {
  /// Some data rows carried to five times of the forward process.
  ///
  /// ```
  /// x_t = M x_0 + √H_xx e,   e of the process's noise
  /// ```
  /// In trained coordinates; of a process with a velocity the position.
  package var forward: PointPanels? {
    // Of discrete states many rows share each point, and the marginals show more.
    guard let data, data.dimension > 1, experiment.process.chain == nil else { return nil }
    let process = experiment.process.make()
    let rows = data.trainedData(truth.value.head(1000))
    var noise = Matrix(rows: rows.rows, columns: rows.columns)
    let stream = RandomStream(seed: experiment.seed, purpose: .benchmark)
    stream.fillNormals(&noise, firstIndex: 0)
    if case .studentT(let degrees) = process.noise {
      let gammas = RandomStream(seed: experiment.seed, purpose: .benchmark, step: 1)
      for r in 0..<noise.rows {
        var row = gammas.row(UInt64(r))
        let factor = Float((degrees / 2 / row.nextGamma(shape: degrees / 2)).squareRoot())
        for j in 0..<noise.columns { noise[r, j] *= factor }
      }
    }
    let (a, b) = firstPair
    let panels = [0, 0.05, 0.2, 0.5, 1].map { share in
      let time = share * process.horizon
      let (scale, spread) = share == 0 ? (1, 0) : Self.position(process.kernel(at: time))
      let points = (0..<rows.rows).map { r in
        SIMD2(
          scale * rows[r, a] + spread * noise[r, a], scale * rows[r, b] + spread * noise[r, b])
      }
      return PointPanels.Panel(caption: "t = \(String(format: "%.3g", time))", sets: [points])
    }
    return PointPanels(
      title: "Forward process",
      note: "\(grouped(rows.rows)) rows of data, \(name(b)) over \(name(a)) in trained coordinates, carried to noise.",
      hasCommonFrame: true, colours: [2], panels: panels)
  }

  /// Samples on their way from noise to data, from the newest file of trajectories; nil where there is none.
  ///
  /// A row of such a file is a sample's number, the time, and the state, position first.
  package var reverse: PointPanels? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.samples)) ?? []
    guard let newest = names.filter({ $0.hasSuffix("-trajectories.npy") }).max(),
      let source = try? openRows(folder.samples + "/" + newest), source.dimension >= 2 + truth.value.columns,
      truth.value.columns > 1
    else { return nil }
    let states = origin + [Double](repeating: 0, count: source.dimension - 2 - origin.count)
    guard let table = try? Matrix(source, less: [0, 0] + states) else { return nil }
    let (a, b) = firstPair
    var paths: [[(time: Float, point: SIMD2<Float>)]] = []
    for r in 0..<table.rows {
      if r == 0 || table[r, 0] != table[r - 1, 0] { paths.append([]) }
      paths[paths.count - 1].append((table[r, 1], SIMD2(table[r, 2 + a], table[r, 2 + b])))
    }
    let panels = [0, 0.25, 0.5, 0.75, 1].map { share in
      // Paths may have taken other steps: each is shown at the same share of its own.
      let parts = paths.map { $0.prefix(1 + Int(share * Double($0.count - 1))) }
      let times = parts.compactMap { $0.last?.time }.sorted()
      return PointPanels.Panel(
        caption: "t = \(String(format: "%.3g", times[times.count / 2]))", sets: [parts.compactMap { $0.last?.point }],
        paths: parts.prefix(12).map { $0.map(\.point) })
    }
    return PointPanels(
      title: "Reverse trajectories",
      note: "\(grouped(paths.count)) samples on their way, \(name(b)) over \(name(a)), with the paths of 12 of them.",
      hasCommonFrame: true, colours: [0], panels: panels)
  }

  private static func position(_ kernel: Kernel) -> (scale: Float, spread: Float) {
    (Float(kernel.mean[0]), Float(kernel.covariance[0, 0].squareRoot()))
  }
}
