internal import LinearAlgebra

/// Where a pass's buffers lie, and the products between them.
struct Places {
  let plan: Arena.Plan
  let inputs, slopes, curvatures, deltas, turned, spaced: [Arena.Place]
  let hidden, output, outputGradient, raw, rawGradient, biasSums, signals, logWords: Arena.Place
  let groups: [Range<Int>]
  private let layers: [NetworkArchitecture.Layer]
  /// Rows of a whole group.
  private let groupRows: Int
  private let use: NetworkPass.Use
  private let hasHead: Bool

  /// Plans for `sets` sets of `rows` rows.
  init(_ architecture: NetworkArchitecture, rows: Int, sets: Int, use: NetworkPass.Use) {
    let layers = architecture.layers
    let widest = max(layers.map(\.outputs).max() ?? 0, layers[0].width)
    let setsPerGroup = min(max(Self.groupRows(widest: widest) / rows, 1), sets)
    groups = Swift.stride(from: 0, to: sets, by: setsPerGroup).map { $0..<min($0 + setsPerGroup, sets) }
    let groupRows = setsPerGroup * rows
    (self.layers, self.groupRows, self.use, hasHead) = (layers, groupRows, use, architecture.hasHead)
    let trained = use == .inference ? 0 : groupRows
    let curved = use == .curvature ? groupRows : 0
    let skips = layers.contains { $0.skips }
    let all = groups.count * groupRows
    var plan = Arena.Plan()
    inputs = layers.enumerated().map { l, layer in
      plan.reserve(rows: l == 0 ? all : groupRows, stride: MatrixProduct.stride(of: layer.inputs))
    }
    slopes = layers.dropLast().map { plan.reserve(rows: Self.tiles(trained, $0.outputs), stride: Self.tile) }
    curvatures = layers.dropLast().map { plan.reserve(rows: Self.tiles(curved, $0.outputs), stride: Self.tile) }
    output = plan.reserve(rows: all, stride: architecture.outputs)
    outputGradient = plan.reserve(rows: use == .inference ? 0 : all, stride: architecture.outputs)
    let last = MatrixProduct.stride(of: architecture.outputs + architecture.gated)
    raw = plan.reserve(rows: hasHead ? groupRows : 0, stride: last)
    rawGradient = plan.reserve(rows: hasHead ? trained : 0, stride: last)
    deltas = (0..<2).map { _ in plan.reserve(rows: trained, stride: MatrixProduct.stride(of: widest)) }
    hidden = plan.reserve(rows: skips ? trained : 0, stride: MatrixProduct.stride(of: widest))
    biasSums = plan.reserve(rows: use == .inference ? 0 : setsPerGroup, stride: MatrixProduct.stride(of: widest))
    let hasWords = architecture.words != nil
    signals = plan.reserve(rows: hasWords ? all : 0, stride: NetworkPass.signalNumbers)
    logWords = plan.reserve(rows: hasWords ? groupRows : 0, stride: MatrixProduct.stride(of: architecture.observed))
    turned = layers.map { plan.reserve(rows: $0.inputs, stride: MatrixProduct.stride(of: $0.outputs)) }
    spaced = layers.enumerated().map { l, layer in
      let isCopied = l > 0 && use != .inference && MatrixProduct.gainsFromCopy(rowsOf: layer.inputs)
      return plan.reserve(
        rows: isCopied ? layer.outputs : 0, stride: isCopied ? MatrixProduct.stride(of: layer.inputs) : layer.inputs)
    }
    self.plan = plan
  }

  /// Rows whose widest activations take 1 MB, half of a usual second cache; few rows would read the weights too often.
  static func groupRows(widest: Int) -> Int { max(262_144 / widest, 128) }

  /// Numbers of a tile.
  static let tile = MatrixProduct.largestTile.rows * MatrixProduct.largestTile.columns

  /// Enough tiles for a matrix: a product makes them of equal sizes, not fewer.
  private static func tiles(_ rows: Int, _ columns: Int) -> Int {
    let (height, width) = MatrixProduct.largestTile
    return (rows + height - 1) / height * ((columns + width - 1) / width)
  }

  /// The distance between rows where Z_l goes: into tiles, or for inference where h_{l+1} goes.
  private func preactivationStride(_ l: Int) -> Int {
    if l == layers.count - 1 { return hasHead ? raw.stride : output.stride }
    return use == .inference ? inputs[l + 1].stride : MatrixProduct.largestTile.columns
  }

  /// Where ∂loss/∂Z_l is.
  private func delta(_ l: Int) -> Arena.Place {
    l < layers.count - 1 ? deltas[l % 2] : hasHead ? rawGradient : outputGradient
  }

  /// Z_l = X_l W_lᵀ of a group's rows.
  func forwardProduct(_ l: Int) -> MatrixProduct {
    MatrixProduct(
      rows: groupRows, columns: layers[l].outputs, inner: layers[l].inputs, left: .plain(stride: inputs[l].stride),
      rightStride: turned[l].stride, stride: preactivationStride(l))
  }

  /// ∂loss/∂h_l = ∂loss/∂Z_l · W_l of a group's rows; for l = 0, of the state, without gaps.
  func dataProduct(_ l: Int) -> MatrixProduct {
    MatrixProduct(
      rows: groupRows, columns: layers[l].width, inner: layers[l].outputs, left: .plain(stride: delta(l).stride),
      rightStride: spaced[l].stride, stride: l == 0 ? layers[l].width : deltas[0].stride)
  }

  /// ∂loss/∂W_l = (∂loss/∂Z_l)ᵀ X_l over one set's rows, in tiles without gaps.
  func weightProduct(_ l: Int, rows: Int) -> MatrixProduct {
    MatrixProduct(
      rows: layers[l].outputs, columns: layers[l].inputs, inner: rows, left: .transposed(stride: delta(l).stride),
      rightStride: inputs[l].stride, stride: MatrixProduct.largestTile.columns)
  }

  /// Ż_l = Ẋ_l W_lᵀ of tangents without gaps.
  func tangentProduct(_ l: Int, rows: Int) -> MatrixProduct {
    MatrixProduct(
      rows: rows, columns: layers[l].outputs, inner: layers[l].width, left: .plain(stride: layers[l].width),
      rightStride: turned[l].stride, stride: layers[l].outputs)
  }
}
