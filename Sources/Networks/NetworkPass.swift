internal import LinearAlgebra

/// The buffers and products that take a network over several sets of `rows` rows each, forward and backward.
///
/// A set is a shard's batch: every product has its fixed shape, and sets are never merged, so that a shard's bits do not
/// depend on who computes it. Within a layer all sets are gone over before the next layer, while its weights are in cache.
/// A pass allocates nothing once made. Not shared between threads.
@safe public final class NetworkPass {
  /// What a pass will be used for.
  public enum Use: Sendable {
    /// Outputs alone.
    case inference
    /// Outputs and gradients.
    case training
    /// As `training`, and gradients of Jacobian–vector products; not for relu.
    case curvature
  }

  /// The network's shape.
  public let architecture: NetworkArchitecture
  /// The parameters' places.
  public let layout: ParameterLayout
  /// Rows in each set.
  public let rows: Int
  /// The number of sets.
  public let sets: Int
  let use: Use
  let layers: [NetworkArchitecture.Layer]
  let frequencies: [Float]
  private let arena: Arena
  /// What layer l sees, X_l: `[sets · rows, inputs of layer l]`, rows on cache lines.
  let inputs: [Buffer]
  /// Z_l, then act′(Z_l), `[sets · rows, outputs of layer l]`.
  let slopes: [Buffer]
  /// act″(Z_l), as `slopes`; without rows where no one asks.
  let curvatures: [Buffer]
  /// F and ∂loss/∂F, `[sets · rows, outputs]`.
  let output, outputGradient: Buffer
  /// ∂loss/∂h_l for all sets, in turns for even and odd l.
  let hidden: [Buffer]
  /// ∂loss/∂Z of one set and layer.
  let delta: Buffer
  let forwardProducts: [MatrixProduct]
  let dataProducts: [MatrixProduct]
  let weightProducts: [MatrixProduct]

  /// Room for `sets` sets of `rows` rows.
  ///
  /// - Parameters:
  ///   - architecture: the network's shape.
  ///   - frequencies: the embedding's, as `TimeEmbedding.frequencies` gives them.
  ///   - rows: rows in each set.
  ///   - sets: the number of sets.
  ///   - use: whether gradients will be asked for.
  public init(architecture: NetworkArchitecture, frequencies: [Float], rows: Int, sets: Int = 1, use: Use) {
    precondition(2 * frequencies.count == architecture.embedding.features, "\(frequencies.count) frequencies")
    precondition(use != .curvature || architecture.activation.isSmooth, "relu has no second derivative")
    self.architecture = architecture
    self.rows = rows
    self.sets = sets
    self.use = use
    self.frequencies = frequencies
    layout = ParameterLayout(architecture)
    let layers = architecture.layers
    self.layers = layers

    let all = rows * sets
    let trained = use == .inference ? 0 : all
    let curved = use == .curvature ? all : 0
    let widest = max(architecture.widths.max() ?? 0, architecture.inputs)
    var plan = Arena.Plan()
    let inputPlaces = layers.map { plan.reserve(rows: all, stride: Self.lines($0.inputs)) }
    let slopePlaces = layers.dropLast().map { plan.reserve(rows: all, stride: $0.outputs) }
    let curvaturePlaces = layers.dropLast().map { plan.reserve(rows: curved, stride: $0.outputs) }
    let outputPlaces = [all, trained].map { plan.reserve(rows: $0, stride: architecture.outputs) }
    let hiddenPlaces = (0..<2).map { _ in plan.reserve(rows: trained, stride: widest) }
    let deltaPlace = plan.reserve(rows: trained / sets, stride: max(widest, architecture.outputs))
    let arena = Arena(plan)
    self.arena = arena
    unsafe inputs = unsafe inputPlaces.map { unsafe arena.buffer($0) }
    unsafe slopes = unsafe slopePlaces.map { unsafe arena.buffer($0) }
    unsafe curvatures = unsafe curvaturePlaces.map { unsafe arena.buffer($0) }
    unsafe output = arena.buffer(outputPlaces[0])
    unsafe outputGradient = arena.buffer(outputPlaces[1])
    unsafe hidden = unsafe hiddenPlaces.map { unsafe arena.buffer($0) }
    unsafe delta = arena.buffer(deltaPlace)

    forwardProducts = layers.map {
      MatrixProduct(
        rows: rows, columns: $0.outputs, inner: $0.inputs, left: .plain(stride: Self.lines($0.inputs)),
        right: .transposed(stride: $0.inputs), stride: $0.outputs, bias: true, packs: true)
    }
    let trainedLayers = trained > 0 ? layers : []
    dataProducts = trainedLayers.map {
      MatrixProduct(
        rows: rows, columns: $0.width, inner: $0.outputs, left: .plain(stride: $0.outputs),
        right: .plain(stride: $0.inputs), stride: $0.width)
    }
    weightProducts = trainedLayers.map {
      MatrixProduct(
        rows: $0.outputs, columns: $0.inputs, inner: rows, left: .transposed(stride: $0.outputs),
        right: .plain(stride: Self.lines($0.inputs)), stride: $0.inputs)
    }
  }

