internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import Randomness
internal import RealFunctions

/// Denoising score matching on levels whose noise has a learned law, and the bound that this law learns from.
///
/// ```
/// the score's loss on y ~ q(y|x)                                       → network
/// bound/d, the score's integral at the same draws                      → dequantiser
/// bound(x) = E_q[B(y) + ln q(u|x)] − Σ ln w
/// B(y) = d/2 ln(2πe σ₁²) + KL(q(u_T|y) ‖ prior) + ½ ∫ g²‖∇ln q(u_t|y) − s_θ‖² dt
/// ```
/// B(y) bounds −ln p(y) in nats, where p is the law of the data's estimate from a state at the first time t₁ with noise of its variance
/// σ₁² = 1/snr added: below t₁ no score is known. The network keeps its own weight over time; the integral has the likelihood's
/// (`ScoreIntegral`). Losses, held-out ones too, are bound/d, so that they compare whatever q has become. Song, Durkan, Murray
/// and Ermon 2021, arXiv 2101.09258, theorem 3 and section 5.
@safe final class DequantisedObjective: Objective {
  var times: TimeSampler {
    get { score.times }
    set { score.times = newValue }
  }
  private(set) var losses: [Double]
  var cells: CellSums { score.cells }

  private let model: ScoreModel
  private let score: DenoisingObjective
  private let integral: ScoreIntegral
  private let pass: DequantiserPass
  private let ends: LatentEnds
  private let rows: Int
  /// Whether a step is taken; false for held-out rows.
  private var isStep = false
  /// w, and Σ ln w; known from the first draw on.
  private var widths: [Float] = []
  private var logVolume = 0.0
  /// x of all sets' rows, `[sets · rows, d]`, and what conditions them.
  private var data, conditions: Matrix
  /// v of all sets' rows, and of one set's.
  private var uniforms, setUniforms: Matrix
  /// y of one set with its conditions, `[rows, d + conditions]`.
  private var noisy: Matrix
  /// What each set's rows will be noised by.
  private var pending: [(firstIndex: UInt64, streams: DrawStreams)?]
  /// ∂/∂u of the network's loss, `[sets · rows, inputs]`, and ∂/∂y of the bound, `[sets · rows, d]`.
  private var inputGradient, noisyGradient: Matrix

  init(model: ScoreModel, _ dequantiser: Dequantiser, times: TimeSampler, pass: NetworkPass) {
    (self.model, rows) = (model, pass.rows)
    let (all, d) = (pass.rows * pass.sets, model.dimension)
    score = DenoisingObjective(model: model, times: times, rows: pass.rows, sets: pass.sets)
    integral = ScoreIntegral(model, score)
    self.pass = DequantiserPass(dequantiser, model.layout, rows: pass.rows, sets: pass.sets, use: .training)
    ends = LatentEnds(model.process, first: times.first)
    losses = [Double](repeating: 0, count: pass.sets)
    data = Matrix(rows: all, columns: d)
    conditions = Matrix(rows: all, columns: model.conditions)
    uniforms = Matrix(rows: all, columns: d)
    setUniforms = Matrix(rows: pass.rows, columns: d)
    noisy = Matrix(rows: pass.rows, columns: d + model.conditions)
    pending = [(firstIndex: UInt64, streams: DrawStreams)?](repeating: nil, count: pass.sets)
    inputGradient = Matrix(rows: all, columns: model.network.inputs)
    noisyGradient = Matrix(rows: all, columns: d)
  }

  var bytes: Int {
    score.bytes + pass.bytes
      + 4 * (3 * data.count + conditions.count + noisy.count + inputGradient.count)
  }

  func begin(after step: Int) { isStep = true }

