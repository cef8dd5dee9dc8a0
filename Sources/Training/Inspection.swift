internal import Communication
internal import Diffusion
public import LinearAlgebra
internal import Networks
internal import Randomness

/// Someone who is shown the gradients of single shards while a step computes them.
public protocol GradientObserver: AnyObject {
  /// Takes note of one layer of one shard's gradient of the batch loss, before anything is added to it.
  ///
  /// - Parameters:
  ///   - shard: the shard's number among all S.
  ///   - layer: the layer, from 0; the last layer comes first.
  ///   - gradient: the layer's weight and bias as they lie in the parameter buffer, gaps included.
  func observe(shard: Int, layer: Int, gradient: Span<Float>)
}

// Nothing here runs in an ordinary step.
extension Trainer {
  /// This rank's shards.
  public var shards: Range<Int> { exchange.shards }

  /// The thread's work that one of this rank's sets belongs to.
  func work(ofSet set: Int) -> ShardWork {
    guard let work = works.last(where: { $0.firstSet <= set }) else { preconditionFailure("no set \(set)") }
    return work
  }

  /// Hands a shard's gradient of one layer to the observer.
  func show(
    _ gradient: UnsafeMutablePointer<Float>, _ elements: Range<Int>, ofShard shard: Int,
    to observer: any GradientObserver
  ) {
    guard let layer = (0..<network.layerCount).first(where: { layout.range(ofLayer: $0) == elements }) else {
      preconditionFailure("elements \(elements) are no layer")
    }
    unsafe observer.observe(
      shard: shard, layer: layer, gradient: Span(_unsafeStart: UnsafePointer(gradient), count: elements.count))
  }

  /// Goes through draws, forward and backward of the coming step once, and changes nothing.
  public func rehearseStep() {
    drawBatch()
    computeGradients(recordsActivations: true)
  }

  /// Remembers the sizes of what a group's sets passed on, before another group takes their place.
  func record(_ group: Range<Int>, of work: ShardWork) {
    for set in group {
      activations[work.firstSet + set] = (0...network.layerCount).map {
        work.pass.activationSquares(at: $0, set: set)
      }
    }
  }

  /// The mean loss of one of this rank's shards in the last step.
  public func loss(ofShard shard: Int) -> Double {
    loss(ofSet: shard - shards.lowerBound) / Double(rows)
  }

  /// Root mean squares of a shard's numbers in the last step that was observed, or rehearsed.
  ///
  /// - Returns: that of the input (state and features), then that of what each layer passes on; not finite exactly where
  ///   some number is not.
  public func activationSizes(ofShard shard: Int) -> [Double] {
    activations[shard - shards.lowerBound].map { ($0.sum / Double($0.count)).squareRoot() }
  }

  /// The norm of one layer of the last step's gradient, of the whole batch; on one process alone.
  public func gradientNorm(ofLayer layer: Int) -> Double {
    precondition(communicator.size == 1, "a rank of \(communicator.size) holds no whole gradient")
    let squares = layout.range(ofLayer: layer).reduce(0.0) { sum, i in
      sum + Double(gradients[0, i]) * Double(gradients[0, i])
    }
    return squares.squareRoot()
  }

  /// Whether every parameter of a layer is finite.
  public func isFinite(layer: Int) -> Bool {
    layout.range(ofLayer: layer).allSatisfy { parameters[0, $0].isFinite }
  }
}

extension Trainer {
  /// The rows, in trained coordinates, that the coming step takes from one of this rank's shards.
  public func rows(ofShard shard: Int) -> Matrix {
    var rows = Matrix(rows: self.rows, columns: data.rows.columns)
    for row in 0..<self.rows {
      let source = data.row(shard: shard, at: step * self.rows + row)
      for column in 0..<rows.columns { rows[row, column] = data.rows[source, column] }
    }
    return rows
  }

  /// The diffusion times that the coming step draws for one of this rank's shards.
  public func times(ofShard shard: Int) -> [Double] {
    var uniforms = [Double](repeating: 0, count: rows)
    var span = uniforms.mutableSpan
    streams.times.uniforms(firstIndex: UInt64(shard * rows), into: &span)
    let objective = works[0].objective
    prepareTimes(of: objective)
    return uniforms.map { objective.times.draw($0).time }
  }
}
