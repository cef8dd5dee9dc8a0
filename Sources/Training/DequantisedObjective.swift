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
  private let elements: Range<Int>
  private let rows: Int
  /// Whether a step is taken; false for held-out rows.
  private var isStep = false
  /// w; known from the first draw on.
  private var widths: [Float] = []
  /// x of all sets' rows, `[sets · rows, d]`, and what conditions them.
  private var data, conditions: Matrix
  /// v of all sets' rows, and of one set's.
  private var uniforms, setUniforms: Matrix
  /// y of one set with its conditions, `[rows, d + conditions]`.
  private var noisy: Matrix
  /// What each set's rows will be noised by.
  private var pending: [(firstIndex: UInt64, streams: DrawStreams)?]
  /// ∂/∂u of the network's loss, `[sets · rows, inputs]`, and ∂/∂y of the bound, `[rows, d]`.
  private var inputGradient, noisyGradient: Matrix

  init(model: ScoreModel, _ dequantiser: Dequantiser, times: TimeSampler, pass: NetworkPass) {
    (self.model, rows) = (model, pass.rows)
    let (all, d) = (pass.rows * pass.sets, model.dimension)
    score = DenoisingObjective(model: model, times: times, rows: pass.rows, sets: pass.sets)
    integral = ScoreIntegral(model, score)
    elements = dequantiser.elements(of: model.layout)
    self.pass = DequantiserPass(dequantiser, model.layout, rows: pass.rows, use: .training)
    ends = LatentEnds(model.process, first: times.first)
    losses = [Double](repeating: 0, count: pass.sets)
    data = Matrix(rows: all, columns: d)
    conditions = Matrix(rows: all, columns: model.conditions)
    uniforms = Matrix(rows: all, columns: d)
    setUniforms = Matrix(rows: pass.rows, columns: d)
    noisy = Matrix(rows: pass.rows, columns: d + model.conditions)
    pending = [(firstIndex: UInt64, streams: DrawStreams)?](repeating: nil, count: pass.sets)
    inputGradient = Matrix(rows: all, columns: model.network.inputs)
    noisyGradient = Matrix(rows: pass.rows, columns: d)
  }

  var bytes: Int {
    score.bytes + pass.bytes + 4 * (data.count + conditions.count + uniforms.count + noisy.count + inputGradient.count)
  }

  func begin(after step: Int) { isStep = true }

  func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, into pass: NetworkPass, data: (Int) -> UnsafePointer<Float>
  ) {
    guard let (noise, stream) = streams.dequantisation else { preconditionFailure("a dequantiser without levels") }
    widths = noise.widths
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
    for set in group {
      guard let (firstIndex, streams) = pending[set] else { preconditionFailure("set \(set) without a draw") }
      unsafe add(set, parameters, again: set > group.lowerBound)
      for row in 0..<rows {
        let own = unsafe noisy.pointer + row * noisy.columns
        unsafe own.update(from: self.pass.noisy.pointer + row * d, count: d)
        unsafe (own + d).update(from: conditions.pointer + (set * rows + row) * given, count: given)
      }
      let first = unsafe UnsafePointer(noisy.pointer)
      unsafe score.draw(set: set, firstIndex: firstIndex, streams: streams, into: pass) { row in
        unsafe first + row * (d + given)
      }
    }
  }

  private func add(_ set: Int, _ parameters: UnsafePointer<Float>, again: Bool) {
    let first = set * rows * model.dimension
    unsafe pass.add(
      parameters, data.pointer + first, uniforms: uniforms.pointer + first, widths: widths, again: again)
  }

  // MARK: Losses

  func loss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, count: Int) -> Double {
    guard isStep else { return unsafe bound(set, pass, parameters, count: count) }
    return unsafe score.loss(set: set, of: pass, parameters: parameters, count: count)
  }

  func furtherLoss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>) -> Double? {
    unsafe bound(set, pass, parameters, count: rows)
  }

  /// Σ bound/d over the first rows of a set.
  private func bound(_ set: Int, _ pass: NetworkPass, _ parameters: UnsafePointer<Float>, count: Int) -> Double {
    unsafe add(set, parameters, again: false)
    let sum = (0..<count).reduce(0.0) { $0 + ownTerms($1) + integral.value(set: set, row: $1, of: pass) }
    return sum / Double(model.dimension)
  }

  /// A row's bound without the score's integral, after `add`.
  private func ownTerms(_ row: Int) -> Double {
    let entropy = 0.5 * (log(2 * Double.pi * ends.variance) + 1)
    var sum = pass.logDensities[row]
    for (j, width) in widths.enumerated() {
      let y = Double(pass.noisy[row, j])
      sum += entropy + ends.constant + 0.5 * ends.slope * y * y - (width == 0 ? 0 : log(Double(width)))
    }
    return sum
  }

  // MARK: Gradients

  var sumsSets: Bool { true }

  func lossesAndGradients(
    of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>, scale: Double,
    into gradients: GradientSink
  ) {
    unsafe score.lossesAndGradients(of: pass, group: group, parameters: parameters, scale: scale, into: gradients)
    unsafe pass.inputGradient(parameters, into: &inputGradient)
    for set in group {
      unsafe gradients.fill([elements], set: set) {
        unsafe learn(set, pass, parameters, scale: scale, again: set > group.lowerBound, into: $0)
      }
    }
  }

  /// A set's loss, and the gradient of the dequantiser.
  private func learn(
    _ set: Int, _ pass: NetworkPass, _ parameters: UnsafePointer<Float>, scale: Double, again: Bool,
    into gradients: UnsafeMutablePointer<Float>
  ) {
    let d = model.dimension
    unsafe add(set, parameters, again: again)
    var sum = 0.0
    for row in 0..<rows {
      let gradient = unsafe noisyGradient.pointer + row * d
      sum += unsafe integral.writeGradient(
        set: set, row: row, of: pass, inputGradient: inputGradient, over: Double(d), into: gradient)
      sum += ownTerms(row)
      let slope = Float(scale / Double(d) * ends.slope)
      for j in 0..<d { unsafe gradient[j] = gradient[j].addingProduct(slope, self.pass.noisy[row, j]) }
    }
    unsafe self.pass.backward(
      parameters, noisyGradient: noisyGradient.pointer, widths: widths, scale: scale / Double(d), into: gradients)
    losses[set] = sum / Double(d)
  }
}