  func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, into pass: NetworkPass, data: (Int) -> UnsafePointer<Float>
  ) {
    guard let (noise, stream) = streams.dequantisation else { preconditionFailure("a dequantiser without levels") }
    if widths != noise.widths {
      widths = noise.widths
      logVolume = widths.reduce(0) { $0 + ($1 == 0 ? 0 : log(Double($1))) }
    }
    let (d, given) = (model.dimension, model.conditions)
    for row in 0..<rows {
      let (at, own) = unsafe (set * rows + row, data(row))
      unsafe (self.data.pointer + at * d).update(from: own, count: d)
      unsafe (conditions.pointer + at * given).update(from: own + d, count: given)
    }
    stream.fillUniforms(&setUniforms, firstIndex: firstIndex)
    unsafe (uniforms.pointer + set * setUniforms.count).update(from: setUniforms.pointer, count: setUniforms.count)
    // The score's rows have their noise already.
    pending[set] = (
      firstIndex,
      DrawStreams(times: streams.times, noise: streams.noise, probes: streams.probes, tails: streams.tails)
    )
  }

  func writeInputs(of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>) {
    let (d, given) = (model.dimension, model.conditions)
    // The dequantiser goes through all sets at once: its groups are not the network's.
    if group.lowerBound == 0 {
      unsafe self.pass.add(parameters, data.pointer, uniforms: uniforms.pointer, widths: widths)
    }
    for set in group {
      guard let (firstIndex, streams) = pending[set] else { preconditionFailure("set \(set) without a draw") }
      for row in 0..<rows {
        let own = unsafe noisy.pointer + row * noisy.columns
        unsafe own.update(from: self.pass.noisy.pointer + (set * rows + row) * d, count: d)
        unsafe (own + d).update(from: conditions.pointer + (set * rows + row) * given, count: given)
      }
      let first = unsafe UnsafePointer(noisy.pointer)
      unsafe score.draw(set: set, firstIndex: firstIndex, streams: streams, into: pass) { row in
        unsafe first + row * (d + given)
      }
    }
  }

  // MARK: Losses

  func loss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, count: Int) -> Double {
    guard isStep else { return bound(set, pass, count: count) }
    return unsafe score.loss(set: set, of: pass, parameters: parameters, count: count)
  }

  func furtherLoss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>) -> Double? {
    bound(set, pass, count: rows)
  }

  /// Σ bound/d over the first rows of a set.
  private func bound(_ set: Int, _ pass: NetworkPass, count: Int) -> Double {
    let sum = (0..<count).reduce(0.0) {
      $0 + ownTerms(set * rows + $1) + integral.value(set: set, row: $1, of: pass)
    }
    return sum / Double(model.dimension)
  }

  /// A row's bound without the score's integral; rows are counted over all sets.
  private func ownTerms(_ row: Int) -> Double {
    let d = model.dimension
    let entropy = 0.5 * (log(2 * Double.pi * ends.variance) + 1)
    var square = 0.0
    for j in 0..<d { square.addProduct(Double(pass.noisy[row, j]), Double(pass.noisy[row, j])) }
    return pass.logDensities[row] - logVolume + Double(d) * (entropy + ends.constant) + 0.5 * ends.slope * square
  }

  // MARK: Gradients

  var sumsSets: Bool { true }

  func lossesAndGradients(
    of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>, scale: Double,
    into gradients: GradientSink
  ) {
    unsafe score.lossesAndGradients(of: pass, group: group, parameters: parameters, scale: scale, into: gradients)
    unsafe pass.inputGradient(parameters, into: &inputGradient)
    let d = Double(model.dimension)
    for set in group {
      let sum = (0..<rows).reduce(0.0) {
        $0 + ownTerms(set * rows + $1) + noteGradient(set: set, row: $1, pass, scale: scale / d)
      }
      losses[set] = sum / d
    }
    guard group.upperBound == pass.sets else { return }
    unsafe self.pass.backward(
      parameters, noisyGradient: noisyGradient.pointer, widths: widths, scale: scale / d, into: gradients)
  }

  /// ∂/∂y of a row's B(y), by the network's input and target and by the law at the horizon.
  ///
  /// - Returns: the score's integral.
  private func noteGradient(set: Int, row: Int, _ pass: NetworkPass, scale: Double) -> Double {
    let (d, at) = (model.dimension, set * rows + row)
    let gradient = unsafe noisyGradient.pointer + at * d
    let value = unsafe integral.writeGradient(
      set: set, row: row, of: pass, inputGradient: inputGradient, over: Double(d), into: gradient)
    let slope = Float(scale * ends.slope)
    for j in 0..<d { unsafe gradient[j] = gradient[j].addingProduct(slope, self.pass.noisy[at, j]) }
    return value
  }
}
