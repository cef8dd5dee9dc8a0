import Communication
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs

@Suite struct ColumnNameTests {
  @Test("column names that no checkpoint holds are refused when the data is opened, with the remedy")
  func names() throws {
    let names = (0..<30_000).map { "column_" + String(repeating: "x", count: 66) + "_\($0)" }.joined(separator: ",")
    let numbers = [String](repeating: "1", count: 30_000).joined(separator: ",")
    try withFile(Array((names + "\n" + numbers + "\n").utf8), "names.csv") { path in
      let experiment = try Experiment(yaml: "data: {file: \(path)}\n", file: "f")
      let body = { _ = try DataSource(experiment, base: "") }
      let text = errorText(body)
      #expect(text.hasPrefix("\(path): has 30000 column names of "), "\(text.prefix(200))")
      #expect(text.hasSuffix("fit into a checkpoint; shorten them, or remove the line of names"))
      #expect(errorStatus(body) == .config)
    }
  }

  @Test("a header that no reader takes is not written")
  func header() {
    let path = temporaryPath("long.safetensors")
    let metadata = [(name: "note", text: String(repeating: "x", count: TensorFile.longestHeader))]
    #expect(errorText { try TensorFile.write([], metadata: metadata, to: path) }.contains("would have a header of "))
    #expect(!unlinkFile(path))
  }
}
