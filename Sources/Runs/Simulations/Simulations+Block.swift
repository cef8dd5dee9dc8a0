internal import Files
internal import Foundation

extension Simulations {
  /// Makes one block, unless it is there.
  ///
  /// - Parameters:
  ///   - block: its number.
  ///   - parameters: rows among which are those of the block.
  ///   - header: the line of names of the first block; nil for that block itself.
  /// - Returns: the line of names.
  /// - Throws: what is wrong with the program or what it wrote; `OtherFailed` where another rank has failed.
  func make(_ block: Int, of parameters: OwnParameters, header: String?) throws -> String {
    let range = rows(of: block)
    let first = range.lowerBound
    let lines = range.map(parameters.line)
    let given = SampleTable.fields(ofNames: names).joined(separator: ",")
    if let made = kept(first, given, lines), header == nil || made == header { return made }
    let text = ([given] + lines).joined(separator: "\n") + "\n"
    try SimulationFiles.created(files.input(first)).write(Array(text.utf8), at: 0)
    let start = SimulatorStart(
      command: command, folder: folder, seed: seed(of: block), input: files.input(first), output: files.output(first),
      errors: files.errors(first))
    let ending = try start.run(patience: patience) { reasonToStop() != nil || files.hasFailed }
    try check(ending, range, seed: start.seed)
    let table: SimulatedTable
    do throws(Complaint) { table = try read(range) } catch { throw refused(error.text, range, seed: start.seed) }
    let all = SampleTable.fields(ofNames: names + table.names).joined(separator: ",")
    guard header == nil || all == header else {
      let words =
        "wrote the columns \(shortened(table.names.joined(separator: ", "))), but others for the first rows; every start must "
        + "write the same"
      throw refused(words, range, seed: start.seed)
    }
    let columns = table.names.count
    let joined = lines.enumerated().map { row, line in
      line + "," + (0..<columns).map { "\(table.numbers[row * columns + $0])" }.joined(separator: ",")
    }
    try AtomicFile.write(([all] + joined).joined(separator: "\n") + "\n", to: files.block(first))
    for file in [files.input(first), files.output(first), files.errors(first)] { unsafe _ = unlink(file) }
    return all
  }

  /// The line of names of a block that was made before of the same parameters; nil where there is none.
  private func kept(_ first: Int, _ given: String, _ lines: [String]) -> String? {
    guard let text = try? String(contentsOfFile: files.block(first), encoding: .utf8) else { return nil }
    let kept = text.split(separator: "\n")
    guard kept.count == lines.count + 1, kept[0].hasPrefix(given),
      zip(kept.dropFirst(), lines).allSatisfy({ $0.hasPrefix($1 + ",") })
    else { return nil }
    return String(kept[0])
  }

  /// What the program has written, if it is one row for each row that it was given.
  private func read(_ range: Range<Int>) throws(Complaint) -> SimulatedTable {
    let output = files.output(range.lowerBound)
    guard let bytes = try? readFile(output, atMost: 1 << 30, otherwise: { _ in .data(Place(output), "is too long") })
    else { throw Complaint("wrote what cannot be read") }
    let table = try SimulatedTable(bytes)
    guard table.rows == range.count else {
      throw Complaint(
        "wrote \(counted(table.rows, "row")), not one for each of the \(range.count) rows that it was given")
    }
    if let name = table.names.first(where: names.contains) {
      throw Complaint(
        "wrote a column named \(quoted(name)), as one of the parameters is; name it otherwise, or leave it out")
    }
    return table
  }

  /// Refuses a program that did not end well.
  private func check(_ ending: SimulatorStart.Ending, _ range: Range<Int>, seed: Int) throws {
    let words: String
    switch ending {
    case .exited(0): return
    case .exited(let status):
      words =
        "ended with status \(status)" + (lastWords(range.lowerBound).map { ": \(quoted($0))" } ?? " and said nothing")
    case .killed(let signal): words = "was killed by signal \(signal)"
    case .late: words = "did not end within \(rounded(patience)) s (\(key.timeout))"
    case .endless: words = "wrote more than a gigabyte"
    case .unwanted:
      guard let reason = reasonToStop() else { throw OtherFailed() }
      throw ToolError.stopped(
        "stopped by \(reason) while \(key.command) was at work; --resume goes on with the rows not made yet")
    }
    throw ToolError.unavailable("\(key.command): " + told(words, range, seed: seed))
  }

  private func refused(_ words: String, _ range: Range<Int>, seed: Int) -> ToolError {
    .data(Place(key.command), told(words, range, seed: seed))
  }

  /// What went wrong, with which rows, and where to look.
  private func told(_ words: String, _ range: Range<Int>, seed: Int) -> String {
    let stem = "\(files.path)/\(padded(range.lowerBound))"
    return
      "the program \(words); it was given rows \(range.lowerBound) to \(range.upperBound - 1) (from 0) and SGM_SEED "
      + "\(seed), and its input, output and words are in \(stem).in.csv, .out.csv and .err.txt"
  }

  /// The last line that the program said.
  private func lastWords(_ first: Int) -> String? {
    let text = (try? String(contentsOfFile: files.errors(first), encoding: .utf8)) ?? ""
    return text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
  }
}
