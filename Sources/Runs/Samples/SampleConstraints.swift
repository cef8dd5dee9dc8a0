internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Sampling
internal import Targets

/// What samples are to satisfy, read from the files of `--observe` and `--fix`.
struct SampleConstraints {
  /// Linear observations, in trained coordinates.
  package var observations: Observations?
  /// Known coordinates, in trained coordinates.
  package var fixed: FixedCoordinates?

  /// What was converted or guessed while the files were read: lines to be shown.
  let remarks: [String]

  /// Whether there are any.
  var isGiven: Bool { observations != nil || fixed != nil }

  /// All of them as observations.
  func all(dimension: Int) -> Observations {
    let known = fixed.map { Observations($0, dimension: dimension) }
    guard let observations else { return known ?? Observations(rows: [[0]], values: [0], deviations: [1]) }
    return Observations(
      rows: observations.rows + (known?.rows ?? []), values: observations.values + (known?.values ?? []),
      deviations: observations.deviations + (known?.deviations ?? []))
  }

  /// Reads the files that a request names.
  ///
  /// - Throws: `ToolError` naming the file and row of what cannot be used.
  init(_ request: SampleRequest, _ data: DataSet.Description) throws {
    observations = try request.observations.map { try Self.observations($0, data) }
    fixed = try request.fixed.map { try Self.fixed($0, data) }
    let read = try [request.observations, request.fixed].compactMap { $0 }.flatMap { try openRows($0).remarks }
    // The law of an exact score is known everywhere.
    let far = data.rows > 0 ? try request.fixed.map { try Self.far(Self.read($0), data) } ?? [] : []
    remarks = read + far.map { "warning: --fix \(shortened(request.fixed ?? "")): \($0)" }
  }

  /// Rows H_1 … H_d, y, standard deviation: y = Hx + noise becomes y − H·mean = (H·scale)z + noise.
  private static func observations(_ path: String, _ data: DataSet.Description) throws -> Observations {
    let table = try read(path)
    let d = data.dimension
    guard table[0].count == d + 2 else {
      throw ToolError.data(
        Place(path),
        "has \(counted(table[0].count, "column")); an observation has \(d + 2): H_1 … H_\(d), y, standard deviation")
    }
    let (mean, scale) = (data.standardisation.mean, data.standardisation.scale)
    for row in table {
      guard let bent = (0..<d).first(where: { row[$0] != 0 && !data.kind($0).isLinear }) else { continue }
      throw ToolError.data(
        Place(path),
        "observes column \(data.title(bent)), which data.columns calls \(data.kind(bent).words): its map to trained units is "
          + "not linear; set its H to 0, or --fix it")
    }
    for (index, row) in table.enumerated() where row[d + 1] < 0 || row[..<d].allSatisfy({ $0 == 0 }) {
      throw ToolError.data(
        Place(path), "row \(index): H must not be zero, and the standard deviation at least 0")
    }
    for (index, row) in table.enumerated() {
      let trained =
        (0..<d).map { row[$0] * scale[$0] } + [(0..<d).reduce(row[d]) { $0 - row[$1] * mean[$1] }, row[d + 1]]
      try refuseBeyondSingle(trained, path, row: index)
    }
    return Observations(
      rows: table.map { row in (0..<d).map { row[$0] * scale[$0] } },
      values: table.map { row in (0..<d).reduce(row[d]) { $0 - row[$1] * mean[$1] } },
      deviations: table.map { $0[d + 1] })
  }

  /// Rows of a coordinate's number, from 0, and its value.
  private static func fixed(_ path: String, _ data: DataSet.Description) throws -> FixedCoordinates {
    let table = try read(path)
    guard table[0].count == 2 else {
      throw ToolError.data(
        Place(path),
        "has \(counted(table[0].count, "column")); a fixed coordinate has 2: its number, from 0, and its value")
    }
    var seen = Set<Int>()
    for (index, row) in table.enumerated() {
      guard row[0] == row[0].rounded(), row[0] >= 0, row[0] < Double(data.dimension), seen.insert(Int(row[0])).inserted
      else {
        throw ToolError.data(
          Place(path),
          "row \(index): the coordinate must be a whole number from 0 to \(data.dimension - 1), each at most once, "
            + "found \(decimal(row[0]))")
      }
    }
    let columns = table.map { Int($0[0]) }
    for (index, row) in table.enumerated() {
      let kind = data.kind(columns[index])
      guard kind.contains(row[1]) else {
        throw ToolError.data(
          Place(path),
          "row \(index): holds \(row[1]) for column \(data.title(columns[index])), where "
            + "\(kind.expectation ?? "a number") is expected")
      }
      try refuseBeyondSingle([data.trained(row[1], columns[index])], path, row: index)
    }
    return FixedCoordinates(
      columns: columns, values: zip(columns, table).map { data.trained($1[1], $0) })
  }

  /// Refuses numbers that samplers, which compute in single precision, cannot hold.
  private static func refuseBeyondSingle(_ trained: [Double], _ path: String, row: Int) throws(ToolError) {
    guard let bad = trained.first(where: { !Float($0).isFinite }) else { return }
    throw .data(
      Place(path),
      "row \(row): gives \(bad.isFinite ? "\(bad)" : "a number") in trained units, beyond single precision "
        + "(3.4e38); check the values and units")
  }

  /// Which fixed coordinates lie so far from the data that the network knows nothing of them.
  private static func far(_ table: [[Double]], _ data: DataSet.Description) -> [String] {
    table.compactMap { row in
      let column = Int(row[0])
      let trained = data.trained(row[1], column)
      return data.isFar(column, trained: trained) ? data.farWords(column, row[1], trained: trained) : nil
    }
  }

  private static func read(_ path: String) throws -> [[Double]] {
    var table: [[Double]] = []
    let source = try openRows(path)
    try source.forEachBlock { _, block in
      for r in 0..<block.rows { table.append((0..<block.columns).map { block[r, $0] }) }
    }
    guard !table.isEmpty, table.count <= 1000 else {
      throw ToolError.data(Place(path), "has \(table.count) rows; 1 to 1000 conditions are expected")
    }
    return table
  }
}
