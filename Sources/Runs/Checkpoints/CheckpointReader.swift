internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Networks
internal import Reports
internal import Targets
internal import Training

extension Checkpoint {
  /// Reads a checkpoint; every part is checked before it is believed.
  package init(contentsOf file: String) throws {
    let reader = try TensorFileReader(file, checks: .required)
    let (header, step) = try Self.header(reader, file: file)
    self.init(header: header, state: try Self.state(reader, header, step: step, file: file))
    state.guarding = reader.guarding
  }

  /// Reads what a checkpoint says of its run, and its step, without parameters; the file is checked all the same.
  static func header(of file: String) throws -> (header: Header, step: Int) {
    try header(TensorFileReader(file, checks: .required), file: file)
  }

  private static func header(
    _ reader: borrowing TensorFileReader, file: String
  ) throws -> (header: Header, step: Int) {
    let format = try reader.text("format")
    guard format == Self.format else {
      throw ToolError.data(
        Place(file), "is of format \(quoted(format)), not \(quoted(Self.format)); use the program that wrote it")
    }
    let experiment = try Self.experiment(try reader.text("experiment"), file: file)
    guard let step = Int(try reader.text("step")), step >= 0, let rows = Int(try reader.text("data.rows")) else {
      throw ToolError.data(Place(file), "has a step or data.rows that is no number; \(TensorFileReader.remedy)")
    }
    let mean = try reader.doubles("standardisation.mean", file: file)
    let scale = try reader.doubles("standardisation.scale", count: mean.count, file: file)
    let constant = try reader.flags("standardisation.constant", count: mean.count, file: file)
    let table = try reader.table(count: mean.count, file: file)
    let conditions = table.conditions(of: experiment)
    var header = Header(
      experiment: experiment,
      data: DataSet.Description(
        dimension: mean.count - conditions, conditions: conditions, rows: rows,
        columnNames: reader.names("data.columns", count: mean.count),
        kinds: try reader.kinds(count: mean.count, file: file), table: table,
        isDouble: (try? reader.text("data.precision")) == "double",
        standardisation: Standardisation(mean: mean, scale: scale), constantColumns: constant,
        fingerprint: try reader.text("data.fingerprint"), teacher: reader.teacher),
      best: reader.best, formerInstructionSet: try? reader.text("instruction_set"))
    if reader.entries.contains(where: { $0.name == Self.wordBlocks }) {
      header.data.words = try words(of: header.data, reader, file: file)
    }
    return (header, step)
  }

  private static func words(
    of data: DataSet.Description, _ reader: borrowing TensorFileReader, file: String
  ) throws -> WordColumns {
    let blocks = try reader.doubles(wordBlocks, count: data.dimension, file: file)
    let logPrior = try reader.floats("words.log_prior", shape: [data.dimension], file: file)
    guard let words = data.words(blockNumbers: blocks, logPrior: logPrior) else {
      throw ToolError.data(Place(file), "holds columns of words that cannot be used; \(TensorFileReader.remedy)")
    }
    return words
  }

  /// The experiment within a file; its lines are not the file's.
  private static func experiment(_ text: String, file: String) throws(ToolError) -> Experiment {
    do { return try Experiment(yaml: text, file: "experiment") } catch {
      throw .data(Place(file), "holds an experiment that cannot be used: \(error); use the program that wrote it")
    }
  }

  private static func state(
    _ reader: borrowing TensorFileReader, _ header: Header, step: Int, file: String
  ) throws -> TrainerState {
    let layout = header.experiment.layout(of: header.data)
    // Before room is made: the experiment may speak of a larger network than the file holds.
    let averages = header.experiment.training.averages.count
    for part in StatePart.allCases.map(\.rawValue) + (0..<averages).map({ "averages.\($0)" }) {
      for entry in layout.entries {
        _ = try reader.entry("\(part).\(entry.name)", shape: entry.shape, type: .float32)
      }
    }
    var state = TrainerState(count: layout.count, averages: averages, step: step)
    if header.experiment.training.timeLaw.kind == .importance {
      state.timeHistory = try reader.doubles(
        "time_law.history", shape: [2, Trainer.timeHistoryCount / 2], file: file)
    }
    for part in StatePart.allCases {
      for entry in layout.entries {
        let values = try reader.floats("\(part.rawValue).\(entry.name)", shape: entry.shape, file: file)
        for (offset, value) in values.enumerated() { state[part][0, entry.offset + offset] = value }
      }
    }
    for k in 0..<averages {
      for entry in layout.entries {
        let values = try reader.floats("averages.\(k).\(entry.name)", shape: entry.shape, file: file)
        for (offset, value) in values.enumerated() { state.averages[k, entry.offset + offset] = value }
      }
    }
    return state
  }
}

