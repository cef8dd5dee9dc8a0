internal import Files
internal import Targets

/// A table with its missing cells filled in, the others byte for byte as they were.
struct CompletedTable {
  let given: GivenRows
  /// How many rows each given row becomes, one after another.
  let count: Int
  /// What separates columns.
  let separator: String

  /// Writes the table.
  ///
  /// - Parameters:
  ///   - array: a finished array of the completed rows, encoded, in the data's units.
  ///   - path: the table.
  /// - Throws: an error of reading the given table again, or of writing.
  func write(_ array: String, to path: String) throws {
    let numbers = try RowBlock(ArrayFile(array))
    let file = try AtomicFile.create(path)
    do {
      let names = given.table.columnNames.map { SampleTable.fields(ofNames: $0).joined(separator: separator) + "\n" }
      var (bytes, place) = (Array((names ?? "").utf8), 0)
      func flush() throws {
        try file.write(bytes, at: place)
        place += bytes.count
        bytes.removeAll(keepingCapacity: true)
      }
      let places = (0..<given.table.dimension).map { given.encoding.order.firstIndex(of: $0) }
      try given.table.forEachRow { row, cells in
        for draw in 0..<count { append(cells, places, numbers, row * count + draw, to: &bytes) }
        if bytes.count > 1 << 20 { try flush() }
      }
      try flush()
      try file.synchronise()
    } catch {
      AtomicFile.discard(path)
      throw error
    }
    try AtomicFile.publish(path)
  }

  /// Appends a line: a row's own cells, and the texts of a completed row's numbers where they are missing.
  private func append(
    _ cells: TableCells, _ places: [Int?], _ numbers: borrowing RowBlock, _ row: Int, to bytes: inout [UInt8]
  ) {
    for (number, place) in places.enumerated() {
      let content = place.map { given.encoding.columns[$0].content }
      if let place, content != .ignored, given.missing.contains(cells.text(number)) {
        var values: [Double] = []
        for j in given.encoding.ranges[place] { values.append(numbers[row, j]) }
        bytes += Array(SampleTable.field(given.encoding.columns[place].text(values[...])).utf8)
      } else {
        let own = cells.bytes(number)
        // Separators may differ between the two files.
        let isCut = own.first != UInt8(ascii: "\"") && own.contains { separator.utf8.contains($0) }
        bytes += isCut ? Array(SampleTable.field(cells.text(number)).utf8) : Array(own)
      }
      bytes += Array((number == places.count - 1 ? "\n" : separator).utf8)
    }
  }
}
