internal import LinearAlgebra
internal import Networks
internal import Targets
internal import Training

extension Checkpoint {
  /// Reads a checkpoint's bytes; every part is checked before it is believed.
  ///
  /// - Parameter file: the name that errors carry.
  static func decode(_ bytes: [UInt8], file: String) throws -> Checkpoint {
    let content = try Safetensors.decode(bytes, file: file)
    func value(_ key: String) throws -> String {
      guard let value = content.metadata[key] else {
        throw ExperimentError.data(Place(file), "has no \(key) in its metadata: it is not a checkpoint of sgm-train")
      }
      return value
    }
    let format = try value("format")
    guard format == Self.format else {
      throw ExperimentError.data(Place(file), "is of format \(printable(format)), not \(Self.format)")
    }
    guard let step = Int(try value("step")), step >= 0, let rows = Int(try value("data.rows")) else {
      throw ExperimentError.data(Place(file), "has a step or data.rows that is no number")
    }
    let experiment = try Experiment(yaml: try value("experiment"), source: file)
    let mean = try content.doubles("standardisation.mean")
    let scale = try content.doubles("standardisation.scale")
    let constant = try content.bytes("standardisation.constant")
    guard mean.count == scale.count, mean.count == constant.count, !mean.isEmpty else {
      throw ExperimentError.data(Place(file), "has standardisation tensors of different lengths")
    }
    let description = DataSet.Description(
      dimension: mean.count, rows: rows, columnNames: content.metadata["data.columns"].flatMap(JSONText.strings),
      standardisation: Standardisation(mean: mean, scale: scale), constantColumns: constant.map { $0 != 0 },
      fingerprint: try value("data.fingerprint"))
    var best: Best?
    if let step = content.metadata["best.step"].flatMap({ Int($0) }),
      let loss = content.metadata["best.loss"].flatMap({ Double($0) })
    {
      best = Best(step: step, loss: loss)
    }
    let header = Header(
      experiment: experiment, data: description, instructionSet: try value("instruction_set"), best: best)
    return Checkpoint(header: header, state: try state(content, header, step: step))
  }

  private static func state(_ content: Safetensors, _ header: Header, step: Int) throws -> TrainerState {
    let layout = ParameterLayout(header.experiment.model(dimension: header.data.dimension).network)
    var state = TrainerState(count: layout.count, step: step)
    for entry in layout.entries {
      try content.read("parameters.\(entry.name)", shape: entry.shape, into: &state.parameters, at: entry.offset)
      try content.read("average.\(entry.name)", shape: entry.shape, into: &state.average, at: entry.offset)
      try content.read("adam.first.\(entry.name)", shape: entry.shape, into: &state.first, at: entry.offset)
      try content.read("adam.second.\(entry.name)", shape: entry.shape, into: &state.second, at: entry.offset)
    }
    return state
  }
}
