internal import Communication
internal import Files
internal import Foundation
internal import Randomness
internal import Training

/// Rows of parameters, and the observations that a user's program makes of them.
///
/// The rows are cut into blocks that depend on nothing but their number. A block is one start of the program, with a seed of
/// its own, so that the result is the same for any number of ranks and stops. A block that is done is kept until all are.
struct Simulations {
  /// For the shell.
  let command: String
  /// Where the program runs.
  let folder: String
  /// The rows of parameters.
  let parameters: any RowSource
  /// Rows of a block.
  let rowsPerStart: Int
  /// Seconds that one start may take.
  let patience: Double
  /// The seeds of all starts, from which each takes its own.
  let seeds: RandomStream
  /// Where the parameters come from: other ones have nothing to do with blocks that are kept.
  let origin: String
  /// Where blocks are kept.
  let files: SimulationFiles
  /// The file of all rows.
  let result: String
  /// What users call the program and its time limit.
  let key: (command: String, timeout: String)
  /// Refuses columns that do not fit what comes after; asked once, of the first block.
  var checkColumns: (any RowSource) throws -> Void = { _ in }
  /// Why to stop before the end, in words; nil for no reason.
  var reasonToStop: () -> String? = { nil }

  /// The parameters' names.
  var names: [String] { parameters.columnNames ?? (1...parameters.dimension).map { "theta\($0)" } }
  /// Blocks.
  var blocks: Int { (parameters.rows + rowsPerStart - 1) / rowsPerStart }

  /// The rows of a block.
  func rows(of block: Int) -> Range<Int> {
    block * rowsPerStart..<min((block + 1) * rowsPerStart, parameters.rows)
  }

  /// SGM_SEED of a block, below 2³¹ for languages whose seeds end there; no two blocks of a run share one.
  func seed(of block: Int) -> Int {
    Int((UInt64(seeds.words(index: 0, block: 0)[0]) + UInt64(block)) % (1 << 31))
  }

  /// Makes what is not there yet, on all ranks.
  ///
  /// - Parameters:
  ///   - communicator: all ranks.
  ///   - first: told, on every rank, how many seconds the first block took.
  /// - Returns: whether anything was to be done.
  /// - Throws: on every rank, the error of the lowest rank whose program failed; blocks that are done stay.
  func make(_ communicator: Communicator, first: (Double) -> Void = { _ in }) throws -> Bool {
    guard try communicator.fromRoot({ try begin() }) else { return false }
    let start = Stopwatch.now
    // Alone: a program that cannot work says so once, and the others learn the columns from it.
    let header = try communicator.fromRoot { () throws -> String in
      let header = try make(0, of: own(0..<1), header: nil)
      try checkColumns(TableFile(files.block(0), header: .present))
      return header
    }
    first(Stopwatch.now - start)
    let rest = communicator.share(of: blocks - 1)
    try communicator.agree { try makeOwn(rest.lowerBound + 1..<rest.upperBound + 1, header: header) }
    try communicator.agree { if communicator.isRoot { try join() } }
    return true
  }

  /// Prepares the folder; on the root.
  ///
  /// - Returns: whether anything is left to do.
  private func begin() throws -> Bool {
    let request = [command, origin, "\(parameters.rows) rows by \(rowsPerStart)", "seed \(seeds.seed)", ""]
      .joined(separator: "\n")
    try makeFolder(files.path)
    let known = try? readFile(files.request, atMost: 1 << 20) { _ in .data(Place(files.request), "is too long") }
    if known != Array(request.utf8) {
      files.removeAll()
      try AtomicFile.write(request, to: files.request)
    } else if FileManager.default.fileExists(atPath: result) {
      return false
    }
    unsafe _ = unlink(files.failed)
    return true
  }

  /// Makes this rank's blocks, unless another rank fails meanwhile.
  private func makeOwn(_ blocks: Range<Int>, header: String) throws {
    guard !blocks.isEmpty else { return }
    do {
      let rows = try own(blocks)
      for block in blocks { _ = try make(block, of: rows, header: header) }
    } catch is OtherFailed {
    } catch {
      // An empty file is sign enough; where it cannot be made the others find out at the end.
      _ = FileManager.default.createFile(atPath: files.failed, contents: nil)
      throw error
    }
  }

  /// The parameters of some blocks in text, line by line.
  private func own(_ blocks: Range<Int>) throws -> OwnParameters {
    let range = rows(of: blocks.lowerBound).lowerBound..<rows(of: blocks.upperBound - 1).upperBound
    return try OwnParameters(parameters, range)
  }

  /// Puts all blocks into one file, in their order; on the root.
  private func join() throws {
    let file = try AtomicFile.create(result)
    do {
      var place = 0
      for block in 0..<blocks {
        let bytes = try readFile(files.block(rows(of: block).lowerBound), atMost: .max) { _ in .fault("a long block") }
        let start = block == 0 ? 0 : (bytes.firstIndex(of: 0x0a) ?? -1) + 1
        try file.write(Array(bytes[start...]), at: place)
        place += bytes.count - start
      }
      try file.synchronise()
    } catch {
      AtomicFile.discard(result)
      throw error
    }
    try AtomicFile.publish(result)
    files.removeParts()
  }
}

/// Ends a rank's work where another rank has failed, whose error is the one to be told.
struct OtherFailed: Error {}

/// The parameters of a range of rows.
struct OwnParameters {
  private let first: Int
  private let block: RowBlockBox

  /// Reads the rows of a range.
  init(_ source: any RowSource, _ range: Range<Int>) throws {
    first = range.lowerBound
    var own = RowBlock(rows: range.count, columns: source.dimension)
    do {
      try source.forEachBlock { number, block in
        for r in 0..<block.rows where range.contains(number + r) {
          own.copyRow(number + r - range.lowerBound, from: block, r)
        }
        if number + block.rows >= range.upperBound { throw EnoughRows() }
      }
    } catch is EnoughRows {}
    block = RowBlockBox(own)
  }

  /// A row as the program is given it: the shortest decimals that read back as the same numbers.
  func line(_ row: Int) -> String {
    (0..<block.value.columns).map { "\(block.value[row - first, $0])" }.joined(separator: ",")
  }
}

/// A block that several values may hold.
private final class RowBlockBox {
  let value: RowBlock
  init(_ value: consuming RowBlock) { self.value = value }
}
