internal import LinearAlgebra

/// The buffers and products that take a network over several sets of `rows` rows each, forward and backward.
///
/// A set is a shard's batch. Outputs and data gradients of several sets are one product for each layer: each of their
/// elements depends on its own row alone. Gradients of parameters are sums over rows: each set has its own, and they are
/// added in an order that the caller gives, so that a shard's bits do not depend on who computes it.
///
/// Sets are gone through in groups of so many rows that a layer's numbers stay in the second cache. Inputs and outputs are
/// kept for all sets, everything between for one group.
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
  /// The sets in the groups that they are gone through in.
  public let groups: [Range<Int>]
  let use: Use
  let layers: [NetworkArchitecture.Layer]
  let frequencies: [Float]
  private let places: Places
  private let arena: Arena
  /// The group that was gone through last.
  var group = 0..<0
  /// What layer l sees, X_l: `[rows, inputs of layer l]`; that of layer 0 for all sets.
  let inputs: [Buffer]
  /// Z_l, then act′(Z_l) of the group, tile after tile; without tiles for inference.
  let slopes: [Buffer]
  /// act″(Z_l), as `slopes`; without tiles where no one asks.
  let curvatures: [Buffer]
  /// F and ∂loss/∂F, `[sets · rows, outputs]` without gaps.
  let output, outputGradient: Buffer
  /// What the last layer puts out for the group and its gradient; without rows where that is F.
  let raw, rawGradient: Buffer
  /// What the head of words is told of each row's noise, for all sets, and ln p of the group's words; without rows without words.
  let signals, logWords: Buffer
  /// ∂loss/∂Z_l of hidden layers, `[group's rows, outputs of layer l]`, in turns for even and odd l.
  let deltas: [Buffer]
  /// ∂loss/∂h_l of the layer gone through last; without rows where no layer skips.
  let hidden: Buffer
  /// ∂loss/∂b_l of each set of the group, for one layer at a time.
  let biasSums: Buffer
  /// W_lᵀ, `[inputs, outputs]`: what `forward` made of the parameters.
  let turned: [Buffer]
  /// W_l, `[outputs, inputs]`, with rows further apart than in the parameters, for layers above the first whose data
  /// gradients are faster so; without rows for the others.
  let spaced: [Buffer]
  let forwardProducts: [MatrixProduct]
  /// For layers above the first: ∂loss/∂h_l = ∂loss/∂Z_l · W_l.
  let dataProducts: [MatrixProduct?]
  /// One set's ∂loss/∂W_l, in tiles without gaps.
  let weightProducts: [MatrixProduct]
  let singleSums = SetSums([SetSums.Step(slot: 0, additions: [])])
  private(set) lazy var inputProduct = places.dataProduct(0)
  private(set) lazy var tangentProducts = layers.indices.map { places.tangentProduct($0, rows: rows) }

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
    layers = architecture.layers
    let places = Places(architecture, rows: rows, sets: sets, use: use)
    self.places = places
    groups = places.groups
    let arena = Arena(places.plan)
    self.arena = arena
    unsafe inputs = unsafe places.inputs.map { unsafe arena.buffer($0) }
    unsafe slopes = unsafe places.slopes.map { unsafe arena.buffer($0) }
    unsafe curvatures = unsafe places.curvatures.map { unsafe arena.buffer($0) }
    unsafe output = arena.buffer(places.output)
    unsafe outputGradient = arena.buffer(places.outputGradient)
    unsafe raw = arena.buffer(places.raw)
    unsafe rawGradient = arena.buffer(places.rawGradient)
    unsafe signals = arena.buffer(places.signals)
    unsafe logWords = arena.buffer(places.logWords)
    unsafe deltas = unsafe places.deltas.map { unsafe arena.buffer($0) }
    unsafe hidden = arena.buffer(places.hidden)
    unsafe biasSums = arena.buffer(places.biasSums)
    unsafe turned = unsafe places.turned.map { unsafe arena.buffer($0) }
    unsafe spaced = unsafe places.spaced.map { unsafe arena.buffer($0) }
    let indices = architecture.layers.indices
    forwardProducts = indices.map { places.forwardProduct($0) }
    dataProducts = indices.map { use == .inference || $0 == 0 ? nil : places.dataProduct($0) }
    weightProducts = use == .inference ? [] : indices.map { places.weightProduct($0, rows: rows) }
  }

  /// Bytes of all buffers.
  public var bytes: Int { arena.bytes }

  /// Where a set's rows begin in buffers that hold the group alone.
  func firstRow(ofSet set: Int) -> Int {
    precondition(group.contains(set), "set \(set) after a forward pass of sets \(group)")
    return (set - group.lowerBound) * rows
  }

  /// A tile of `slopes` or `curvatures` of layer l.
  func tile(_ l: Int, _ i: Int, _ j: Int, of buffers: [Buffer]) -> Buffer {
    unsafe Buffer(
      base: buffers[l].row(i * forwardProducts[l].columnTiles.count + j), stride: MatrixProduct.largestTile.columns)
  }

  /// A row's part in column tile j of `slopes` or `curvatures` of layer l.
  func row(_ row: Int, _ l: Int, _ j: Int, of buffers: [Buffer]) -> UnsafeMutablePointer<Float> {
    let place = forwardProducts[l].place(ofRow: row)
    return unsafe tile(l, place.tile, j, of: buffers).row(place.row)
  }

  /// The first row of what layer l saw of a set.
  func input(_ l: Int, set: Int) -> UnsafeMutablePointer<Float> {
    unsafe inputs[l].row(l == 0 ? set * rows : firstRow(ofSet: set))
  }

  /// Where set `set`'s row `row` of the state goes: `inputs` numbers, then the features, which `setLevel` writes.
  @unsafe public func state(set: Int, row: Int) -> UnsafeMutablePointer<Float> {
    unsafe inputs[0].row(set * rows + row)
  }

  /// Embeds the noise level of one row.
  public func setLevel(_ level: Float, set: Int, row: Int) {
    unsafe embed(level, frequencies: frequencies, into: inputs[0].row(set * rows + row) + layers[0].width)
  }

  /// Gives every row of the first set the same level.
  public func setLevel(_ level: Float) {
    setLevel(level, set: 0, row: 0)
    let first = unsafe inputs[0].row(0) + layers[0].width
    for row in 1..<rows {
      unsafe (inputs[0].row(row) + layers[0].width).update(from: first, count: architecture.embedding.features)
    }
  }

  /// F of one row.
  @unsafe public func output(set: Int, row: Int) -> UnsafeMutablePointer<Float> { unsafe output.row(set * rows + row) }

  /// What the last layer saw of a row, so many numbers as the last hidden layer has units; of the group gone through last.
  @unsafe public func lastHidden(set: Int, row: Int) -> UnsafePointer<Float> {
    unsafe UnsafePointer(input(layers.count - 1, set: set) + row * inputs[layers.count - 1].stride)
  }

  /// ∂loss/∂F of one row, to be written before `backward`.
  @unsafe public func outputGradient(set: Int, row: Int) -> UnsafeMutablePointer<Float> {
    unsafe outputGradient.row(set * rows + row)
  }
}
