internal import CMachine
package import Communication
package import Configuration
package import Files
package import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
package import Targets
internal import Training

/// The data of an experiment, opened once: where every row belongs, each rank's own rows, and the few rows that are named.
///
/// It lives from loading to report. No rank ever holds all rows, unless it is alone: `load` takes a rank's shards, `rows`
/// the rows that are asked for, and `forEachBlock` goes through a part block by block.
package final class DataSource {
  /// The two parts of the data.
  package enum Part: Sendable {
    /// Rows to train on.
    case training
    /// Rows kept from training.
    case heldOut
  }

  package let experiment: Experiment
  /// The law that rows are drawn from; nil for a file.
  package let target: (any Target)?
  let source: any RowSource
  let separate: (any RowSource)?
  /// How a mixed table became numbers; nil for tables of numbers and targets.
  let encoding: TableEncoding?
  /// What was found in each column of a mixed table: name, kind, range or words, share missing.
  let survey: [[String]]
  /// The kind of each column, conditions included; empty where all are numbers.
  let kinds: [ColumnKind]
  /// The file of the rows' classes; nil where none is named.
  let classesFile: String?
  /// For each row of `source`, whether it is held out; made when it is first needed.
  private(set) lazy var isHeldOut = experiment.heldOutRows(of: source.rows)
  /// Where every row of `source` belongs; made when it is first needed.
  private(set) lazy var places = RowPlaces(isHeldOut, experiment)

  /// Opens the data and decides which rows are held out.
  ///
  /// - Parameters:
  ///   - experiment: says where the rows come from and what is held out.
  ///   - base: the folder that relative paths start from.
  ///   - simulated: what the experiment's simulator has made, where it has one.
  /// - Throws: `ToolError` where a file cannot be opened, or does not fit the experiment.
  package init(_ experiment: Experiment, base: String, simulated: (any RowSource)? = nil) throws {
    self.experiment = experiment
    target = try experiment.target()
    let opened = try Self.open(experiment, target: target, base: base, simulated: simulated)
    (source, encoding, survey) = (opened.rows, opened.encoding, opened.survey)
    separate = try Self.openHeldOut(experiment, base: base, encoding)
    kinds = try encoding?.kinds ?? Self.kinds(experiment, source)
    classesFile = experiment.evaluation.classes.map { Self.path($0, from: base) }
    try check()
  }

  /// Opens the data on every rank; those of an experiment with a simulator lie in its run's folder.
  package static func open(
    _ experiment: Experiment, base: String, in folder: RunFolder? = nil, _ communicator: Communicator
  ) throws -> DataSource {
    try communicator.agree { try DataSource(experiment, base: base, simulated: folder?.pairs(of: experiment)) }
  }

  /// d, without conditions.
  package var dimension: Int { source.dimension - conditions }
  /// The number of trained columns after those, which condition.
  package var conditions: Int { encoding.conditions(of: experiment) }
  /// Whether any row is held out.
  package var hasHeldOut: Bool { count(.heldOut) > 0 }
  /// The part to show and to judge against: rows held out, or those to train on where none are.
  package var shownPart: Part { hasHeldOut ? .heldOut : .training }
  /// The columns of a mixed table and what they are taken for, for people; nil for other data.
  package var surveyText: String? {
    guard !survey.isEmpty else { return nil }
    return String(TextTable(title: "", header: ["column", "kind", "values", "missing"], rows: survey).plain.dropLast())
  }
  /// The data, or what stands for it in messages.
  var name: String { experiment.data.simulator != nil ? "simulations" : experiment.data.file ?? "data" }

  /// The number of rows of a part.
  package func count(_ part: Part) -> Int {
    let kept = experiment.heldOutCount(of: source.rows)
    return switch part {
    case .training: source.rows - kept
    case .heldOut: separate?.rows ?? kept
    }
  }
}

extension DataSource {
  /// Rows of a part by their numbers in it, in the order of `numbers`, in original units less `origin`, rounded to single
  /// precision; `origin` has as many numbers as are taken of each row: the dimension, or with the conditions all.
  package func rows(_ part: Part, _ numbers: some Sequence<Int>, less origin: [Double]) throws -> Matrix {
    // In the file's order; a row may be asked for twice.
    let wanted = numbers.enumerated().map { (number: $1, place: $0) }.sorted { $0.number < $1.number }
    try MemoryNeed.Part(rows: wanted.count, columns: origin.count, from: name).check()
    var rows = Matrix(rows: wanted.count, columns: origin.count)
    var next = 0
    guard !wanted.isEmpty else { return rows }
    do {
      try forEachRow(of: part) { number, block, r in
        while next < wanted.count, wanted[next].number == number {
          try copy(block, r, into: &rows, wanted[next].place, less: origin)
          next += 1
        }
        if next == wanted.count { throw EnoughRows() }
      }
    } catch is EnoughRows {}
    precondition(next == wanted.count, "row \(wanted[next].number) of \(count(part))")
    return rows
  }

  /// Calls `body` with a part's rows in the file's order, block after block, as `rows` gives them.
  package func forEachBlock(of part: Part, less origin: [Double], _ body: (borrowing Matrix) throws -> Void) throws {
    let most = max(1, 65_536 / origin.count)
    var (filled, left) = (0, count(part))
    var block = Matrix(rows: min(most, left), columns: origin.count)
    try forEachRow(of: part) { _, source, r in
      try copy(source, r, into: &block, filled, less: origin)
      (filled, left) = (filled + 1, left - 1)
      guard filled == block.rows else { return }
      try body(block)
      if left > 0, left < block.rows { block = Matrix(rows: left, columns: origin.count) }
      filled = 0
    }
  }

  private func forEachRow(
    of part: Part, _ body: (_ number: Int, _ block: borrowing RowBlock, _ row: Int) throws -> Void
  ) throws {
    if part == .heldOut, let separate {
      return try separate.forEachBlock { first, block in
        try Self.refuseAfterSignal()
        for r in 0..<block.rows { try body(first + r, block, r) }
      }
    }
    var number = 0
    try source.forEachBlock { first, block in
      try Self.refuseAfterSignal()
      for r in 0..<block.rows where isHeldOut[first + r] == (part == .heldOut) {
        try body(number, block, r)
        number += 1
      }
    }
  }

  private func copy(
    _ block: borrowing RowBlock, _ row: Int, into rows: inout Matrix, _ place: Int, less origin: [Double]
  ) throws(ToolError) {
    for j in origin.indices {
      rows[place, j] = Float(block[row, j] - origin[j])
      guard rows[place, j].isFinite else {
        throw .data(
          Place(name),
          "column \(j) (from 0) holds \(block[row, j]), beyond single precision (3.4e38), in which samples are judged; "
            + "measure it in a larger unit")
      }
    }
  }

  /// Signals only set a flag: a long file must not make them wait.
  static func refuseAfterSignal() throws {
    guard sgm_stop_signal() == 0 else {
      throw ToolError.stopped("stopped while the data was read; the same command, or --resume, goes on")
    }
  }
}

/// Ends a pass whose rows are all there.
struct EnoughRows: Error {}
