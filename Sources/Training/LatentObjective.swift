internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import Randomness

/// A latent score-based model: denoising score matching on latents, and the bound that encoder and decoder learn from.
///
/// ```
/// first steps:  bound/d with N(0, I) for the latents' law               → encoder, decoder
/// then:         the score's loss, on latents of an encoder that rests   → network
/// or:           the score's loss                                        → network
///               bound/d, the score's integral at the same draws         → encoder, decoder
/// ```
/// Bounds are of −ln p(x) in nats (`AutoencoderPass`). In the joint phase the draws that train the network are weighted as the
/// likelihood asks: algorithm 2 of Vahdat, Kreis and Kautz 2021, arXiv 2106.05931, with reweighting. A held-out loss is bound/d with the
/// network's score throughout, so that losses of all phases compare.
@safe final class LatentObjective: Objective {
  var times: TimeSampler {
    get { score.times }
    set { score.times = newValue }
  }
  private(set) var losses: [Double]
  var cells: CellSums { score.cells }

  private let model: ScoreModel
  private let autoencoder: Autoencoder
  private let score: DenoisingObjective
  private let integral: ScoreIntegral
  private let pass: AutoencoderPass
  private let layout: ParameterLayout
  private let places: Autoencoder.Places
  private let rows: Int
  /// Nil for held-out rows.
  private var phase: LatentOptions.Phase?
  /// x of all sets' rows, one set's, and ε of all sets' rows and one set's.
  private var data, setData, noise, setNoise: Matrix
  /// What each set's latents will be noised by.
  private var pending: [(firstIndex: UInt64, streams: DrawStreams)?]
  /// ∂/∂u and ∂/∂z of the score's loss, `[sets · rows, inputs]` and `[rows, latents]`.
  private var inputGradient, latentGradient: Matrix

  init(model: ScoreModel, _ autoencoder: Autoencoder, times: TimeSampler, pass: NetworkPass) {
    (self.model, self.autoencoder, rows) = (model, autoencoder, pass.rows)
    let (layout, all, k) = (model.layout, pass.rows * pass.sets, autoencoder.latents)
    self.layout = layout
    places = autoencoder.places(in: layout)
    score = DenoisingObjective(model: model, times: times, rows: pass.rows, sets: pass.sets)
    integral = ScoreIntegral(model, score)
    self.pass = AutoencoderPass(
      autoencoder, layout, LatentEnds(model.process, first: times.first), rows: pass.rows, use: .training)
    losses = [Double](repeating: 0, count: pass.sets)
    data = Matrix(rows: all, columns: autoencoder.dimension)
    setData = Matrix(rows: pass.rows, columns: autoencoder.dimension)
    noise = Matrix(rows: all, columns: k)
    setNoise = Matrix(rows: pass.rows, columns: k)
    pending = [(firstIndex: UInt64, streams: DrawStreams)?](repeating: nil, count: pass.sets)
    inputGradient = Matrix(rows: all, columns: model.network.inputs)
    latentGradient = Matrix(rows: pass.rows, columns: k)
  }

  var bytes: Int {
    score.bytes + pass.bytes + 4 * (data.count + noise.count + inputGradient.count)
  }

  func begin(after step: Int) { phase = autoencoder.options.phase(after: step) }

  var usesNetwork: Bool { phase != .autoencoder }

