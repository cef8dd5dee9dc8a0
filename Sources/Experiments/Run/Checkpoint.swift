internal import LinearAlgebra
internal import Networks
internal import Targets
internal import Training

/// A moment of a run: what its safetensors file holds. Nothing in it depends on ranks, machine or time.
struct Checkpoint: ~Copyable, Sendable {
  /// Everything beside the network's tensors.
  struct Header: Sendable, Equatable {
    /// The experiment, fully resolved.
    var experiment: Experiment
    /// What the data is.
    var data: DataSet.Description
    /// oneDNN's instruction set: with another, sums may round differently.
    var instructionSet: String
    /// The scheduled checkpoint with the lowest held-out loss so far.
    var best: Best?
  }

  /// A checkpoint's step and held-out loss.
  struct Best: Sendable, Equatable {
    var step: Int
    var loss: Double
  }

  /// The format's name and version, in every file.
  static let format = "sgm-train checkpoint 1"

  var header: Header
  var state: TrainerState

  /// The file's bytes.
  func encoded() -> [UInt8] {
    let model = header.experiment.model(dimension: header.data.dimension)
    let layout = ParameterLayout(model.network)
    var tensors: [Safetensors.Tensor] = []
    func append(_ part: String, _ values: borrowing Matrix) {
      for entry in layout.entries {
        tensors.append(.init(name: "\(part).\(entry.name)", shape: entry.shape, floats: values.span.extracting(entry.range)))
      }
    }
    append("parameters", state.parameters)
    append("average", state.average)
    append("adam.first", state.first)
    append("adam.second", state.second)
    tensors.append(.init(name: "embedding.frequencies", floats: model.frequencies))
    tensors.append(.init(name: "standardisation.mean", doubles: header.data.standardisation.mean))
    tensors.append(.init(name: "standardisation.scale", doubles: header.data.standardisation.scale))
    tensors.append(.init(name: "standardisation.constant", bytes: header.data.constantColumns.map { $0 ? 1 : 0 }))
    return Safetensors.encode(tensors, metadata: metadata)
  }

  private var metadata: [String: String] {
    var metadata = [
      "format": Self.format, "step": String(state.step), "experiment": header.experiment.text,
      "data.rows": String(header.data.rows), "data.fingerprint": header.data.fingerprint,
      "instruction_set": header.instructionSet,
    ]
    if let names = header.data.columnNames { metadata["data.columns"] = JSONText.array(names) }
    if let best = header.best {
      metadata["best.step"] = String(best.step)
      metadata["best.loss"] = "\(best.loss)"
    }
    return metadata
  }
}