extension TensorFileReader {
  fileprivate func floats(_ name: String, shape: [Int], file: String) throws -> [Float] {
    guard case .float32(let values) = try tensor(name, shape: shape).elements else {
      throw ToolError.data(Place(file), "holds \(name) not in F32; \(TensorFileReader.remedy)")
    }
    return values
  }

  fileprivate func doubles(_ name: String, count: Int? = nil, file: String) throws -> [Double] {
    try doubles(name, shape: count.map { [$0] }, file: file)
  }

  fileprivate func doubles(_ name: String, shape: [Int]?, file: String) throws -> [Double] {
    guard case .float64(let values) = try tensor(name, shape: shape).elements, !values.isEmpty else {
      throw ToolError.data(Place(file), "holds \(name) not in F64, or empty; \(TensorFileReader.remedy)")
    }
    return values
  }

  fileprivate func flags(_ name: String, count: Int, file: String) throws -> [Bool] {
    guard case .uint8(let values) = try tensor(name, shape: [count]).elements else {
      throw ToolError.data(Place(file), "holds \(name) not in U8; \(TensorFileReader.remedy)")
    }
    return values.map { $0 != 0 }
  }

  /// A student's teacher.
  fileprivate var teacher: TeacherRecord? {
    guard let step = (try? text("teacher.step")).flatMap({ Int($0) }), let digest = try? text("teacher.digest") else {
      return nil
    }
    return TeacherRecord(step: step, digest: digest)
  }

  fileprivate func names(_ name: String, count: Int) -> [String]? {
    guard let text = try? text(name), case .array(let values) = JSONValue(line: text) else { return nil }
    let names = values.compactMap { value -> String? in
      if case .string(let name) = value { name } else { nil }
    }
    return names.count == count ? names : nil
  }

  /// How a mixed table became so many columns; nil where it was one of numbers.
  fileprivate func table(count: Int, file: String) throws(ToolError) -> TableEncoding? {
    guard let text = try? text("data.table") else { return nil }
    guard let table = TableEncoding(text), table.dimension == count else {
      throw .data(Place(file), "holds an encoding of words that cannot be used; \(TensorFileReader.remedy)")
    }
    return table
  }

  /// The columns' kinds; none where the file names none.
  fileprivate func kinds(count: Int, file: String) throws(ToolError) -> [ColumnKind] {
    guard (try? text("data.kinds")) != nil else { return [] }
    let kinds = (names("data.kinds", count: count) ?? []).compactMap { ColumnKind($0) }
    guard kinds.count == count else {
      throw .data(Place(file), "holds kinds of columns that are unknown; use the program that wrote it")
    }
    return kinds
  }

  fileprivate var guarding: Guarding {
    func number<T: LosslessStringConvertible>(_ name: String) -> T? { (try? text("guard." + name)).flatMap { T($0) } }
    var guarding = Guarding()
    guarding.averageLoss = number("average_loss")
    guarding.peakLoss = number("peak_loss") ?? 0
    guarding.skipped = number("skipped") ?? 0
    guarding.inARow = number("in_a_row") ?? 0
    guarding.rollbacks = number("rollbacks") ?? 0
    guarding.learningRateScale = number("learning_rate_scale") ?? 1
    guarding.origin = number("origin")
    return guarding
  }

  fileprivate var best: Checkpoint.Best? {
    guard let step = (try? text("best.step")).flatMap({ Int($0) }),
      let loss = (try? text("best.loss")).flatMap({ Double($0) })
    else { return nil }
    return Checkpoint.Best(step: step, loss: loss)
  }
}
