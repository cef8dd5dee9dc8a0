internal import Files

/// What a file of samples holds, by its name's ending.
enum SampleFormat: Equatable {
  /// `.npy`.
  case array
  /// `.csv` or `.tsv`: what separates its columns.
  case table(separator: String)
  /// `.json`: draws as ArviZ's `from_json` reads them.
  case draws

  /// The format of a name; nil for another ending.
  init?(of file: String) {
    let name = file.lowercased()
    if let separator = SampleTable.separator(of: file) {
      self = .table(separator: separator)
    } else if name.hasSuffix(".json") {
      self = .draws
    } else if name.hasSuffix(".npy") {
      self = .array
    } else {
      return nil
    }
  }
}

/// Samples as a JSON file of ArviZ: one variable for each column, of the dimensions chain, draw and, where there are several
/// rows of conditions, observation.
///
/// ```
/// {"posterior": {"NAME": [[x_0, x_1, …]]}, "posterior_attrs": {…}}                              one chain
/// {"posterior": {"NAME": [[[x_0, …, x_{k−1}], …]]}, "dims": {"NAME": ["observation"]}, "coords": {"observation": [0, …]}}
/// ```
/// Samples are independent draws: they are one chain. Sample i is draw i / k of observation i mod k.
struct DrawsFile {
  private let names: [String]
  private let observations: Int
  private let isDouble: Bool

  /// - Parameters:
  ///   - description: names and precision of the columns; those without names are x1, x2, ….
  ///   - observations: the number k of rows of conditions, 1 without any.
  init(_ description: DataSet.Description, observations: Int) {
    let dimension = description.dimension
    names = description.columnNames.map { Array($0.prefix(dimension)) } ?? (1...dimension).map { "x\($0)" }
    self.observations = observations
    isDouble = description.isDouble
  }

  /// Writes the rows of a finished array, going through it once for each column.
  func write(_ array: String, to path: String) throws {
    let source = try ArrayFile(array)
    let file = try AtomicFile.create(path)
    do {
      var place = 0
      func append(_ text: String) throws {
        let bytes = Array(text.utf8)
        try file.write(bytes, at: place)
        place += bytes.count
      }
      try append("{\"posterior\": {")
      for (column, name) in names.enumerated() {
        try append((column == 0 ? "\n" : ",\n") + "\(quotedJSON(name)): [[")
        try source.forEachBlock { first, block in
          var text = ""
          for r in 0..<block.rows {
            let index = first + r
            if index > 0 { text += index % observations == 0 && observations > 1 ? "],\n" : ", " }
            if observations > 1, index % observations == 0 { text += "[" }
            // The shortest decimals that read back as the same numbers.
            text += isDouble ? "\(block[r, column])" : "\(Float(block[r, column]))"
          }
          try append(text)
        }
        try append(observations > 1 ? "]]]" : "]]")
      }
      try append("\n}, \"posterior_attrs\": {\"inference_library\": \"sgm-train\"}" + dimensions + "}\n")
      try file.synchronise()
    } catch {
      AtomicFile.discard(path)
      throw error
    }
    try AtomicFile.publish(path)
  }

  private var dimensions: String {
    guard observations > 1 else { return "" }
    let each = names.map { "\(quotedJSON($0)): [\"observation\"]" }.joined(separator: ", ")
    let numbers = (0..<observations).map(String.init).joined(separator: ", ")
    return ",\n\"dims\": {\(each)},\n\"coords\": {\"observation\": [\(numbers)]}"
  }

  private func quotedJSON(_ text: String) -> String { JSONValue.string(text).description }
}
