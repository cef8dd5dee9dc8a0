internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import Randomness

/// The regression that score matching is: noisy states as the network's input, targets, and the loss between.
///
/// One batch holds several sets of `rows` rows, matching a pass's sets. For each row a time t and sources z are drawn by
/// global index; `TrainingCoefficients` say how input and target are sums over z.
@safe final class RegressionBatch {
  /// Which streams a batch draws from.
  struct Streams {
    let times: RandomStream
    let noise: RandomStream
  }

  private let model: ScoreModel
  private let times: (first: Double, last: Double, law: TimeLaw)
  private let rows: Int
  private let blocks: Int
  private var targets: Matrix
  private var gains: [Float]
  private var noise: Matrix
  private let clean: Matrix
  private var uniforms: [Double]

  init(model: ScoreModel, minimumTime: Double, law: TimeLaw, rows: Int, sets: Int) {
    self.model = model
    self.rows = rows
    times = (minimumTime, model.process.horizon, law)
    blocks = model.network.outputs / model.dimension
    let probe = TrainingCoefficients(
      model.process, output: model.output, conditioning: model.conditioning, weight: model.weight,
      at: model.process.horizon)
    targets = Matrix(rows: rows * sets, columns: model.network.outputs)
    gains = [Float](repeating: 0, count: rows * sets)
    noise = Matrix(rows: rows, columns: (probe.sources - 1) * model.dimension)
    clean = Matrix(rows: rows, columns: model.dimension)
    uniforms = [Double](repeating: 0, count: rows)
  }

  /// Draws one set and writes its inputs into the pass.
  ///
  /// - Parameters:
  ///   - data: the address of x_0 for each row of the set.
  ///   - firstIndex: the first row's global index.
  func draw(
    set: Int, firstIndex: UInt64, streams: Streams, into pass: NetworkPass, data: (Int) -> UnsafePointer<Float>
  ) {
    var span = uniforms.mutableSpan
    streams.times.uniforms(firstIndex: firstIndex, into: &span)
    streams.noise.fillNormals(&noise, firstIndex: firstIndex)
    // Rows lie anywhere in memory: fetched one after another without work between, they come many at a time.
    for row in 0..<rows {
      unsafe (clean.pointer + row * model.dimension).update(from: data(row), count: model.dimension)
    }
    for row in 0..<rows {
      let t = times.law.time(uniforms[row], from: times.first, to: times.last)
      let c = TrainingCoefficients(
        model.process, output: model.output, conditioning: model.conditioning, weight: model.weight, at: t)
      gains[set * rows + row] = Float(c.outputGain(0))
      pass.setLevel(model.embeddedLevel(noiseLevel: c.noiseLevel, at: t), set: set, row: row)
      unsafe combine(c, set: set, row: row, data: clean.pointer + row * model.dimension, into: pass.state(set: set, row: row))
    }
  }

  /// Input and target of one row as sums over the sources.
  private func combine(
    _ c: TrainingCoefficients, set: Int, row: Int, data: UnsafePointer<Float>, into state: UnsafeMutablePointer<Float>
  ) {
    let d = model.dimension
    let z = unsafe noise.pointer + row * noise.columns
    let y = unsafe targets.pointer + (set * rows + row) * targets.columns
    for i in 0..<c.inputBlocks {
      unsafe scale(data, by: Float(c.input(i, 0)), into: state + i * d, count: d)
      for j in 1..<c.sources where c.input(i, j) != 0 {
        unsafe accumulate(z + (j - 1) * d, times: Float(c.input(i, j)), into: state + i * d, count: d)
      }
    }
    for o in 0..<c.outputBlocks {
      unsafe scale(data, by: Float(c.target(o, 0)), into: y + o * d, count: d)
      for j in 1..<c.sources where c.target(o, j) != 0 {
        unsafe accumulate(z + (j - 1) * d, times: Float(c.target(o, j)), into: y + o * d, count: d)
      }
    }
  }

  /// Σ ρ² over the rows `0..<count` of a set, ρ = κF − y, divided by the number of outputs.
  func loss(set: Int, of pass: NetworkPass, count: Int) -> Double {
    var sum = 0.0
    for row in 0..<count { sum += unsafe squaredResidual(set: set, row: row, pass, gradient: nil, scale: 0) }
    return sum / Double(targets.columns)
  }

  /// As `loss` for all rows; writes ∂/∂F of `scale` times it into the pass.
  func lossAndGradient(set: Int, of pass: NetworkPass, scale: Double) -> Double {
    var sum = 0.0
    let factor = Float(2 * scale / Double(targets.columns))
    for row in 0..<rows {
      sum += unsafe squaredResidual(
        set: set, row: row, pass, gradient: pass.outputGradient(set: set, row: row), scale: factor)
    }
    return sum / Double(targets.columns)
  }

  // Eight explicit lanes: the order of additions is written here, not left to the vectoriser.
  private func squaredResidual(
    set: Int, row: Int, _ pass: NetworkPass, gradient: UnsafeMutablePointer<Float>?, scale: Float
  ) -> Double {
    let n = targets.columns
    let f = unsafe pass.output(set: set, row: row)
    let y = unsafe targets.pointer + (set * rows + row) * n
    let gain = gains[set * rows + row]
    let slope = scale * gain
    let whole = n / 8 * 8
    var lanes = SIMD8<Float>.zero
    for start in Swift.stride(from: 0, to: whole, by: 8) {
      let residual = unsafe gain * load(f + start) - load(y + start)
      lanes.addProduct(residual, residual)
      if let gradient = unsafe gradient { unsafe store(slope * residual, to: gradient + start) }
    }
    var rest: Float = 0
    for i in whole..<n {
      let residual = unsafe gain * f[i] - y[i]
      rest.addProduct(residual, residual)
      if let gradient = unsafe gradient { unsafe gradient[i] = slope * residual }
    }
    return Double(lanes.sum()) + Double(rest)
  }
}

@inline(__always)
private func load(_ x: UnsafePointer<Float>) -> SIMD8<Float> {
  unsafe UnsafeRawPointer(x).loadUnaligned(as: SIMD8<Float>.self)
}

@inline(__always)
private func store(_ value: SIMD8<Float>, to x: UnsafeMutablePointer<Float>) {
  unsafe UnsafeMutableRawPointer(x).storeBytes(of: value, as: SIMD8<Float>.self)
}

@inline(__always)
private func scale(_ x: UnsafePointer<Float>, by factor: Float, into y: UnsafeMutablePointer<Float>, count: Int) {
  for k in 0..<count { unsafe y[k] = factor * x[k] }
}

@inline(__always)
private func accumulate(
  _ x: UnsafePointer<Float>, times factor: Float, into y: UnsafeMutablePointer<Float>, count: Int
) {
  for k in 0..<count { unsafe y[k] = y[k].addingProduct(factor, x[k]) }
}
