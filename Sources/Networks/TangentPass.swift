internal import LinearAlgebra

/// Jacobian–vector products Jb of a pass's rows, and gradients of cᵀJb with respect to the parameters.
///
/// With Ẋ_0 = b, the tangents are Ż_l = Ẋ_l W_lᵀ and Ẋ_{l+1} = act′(Z_l) Ż_l (+ Ẋ_l where the layer skips). Backward, the
/// adjoints Ū̇ of Ẋ and Ū of X run together:
///
/// ```
/// ∂/∂Ż_l = act′ Ū̇_{l+1},   ∂/∂Z_l = act′ Ū_{l+1} + act″ Ż_l Ū̇_{l+1},   ∂/∂W_l = (∂/∂Z_l)ᵀX_l + (∂/∂Ż_l)ᵀẊ_l
/// ```
/// Forward-over-reverse differentiation (Pearlmutter 1994). Rows and tangents lie in one matrix, so that each layer's
/// gradient is one product of fixed shape. One set at a time; allocates nothing once made.
@safe public final class TangentPass {
  /// Tangents for each row.
  public let probes: Int
  private let pass: NetworkPass
  private let rows: Int
  private let arena: Arena
  /// X_l, then Ẋ_l probe after probe: `[(1 + probes) · rows, inputs of layer l]`; a tangent's features are zero.
  private let inputs: [Buffer]
  /// Ż_l, `[probes · rows, outputs of layer l]`; the last is Jb.
  private let tangents: [Buffer]
  /// c, `[probes · rows, outputs]`.
  private let cotangents: Buffer
  /// Jb, `[probes · rows, outputs]`, where it is not the last of `tangents`.
  private let products: Buffer
  /// Adjoints of X and Ẋ, in turns for even and odd l, and of Z and Ż.
  private let hidden: [Buffer]
  private let delta: Buffer
  private let tangentProducts, dataProducts, weightProducts: [MatrixProduct]

  /// Room for `probes` tangents for each row of one set of a pass that keeps derivatives.
  public init(_ pass: NetworkPass, probes: Int) {
    precondition(pass.use != .inference, "a pass for inference keeps no derivatives")
    precondition(pass.architecture.words == nil, "second derivatives of a head of words")
    (self.pass, self.probes, rows) = (pass, probes, pass.rows)
    let (layers, architecture) = (pass.layers, pass.architecture)
    let (all, some) = ((1 + probes) * pass.rows, probes * pass.rows)
    let turned = pass.use == .curvature ? all : 0
    let widest = max(layers.map(\.outputs).max() ?? 0, layers[0].width)
    var plan = Arena.Plan()
    let inputPlaces = layers.map { plan.reserve(rows: all, stride: MatrixProduct.stride(of: $0.inputs)) }
    let tangentPlaces = layers.map { plan.reserve(rows: some, stride: $0.outputs) }
    let cotangentPlace = plan.reserve(rows: some, stride: architecture.outputs)
    let productPlace = plan.reserve(rows: architecture.shrinkage ? some : 0, stride: architecture.outputs)
    let hiddenPlaces = (0..<2).map { _ in plan.reserve(rows: turned, stride: widest) }
    let deltaPlace = plan.reserve(rows: turned, stride: widest)
    let arena = Arena(plan)
    self.arena = arena
    unsafe inputs = unsafe inputPlaces.map { unsafe arena.buffer($0) }
    unsafe tangents = unsafe tangentPlaces.map { unsafe arena.buffer($0) }
    unsafe cotangents = arena.buffer(cotangentPlace)
    unsafe products = arena.buffer(productPlace)
    unsafe hidden = unsafe hiddenPlaces.map { unsafe arena.buffer($0) }
    unsafe delta = arena.buffer(deltaPlace)
    tangentProducts = layers.indices.map { l in
      MatrixProduct(
        rows: some, columns: layers[l].outputs, inner: layers[l].width,
        left: .plain(stride: MatrixProduct.stride(of: layers[l].inputs)), rightStride: unsafe pass.turned[l].stride,
        stride: layers[l].outputs)
    }
    let turnedLayers = turned > 0 ? layers : []
    dataProducts = turnedLayers.enumerated().map { l, layer in
      MatrixProduct(
        rows: all, columns: layer.width, inner: layer.outputs, left: .plain(stride: layer.outputs),
        rightStride: unsafe pass.spaced[l].stride, stride: layer.width)
    }
    weightProducts = turnedLayers.map {
      MatrixProduct(
        rows: $0.outputs, columns: $0.inputs, inner: all, left: .transposed(stride: $0.outputs),
        rightStride: MatrixProduct.stride(of: $0.inputs), stride: $0.inputs)
    }
  }

