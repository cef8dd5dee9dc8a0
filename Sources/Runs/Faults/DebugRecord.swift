internal import Communication
internal import Configuration
internal import Files
internal import Networks
internal import Reports
internal import Training

/// What is kept of one step of one shard: the same numbers for any number of ranks, in debug mode or not.
struct ShardRecord: Equatable {
  /// One layer of the shard's pass.
  struct Layer: Equatable {
    /// CRC32C of the bits of the layer's gradient, before any addition.
    var hash = ""
    /// The norm of that gradient.
    var gradientNorm = 0.0
    /// Root mean square of what the layer passes on.
    package var activation = 0.0
  }

  package var shard: Int
  package var loss: Double
  /// Root mean square of state and features.
  package var input: Double
  package var layers: [Layer]

  /// CRC32C of the layers' hashes, first layer first.
  var hash: String { Self.hash(of: layers.map(\.hash)) }

  static func hash(of hashes: [String]) -> String {
    var check = CRC32C()
    for hash in hashes { check.update(Array(hash.utf8)) }
    return check.text
  }

  package var json: JSONValue {
    .object([
      .init("shard", .integer(shard)), .init("hash", .string(hash)), .init("loss", .real(loss)),
      .init("input_rms", .real(input)),
      .init(
        "layers",
        .array(
          layers.map {
            .object([
              .init("hash", .string($0.hash)), .init("gradient_norm", .real($0.gradientNorm)),
              .init("activation_rms", .real($0.activation)),
            ])
          })),
    ])
  }
}

/// Watches a step and keeps what `ShardRecord` holds of this rank's shards.
final class DebugRecorder: GradientObserver {
  private let first: Int
  private var hashes: [[String]]
  private var squares: [[Double]]

  init(_ trainer: Trainer) {
    first = trainer.shards.lowerBound
    let layers = trainer.network.layerCount
    hashes = trainer.shards.map { _ in [String](repeating: "", count: layers) }
    squares = trainer.shards.map { _ in [Double](repeating: 0, count: layers) }
  }

  package func observe(shard: Int, layer: Int, gradient: Span<Float>) {
    var check = CRC32C()
    unsafe check.update(gradient.bytes)
    hashes[shard - first][layer] = check.text
    var sum = 0.0
    for i in gradient.indices { sum += Double(gradient[i]) * Double(gradient[i]) }
    squares[shard - first][layer] = sum
  }

  /// The records of the last step.
  package func records(of trainer: Trainer) -> [ShardRecord] {
    trainer.shards.map { shard in
      let sizes = trainer.activationSizes(ofShard: shard)
      let local = shard - first
      let layers = hashes[local].indices.map { l in
        ShardRecord.Layer(
          hash: hashes[local][l], gradientNorm: squares[local][l].squareRoot(), activation: sizes[l + 1])
      }
      return ShardRecord(shard: shard, loss: trainer.loss(ofShard: shard), input: sizes[0], layers: layers)
    }
  }
}

/// `debug/step-K.json`: the records of a step's shards, one a line between a first and a last line.
struct DebugFile {
  /// Where in a file the first difference from another lies.
  struct Difference: Equatable {
    package var shard: Int
    /// The first layer in the order of back-propagation, the last layer first.
    package var layer: Int
    var recorded: String
    package var found: String
  }

  package let text: String

  init(step: Int, records: [[UInt8]]) {
    let lines = records.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",\n")
    text = "{\"step\":\(step),\"shards\":[\n\(lines)\n]}\n"
  }

  init(text: String) { self.text = text }

  /// The lines of one rank.
  package static func lines(_ records: [ShardRecord]) -> [UInt8] {
    Array(records.map(\.json.description).joined(separator: ",\n").utf8)
  }

  /// Hashes of the layers by shard, or nil where the text is damaged.
  package var hashes: [[String]]? {
    guard case .array(let shards)? = JSONValue(line: text)?["shards"] else { return nil }
    return shards.map { shard in
      guard case .array(let layers)? = shard["layers"] else { return [] }
      return layers.map { layer in
        if case .string(let hash)? = layer["hash"] { hash } else { "" }
      }
    }
  }

  /// The first gradient that differs from those recorded.
  func difference(from recorded: DebugFile) -> Difference? {
    let (old, new) = (recorded.hashes ?? [], hashes ?? [])
    for shard in 0..<max(old.count, new.count) {
      let (a, b) = (shard < old.count ? old[shard] : [], shard < new.count ? new[shard] : [])
      for layer in (0..<max(a.count, b.count)).reversed() {
        let (x, y) = (layer < a.count ? a[layer] : "none", layer < b.count ? b[layer] : "none")
        if x != y { return Difference(shard: shard, layer: layer, recorded: x, found: y) }
      }
    }
    return nil
  }
}
