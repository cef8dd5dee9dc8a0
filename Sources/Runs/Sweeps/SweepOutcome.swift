internal import Communication
internal import Files

/// How a cell ended.
struct SweepOutcome {
  package let cell: Int
  package let status: Int32
  /// The error's words, or empty.
  package let message: String

  package var json: JSONValue {
    .object([
      .init("cell", .integer(cell)), .init("status", .integer(Int(status))), .init("message", .string(message)),
    ])
  }

  /// Whether the cell has done all that was asked for.
  var isDone: Bool { status == 0 }
  /// Whether it has failed: one that was stopped, at a step or while it read its data or drew its samples, has not.
  var isFailure: Bool { ![0, ExitStatus.tempFail.rawValue].contains(status) }

  init(cell: Int, status: Int32, message: String) {
    self.cell = cell
    self.status = status
    self.message = message
  }

  init?(line: String) {
    guard let value = JSONValue(line: line), case .integer(let cell)? = value["cell"],
      case .integer(let status)? = value["status"], case .string(let message)? = value["message"]
    else { return nil }
    self.init(cell: cell, status: Int32(status), message: message)
  }
}

/// Cells that failed while the others went on; its status is that of the first.
struct SweepFailure: StatusError, Equatable {
  package let description: String
  package let status: Int32

  init(failures: [(folder: String, message: String, status: Int32)], cells: Int) {
    let lines = failures.map { "\n  \($0.folder): \($0.message)" }
    description = "\(failures.count) of \(cells) cells failed; the others are done:" + lines.joined()
    status = failures.first?.status ?? ExitStatus.software.rawValue
  }
}