  /// A row's length in whole cache lines.
  static func lines(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  /// Bytes of all buffers.
  public var bytes: Int { arena.bytes }

  /// Where set `set`'s row `row` of the state goes: `inputs` numbers, then the features, which `setLevel` writes.
  @unsafe public func state(set: Int, row: Int) -> UnsafeMutablePointer<Float> {
    unsafe inputs[0].row(set * rows + row)
  }

  /// Embeds the noise level of one row, for every layer that sees it.
  public func setLevel(_ level: Float, set: Int, row: Int) {
    let index = set * rows + row
    let first = unsafe inputs[0].row(index) + layers[0].width
    unsafe embed(level, frequencies: frequencies, into: first)
    copyFeatures(of: index)
  }

  /// Gives every row of the first set the same level.
  public func setLevel(_ level: Float) {
    setLevel(level, set: 0, row: 0)
    let first = unsafe inputs[0].row(0) + layers[0].width
    for index in 1..<rows {
      unsafe (inputs[0].row(index) + layers[0].width).update(from: first, count: architecture.embedding.features)
      copyFeatures(of: index)
    }
  }

  private func copyFeatures(of index: Int) {
    let first = unsafe inputs[0].row(index) + layers[0].width
    for l in 1..<layers.count where layers[l].inputs > layers[l].width {
      unsafe (inputs[l].row(index) + layers[l].width).update(from: first, count: architecture.embedding.features)
    }
  }

  /// F of one row.
  @unsafe public func output(set: Int, row: Int) -> UnsafeMutablePointer<Float> { unsafe output.row(set * rows + row) }

  /// ∂loss/∂F of one row, to be written before `backward`.
  @unsafe public func outputGradient(set: Int, row: Int) -> UnsafeMutablePointer<Float> {
    unsafe outputGradient.row(set * rows + row)
  }

  /// Computes F for all sets from their states and levels.
  @unsafe public func forward(_ parameters: UnsafePointer<Float>) {
    for l in layers.indices {
      unsafe forwardProducts[l].pack(parameters + layout.weight(l).offset)
      for set in 0..<sets { unsafe forward(layer: l, set: set, parameters) }
    }
  }

  /// As `forward`, with the very parameters of the last `forward`: what was made of them is used again.
  @unsafe public func forwardAgain(_ parameters: UnsafePointer<Float>) {
    for l in layers.indices {
      for set in 0..<sets { unsafe forward(layer: l, set: set, parameters) }
    }
  }

  private func forward(layer l: Int, set: Int, _ parameters: UnsafePointer<Float>) {
    let isLast = l == layers.count - 1
    let x = unsafe inputs[l].row(set * rows)
    let z = unsafe (isLast ? output : slopes[l]).row(set * rows)
    unsafe forwardProducts[l](x, bias: parameters + layout.bias(l).offset, into: z)
    guard !isLast else { return }
    if use == .curvature {
      unsafe architecture.activation.writeCurvature(
        of: z, into: curvatures[l].row(set * rows), count: rows * layers[l].outputs)
    }
    unsafe architecture.activation.apply(
      z, rows: rows, width: layers[l].outputs, skip: layers[l].skips ? UnsafePointer(x) : nil,
      skipStride: inputs[l].stride, into: inputs[l + 1].row(set * rows), hStride: inputs[l + 1].stride,
      keepDerivative: use != .inference)
  }
}