  /// Bytes of all buffers.
  public var bytes: Int { arena.bytes }

  /// b of one row, `[inputs]`, to be written before `forward`.
  @unsafe public func tangent(probe: Int, row: Int) -> UnsafeMutablePointer<Float> {
    unsafe inputs[0].row((1 + probe) * rows + row)
  }

  /// c of one row, `[outputs]`, to be written before `backward`.
  @unsafe public func cotangent(probe: Int, row: Int) -> UnsafeMutablePointer<Float> {
    unsafe cotangents.row(probe * rows + row)
  }

  /// Jb of one row, `[outputs]`, after `forward`.
  @unsafe public func product(probe: Int, row: Int) -> UnsafePointer<Float> {
    unsafe UnsafePointer(
      (pass.architecture.shrinkage ? products : tangents[tangents.count - 1]).row(probe * rows + row))
  }

  /// Computes Jb for a set of the pass, after the pass's `forward` of its group.
  public func forward(set: Int) {
    writeDerivedTangents(set: set)
    for (l, layer) in pass.layers.enumerated() {
      unsafe tangentProducts[l](inputs[l].row(rows), pass.turned[l].base, into: tangents[l].base)
      guard l < pass.layers.count - 1 else { return applyHead(set: set) }
      for index in 0..<probes * rows {
        let (z, x) = unsafe (tangents[l].row(index), inputs[l].row(rows + index))
        let above = unsafe inputs[l + 1].row(rows + index)
        for (j, columns) in pass.forwardProducts[l].columnTiles.enumerated() {
          let slope = unsafe pass.row(pass.firstRow(ofSet: set) + index % rows, l, j, of: pass.slopes)
          let first = columns.lowerBound
          for k in 0..<columns.count { unsafe above[first + k] = slope[k] * z[first + k] }
        }
        if layer.skips { for j in 0..<layer.outputs { unsafe above[j] += x[j] } }
      }
    }
  }

  private func writeDerivedTangents(set: Int) {
    guard pass.architecture.derivedInputs > 0 else { return }
    for index in 0..<probes * rows {
      let tangent = unsafe inputs[0].row(rows + index)
      let x = unsafe pass.observed(set: set, row: index % rows)
      if pass.architecture.radial { unsafe tangent[pass.architecture.inputs] = pass.radialTangent(x, tangent) }
      unsafe pass.writeFourierTangent(set: set, row: index % rows, into: tangent)
    }
  }

  private func applyHead(set: Int) {
    guard pass.architecture.shrinkage else { return }
    for index in 0..<probes * rows {
      unsafe pass.headTangent(
        tangents[tangents.count - 1].row(index), set: set, row: index % rows, tangent: inputs[0].row(rows + index),
        into: products.row(index))
    }
  }

  /// Propagates ∂loss/∂F, as the pass holds it, and c to the parameters, after `forward` of the same set.
  ///
  /// - Parameters:
  ///   - parameters: those of the last `forward`.
  ///   - set: the set.
  ///   - gradient: takes the set's gradient of the loss plus Σ cᵀJb, laid out like the parameters.
  ///   - completed: called with the elements of each layer when they are whole, last layer first.
  @unsafe public func backward(
    _ parameters: UnsafePointer<Float>, set: Int, gradient: UnsafeMutablePointer<Float>,
    completed: (_ elements: Range<Int>) -> Void
  ) {
    precondition(pass.use == .curvature, "a pass that keeps no second derivatives")
    for l in pass.layers.indices.reversed() {
      let layer = pass.layers[l]
      copyInputs(layer: l, set: set)
      preactivationAdjoints(layer: l, set: set)
      unsafe addRows(of: delta.base, columns: layer.outputs, into: gradient + pass.layout.bias(l).offset)
      unsafe weightProducts[l](delta.base, inputs[l].base, into: gradient + pass.layout.weight(l).offset)
      completed(pass.layout.range(ofLayer: l))
      if l > 0 { unsafe propagate(layer: l, parameters) }
    }
  }

