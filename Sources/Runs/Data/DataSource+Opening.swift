internal import Configuration
internal import Files
internal import Metrics
internal import Targets

extension DataSource {
  static func open(
    _ experiment: Experiment, target: (any Target)?, base: String, simulated: (any RowSource)?
  ) throws -> (rows: any RowSource, encoding: TableEncoding?, survey: [[String]]) {
    if let target {
      return (TargetRows(target: target, rows: experiment.data.count, seed: experiment.seed), nil, [])
    }
    if experiment.data.simulator != nil {
      guard let simulated else {
        throw ToolError.configuration(
          Place("data.simulator"),
          "is for single runs of sgm-train; for sweeps and theory let such a run simulate, and give its simulations/pairs.csv as "
            + "data.file")
      }
      return (try ordered(simulated, experiment), nil, [])
    }
    guard let file = experiment.data.file else { throw ToolError.fault("neither data.target nor data.file") }
    let rows = try openRows(path(file, from: base), header: experiment.data.header)
    let data = experiment.data
    let named = data.columns.entries.map { ($0.name, $0.item) }
    guard let table = rows as? TableFile, table.hasText || named.contains(where: { $0.1.kind == nil }) else {
      return (try ordered(rows, experiment), nil, [])
    }
    let (encoding, survey) = try TableEncoding.survey(
      table, named: named, levels: data.levels, conditions: data.conditions.names, missing: data.missingWords)
    return (EncodedRows(table, encoding, missing: data.missingWords), encoding, survey)
  }

  /// A file's rows with its conditions last.
  static func ordered(_ rows: any RowSource, _ experiment: Experiment) throws -> any RowSource {
    let conditions = experiment.data.conditions.names
    return conditions.isEmpty ? rows : try OrderedRows(rows, last: conditions, key: "data.conditions")
  }

  /// The kinds that an experiment names, in the order of the source's columns.
  static func kinds(_ experiment: Experiment, _ source: any RowSource) throws -> [ColumnKind] {
    let order = (source as? OrderedRows)?.order ?? Array(0..<source.dimension)
    let levels = experiment.data.levels.map { ColumnKind.levels(count: $0) }
    let conditions = experiment.conditionCount
    let laws = experiment.data.prior.entries
    let rest = (0..<source.dimension).map { j in
      let usual = j < source.dimension - conditions ? levels ?? .number : .number
      return laws.first { $0.name == source.columnNames?[j] }?.item.kind ?? usual
    }
    let named = try experiment.data.columns.entries.map { entry in
      guard let kind = entry.item.kind else {
        throw ToolError.configuration(
          Place("data.columns"),
          "calls column \(quoted(entry.name)) \(entry.item.words), which is for tables of text: .csv, .tsv, .txt or .dat"
        )
      }
      return (entry.name, kind)
    }
    return try source.kinds(named, rest: rest, order: order)
  }

  static func openHeldOut(
    _ experiment: Experiment, base: String, _ encoding: TableEncoding?
  ) throws -> (any RowSource)? {
    guard case .file(let file) = experiment.data.heldOut else { return nil }
    let rows = try openRows(path(file, from: base), header: experiment.data.header)
    guard let encoding else { return try ordered(rows, experiment) }
    guard let table = rows as? TableFile, table.dimension == encoding.columns.count else {
      throw ToolError.configuration(
        Place("data.held_out"), "is no table of the \(encoding.columns.count) columns that data.file has")
    }
    return EncodedRows(table, encoding, missing: experiment.data.missingWords)
  }

  /// The files that hold an experiment's rows.
  static func files(of experiment: Experiment, base: String) -> [String] {
    var files = experiment.data.file.map { [path($0, from: base)] } ?? []
    if case .file(let file) = experiment.data.heldOut { files.append(path(file, from: base)) }
    if let file = experiment.evaluation.classes { files.append(path(file, from: base)) }
    return files.map(fileOnDisk)
  }

  static func path(_ file: String, from base: String) -> String {
    file.hasPrefix("/") || base.isEmpty ? file : base + "/" + file
  }
}

extension DataSource {
  /// Refuses data that do not fit the experiment.
  func check() throws {
    try checkNames()
    let trainingRows = count(.training)
    let found = dimension
    if let dimension = experiment.data.dimension, dimension != found {
      let words = experiment.conditionCount > 0 ? "columns beside data.conditions" : "columns"
      throw ToolError.configuration(
        Place("data.dimension"), "is \(dimension), but the data file has \(found) \(words); remove the key")
    }
    if let separate, separate.dimension != source.dimension {
      throw ToolError.configuration(
        Place("data.held_out"), "has \(separate.dimension) columns where the data has \(source.dimension)")
    }
    if let separate, let names = source.columnNames, let others = separate.columnNames, names != others {
      throw ToolError.configuration(
        Place("data.held_out"),
        "has the columns \(shortened(others.joined(separator: ", "))) where the data has "
          + "\(shortened(names.joined(separator: ", "))): bring them into that order")
    }
    if let classesFile { _ = try readClasses(classesFile, rows: source.rows, of: name) }
    try checkExchangeable()
    guard source.rows <= Int(Int32.max) else {
      throw ToolError.configuration(
        Place(experiment.data.file ?? "data.count"),
        "has \(source.rows) rows, more than \(Int32.max); take a part of them")
    }
    let shards = experiment.training.shards
    guard trainingRows >= shards else {
      throw ToolError.configuration(
        Place("training.shards"),
        "\(counted(trainingRows, "row")) to train on cannot fill \(shards) shards: use fewer shards, "
          + "or more rows")
    }
    // A run's end compares samples with these rows; it should not fail there.
    guard (separate?.rows ?? source.rows - trainingRows) != 1 else {
      throw ToolError.configuration(
        Place("data.held_out"),
        "is 1 row, but a distance needs at least 2: hold out more of the \(source.rows) rows, or 0")
    }
    guard experiment.conditionCount == 0 || separate != nil || trainingRows < source.rows else {
      throw ToolError.configuration(
        Place("data.held_out"),
        "is no row of \(source.rows), but the run's samples are drawn given the conditions of held-out rows: hold out "
          + "more")
    }
  }

  /// Refuses conditions that cannot change places.
  private func checkExchangeable() throws(ToolError) {
    let parts = experiment.data.exchangeable
    guard parts > 1 else { return }
    guard encoding == nil else {
      throw .configuration(
        Place("data.exchangeable"),
        "is for tables of numbers, but \(name) holds words or missing cells; number the words")
    }
    guard !kinds.isEmpty else { return }
    let width = conditions / parts
    for j in dimension..<source.dimension - width where kinds[j] != kinds[j + width] {
      throw .configuration(
        Place("data.exchangeable"),
        "needs columns of one kind at the same place of each part, but column "
          + "\(columnTitle(j, source.columnNames)) holds \(kinds[j].expectation ?? "numbers") and column "
          + "\(columnTitle(j + width, source.columnNames)) \(kinds[j + width].expectation ?? "numbers"); give both the same "
          + "kind in data.columns")
    }
  }

  /// Refuses column names that would not fit into checkpoints, before the first of them is due.
  private func checkNames() throws {
    // The rest of the header is for the experiment and the tensors' places.
    let most = TensorFile.longestHeader / 2
    let bytes = JSONValue.string(JSONValue(source.columnNames ?? []).description).description.utf8.count
    guard bytes > most else { return }
    throw ToolError.configuration(
      Place(experiment.data.file ?? "data"),
      "has \(source.dimension) column names of \(bytes) bytes in all, but at most \(most) fit into a checkpoint; "
        + "shorten them, or remove the line of names")
  }
}