  func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, into pass: NetworkPass, data: (Int) -> UnsafePointer<Float>
  ) {
    for row in 0..<rows {
      unsafe (setData.pointer + row * setData.columns).update(from: data(row), count: setData.columns)
    }
    if let (noise, stream) = streams.dequantisation { noise.add(to: &setData, firstIndex: firstIndex, stream) }
    streams.latents.fillNormals(&setNoise, firstIndex: firstIndex)
    unsafe (self.data.pointer + set * setData.count).update(from: setData.pointer, count: setData.count)
    unsafe (noise.pointer + set * setNoise.count).update(from: setNoise.pointer, count: setNoise.count)
    // Latents have no levels.
    pending[set] = (
      firstIndex,
      DrawStreams(times: streams.times, noise: streams.noise, probes: streams.probes, tails: streams.tails)
    )
  }

  func writeInputs(of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>) {
    guard usesNetwork else { return }
    for set in group {
      guard let (firstIndex, streams) = pending[set] else { preconditionFailure("set \(set) without a draw") }
      unsafe encode(set, parameters, again: set > group.lowerBound)
      let latents = unsafe UnsafePointer(self.pass.latents.pointer)
      unsafe score.draw(set: set, firstIndex: firstIndex, streams: streams, into: pass) { row in
        unsafe latents + row * autoencoder.latents
      }
    }
  }

  private func encode(_ set: Int, _ parameters: UnsafePointer<Float>, again: Bool) {
    unsafe pass.encode(parameters, dataRows(set), noise: noiseRows(set), again: again)
  }

  private func dataRows(_ set: Int) -> UnsafePointer<Float> { unsafe UnsafePointer(data.pointer + set * setData.count) }

  private func noiseRows(_ set: Int) -> UnsafePointer<Float> {
    unsafe UnsafePointer(noise.pointer + set * setNoise.count)
  }

  // MARK: Losses

  func loss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, count: Int) -> Double {
    switch phase {
    case .autoencoder, nil: unsafe bound(set, pass, parameters, count: count)
    case .score, .joint: unsafe score.loss(set: set, of: pass, parameters: parameters, count: count)
    }
  }

  func furtherLoss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>) -> Double? {
    unsafe phase == .score ? nil : bound(set, pass, parameters, count: rows)
  }

  /// Σ bound/d over the first rows of a set.
  private func bound(_ set: Int, _ pass: NetworkPass, _ parameters: UnsafePointer<Float>, count: Int) -> Double {
    unsafe encode(set, parameters, again: false)
    let own = unsafe self.pass.loss(
      parameters, dataRows(set), noise: noiseRows(set), isGaussian: !usesNetwork, count: count, again: false)
    let sum = usesNetwork ? (0..<count).reduce(0.0) { $0 + integral.value(set: set, row: $1, of: pass) } : 0
    return (own + sum) / Double(autoencoder.dimension)
  }

  // MARK: Gradients

  var sumsSets: Bool { true }

  func lossesAndGradients(
    of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>, scale: Double,
    into gradients: GradientSink
  ) {
    switch phase {
    case .autoencoder:
      let layers = (0..<model.network.layerCount).reversed().map { layout.range(ofLayer: $0) }
      for set in group { gradients.rest(layers, set: set) }
    case .score, .joint:
      unsafe score.lossesAndGradients(
        of: pass, group: group, parameters: parameters, scale: scale, into: gradients)
    case nil: preconditionFailure("a gradient without a step")
    }
    let parts = [places.encoder, places.decoder]
    guard phase != .score else {
      for set in group {
        losses[set] = score.losses[set]
        gradients.rest(parts, set: set)
      }
      return
    }
    if usesNetwork { unsafe pass.inputGradient(parameters, into: &inputGradient) }
    for set in group {
      unsafe gradients.fill(parts, set: set) {
        unsafe learnParts(set, pass, parameters, scale: scale, again: set > group.lowerBound, into: $0)
      }
    }
  }

  /// A set's loss and gradients of encoder and decoder.
  private func learnParts(
    _ set: Int, _ pass: NetworkPass, _ parameters: UnsafePointer<Float>, scale: Double, again: Bool,
    into gradients: UnsafeMutablePointer<Float>
  ) {
    let d = Double(autoencoder.dimension)
    var sum = 0.0
    if usesNetwork {
      for row in 0..<rows {
        sum += unsafe integral.writeGradient(
          set: set, row: row, of: pass, inputGradient: inputGradient, over: d,
          into: latentGradient.pointer + row * latentGradient.columns)
      }
    }
    unsafe encode(set, parameters, again: again)
    let own = unsafe self.pass.lossAndGradient(
      parameters, dataRows(set), noise: noiseRows(set),
      scoreGradient: usesNetwork ? UnsafePointer(latentGradient.pointer) : nil, scale: scale / d, again: again,
      into: gradients)
    losses[set] = (own + sum) / d
  }
}