  private func copyInputs(layer l: Int, set: Int) {
    unsafe inputs[l].base.update(from: pass.input(l, set: set), count: rows * inputs[l].stride)
  }

  /// The rows of an adjoint of X_l and Ẋ_l: `[(1 + probes) · rows, width of layer l]` without gaps.
  private func adjoint(layer l: Int, row: Int) -> UnsafeMutablePointer<Float> {
    unsafe hidden[l % 2].base + row &* pass.layers[l].width
  }

  /// ∂loss/∂Z_l and ∂loss/∂Ż_l, from those of X_{l+1} and Ẋ_{l+1}.
  private func preactivationAdjoints(layer l: Int, set: Int) {
    let columns = pass.layers[l].outputs
    guard l < pass.layers.count - 1 else {
      guard !pass.architecture.shrinkage else { return headAdjoints(set: set) }
      unsafe delta.base.update(from: pass.outputGradient.row(set * rows), count: rows * columns)
      unsafe (delta.base + rows * columns).update(from: cotangents.base, count: probes * rows * columns)
      return
    }
    for row in 0..<rows {
      for (j, columns) in pass.forwardProducts[l].columnTiles.enumerated() {
        adjoints(layer: l, row: row, tile: j, columns, pass.firstRow(ofSet: set) + row)
      }
    }
  }

  /// Adjoints of [f | g] and [ḟ | ġ] for Ḟ = ḟ + ġ ⊙ x + g ⊙ ẋ: g's has a term c ⊙ ẋ of each tangent.
  private func headAdjoints(set: Int) {
    let (n, gated) = (pass.architecture.outputs, pass.architecture.gated)
    let columns = n + gated
    for row in 0..<rows {
      let x = unsafe pass.observed(set: set, row: row)
      let own = unsafe delta.base + row * columns
      unsafe pass.splitHead(pass.outputGradient(set: set, row: row), x, into: own)
      for probe in 0..<probes {
        let (c, tangent) = unsafe (cotangent(probe: probe, row: row), self.tangent(probe: probe, row: row))
        unsafe pass.splitHead(c, x, into: delta.base + ((1 + probe) * rows + row) * columns)
        for k in 0..<gated { unsafe own[n + k] = own[n + k].addingProduct(c[k], tangent[k]) }
      }
    }
  }

  private func adjoints(layer l: Int, row: Int, tile j: Int, _ part: Range<Int>, _ passRow: Int) {
    let (columns, first) = (pass.layers[l].outputs, part.lowerBound)
    let slope = unsafe pass.row(passRow, l, j, of: pass.slopes)
    let curvature = unsafe pass.row(passRow, l, j, of: pass.curvatures)
    let (own, upstream) = unsafe (delta.base + row &* columns + first, adjoint(layer: l + 1, row: row) + first)
    for k in 0..<part.count { unsafe own[k] = slope[k] * upstream[k] }
    for probe in 0..<probes {
      let index = probe &* rows &+ row
      let (u, z) = unsafe (adjoint(layer: l + 1, row: rows + index) + first, tangents[l].row(index) + first)
      let turned = unsafe delta.base + (rows + index) &* columns + first
      for k in 0..<part.count {
        unsafe own[k] = own[k].addingProduct(curvature[k] * z[k], u[k])
        unsafe turned[k] = slope[k] * u[k]
      }
    }
  }

  private func addRows(of matrix: UnsafeMutablePointer<Float>, columns: Int, into sums: UnsafeMutablePointer<Float>) {
    unsafe sums.update(repeating: 0, count: columns)
    for row in 0..<rows {
      let d = unsafe matrix + row &* columns
      for j in 0..<columns { unsafe sums[j] += d[j] }
    }
  }

  private func propagate(layer l: Int, _ parameters: UnsafePointer<Float>) {
    let below = unsafe adjoint(layer: l, row: 0)
    unsafe dataProducts[l](delta.base, pass.weights(l, parameters), into: below)
    guard pass.layers[l].skips else { return }
    let upstream = unsafe adjoint(layer: l + 1, row: 0)
    for i in 0..<(1 + probes) * rows * pass.layers[l].width { unsafe below[i] += upstream[i] }
  }
}
