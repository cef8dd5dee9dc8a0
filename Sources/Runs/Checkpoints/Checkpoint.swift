package import Configuration
package import Files
internal import LinearAlgebra
internal import Networks
internal import Reports
internal import Targets
package import Training

/// A moment of a run: what its safetensors file holds.
///
/// Nothing in it depends on ranks, machine or time.
package struct Checkpoint: ~Copyable, Sendable {
  /// Everything beside the network's tensors.
  package struct Header: Sendable, Equatable {
    /// The experiment, fully resolved.
    package var experiment: Experiment
    /// What the data is.
    package var data: DataSet.Description
    /// The scheduled checkpoint with the lowest held-out loss so far.
    package var best: Best?
    /// The instruction set that earlier versions rounded by, where one of them wrote the file.
    package var formerInstructionSet: String?
  }

  /// A checkpoint's step and held-out loss.
  package struct Best: Sendable, Equatable {
    package var step: Int
    package var loss: Double
  }

  /// The format's name and version, in every file.
  package static let format = "sgm-train checkpoint 1"

  /// The tensor of the words' blocks, whose presence says that the network has a head for words.
  static let wordBlocks = "words.block"

  package var header: Header
  package var state: TrainerState

  /// Writes the file whole or not at all; its bytes are a function of the checkpoint.
  package func write(to file: String) throws(ToolError) {
    let layout = header.experiment.layout(of: header.data)
    let network = header.experiment.architecture(of: header.data)
    let frequencies = network.embedding.frequencies(seed: header.experiment.seed)
    let data = header.data
    let columns = data.dimension + data.conditions
    var tensors = [
      Tensor("embedding.frequencies", shape: [frequencies.count], .float32(frequencies)),
      Tensor("standardisation.mean", shape: [columns], .float64(data.standardisation.mean)),
      Tensor("standardisation.scale", shape: [columns], .float64(data.standardisation.scale)),
      Tensor(
        "standardisation.constant", shape: [columns],
        .uint8(data.constantColumns.map { $0 ? 1 : 0 })),
    ]
    if let words = data.words {
      tensors += [
        Tensor(Self.wordBlocks, shape: [data.dimension], .float64(words.blockNumbers)),
        Tensor("words.log_prior", shape: [data.dimension], .float32(words.logPrior)),
      ]
    }
    if !state.timeHistory.isEmpty {
      tensors.append(
        Tensor("time_law.history", shape: [2, state.timeHistory.count / 2], .float64(state.timeHistory)))
    }
    for part in StatePart.allCases {
      for entry in layout.entries {
        let values = state[part].span.extracting(entry.range)
        let elements = values.indices.map { values[$0] }
        tensors.append(Tensor("\(part.rawValue).\(entry.name)", shape: entry.shape, .float32(elements)))
      }
    }
    for k in 0..<state.averages.rows {
      for entry in layout.entries {
        let elements = entry.range.map { state.averages[k, $0] }
        tensors.append(Tensor("averages.\(k).\(entry.name)", shape: entry.shape, .float32(elements)))
      }
    }
    try TensorFile.write(tensors, metadata: metadata, to: file)
  }

  private var metadata: [(name: String, text: String)] {
    var metadata = [
      (name: "format", text: Self.format), ("step", String(state.step)), ("experiment", header.experiment.yaml),
      ("data.rows", String(header.data.rows)), ("data.fingerprint", header.data.fingerprint),
    ]
    if let names = header.data.columnNames {
      metadata.append(("data.columns", JSONValue(names).description))
    }
    if !header.data.kinds.isEmpty {
      metadata.append(("data.kinds", JSONValue(header.data.kinds.map(\.words)).description))
    }
    if let table = header.data.table { metadata.append(("data.table", table.json.description)) }
    if header.data.isDouble { metadata.append(("data.precision", "double")) }
    if let teacher = header.data.teacher {
      metadata.append(("teacher.step", String(teacher.step)))
      metadata.append(("teacher.digest", teacher.digest))
    }
    if let best = header.best {
      metadata.append(("best.step", String(best.step)))
      metadata.append(("best.loss", "\(best.loss)"))
    }
    return metadata + state.guarding.metadata
  }
}

extension Guarding {
  /// What is not as in a run without faults, as names and texts.
  fileprivate var metadata: [(name: String, text: String)] {
    var metadata: [(name: String, text: String)] = []
    if let averageLoss {
      metadata += [("guard.average_loss", "\(averageLoss)"), ("guard.peak_loss", "\(peakLoss)")]
    }
    let counts = [("guard.skipped", skipped), ("guard.in_a_row", inARow), ("guard.rollbacks", rollbacks)]
    metadata += counts.filter { $0.1 > 0 }.map { ($0.0, String($0.1)) }
    if learningRateScale != 1 { metadata.append(("guard.learning_rate_scale", "\(learningRateScale)")) }
    if let origin { metadata.append(("guard.origin", String(origin))) }
    return metadata
  }
}

/// The parameter-shaped parts of a trainer's state, by their names in the file.
package enum StatePart: String, CaseIterable {
  case parameters
  case average
  case first = "adam.first"
  case second = "adam.second"
}

extension TrainerState {
  subscript(_ part: StatePart) -> Matrix {
    _read {
      switch part {
      case .parameters: yield parameters
      case .average: yield average
      case .first: yield first
      case .second: yield second
      }
    }
    _modify {
      switch part {
      case .parameters: yield &parameters
      case .average: yield &average
      case .first: yield &first
      case .second: yield &second
      }
    }
  }
}
