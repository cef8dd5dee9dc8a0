internal import Configuration
internal import Files
internal import Foundation
internal import Reports

/// The folder that a sweep leaves: `sweep.json`, a run folder for each cell in `cells`, the table, the report.
struct SweepFolder: Equatable {
  /// The format's name and version, in `sweep.json`.
  package static let format = "sgm-train sweep 1"

  package let path: String

  init(_ path: String) { self.path = path }

  /// As a run's folder: name and place of `experiment.yaml`, `origin`, `plots` and `report.html` are the same.
  package var root: RunFolder { RunFolder(path) }
  /// Axes and name of the sweep.
  package var description: String { path + "/sweep.json" }
  /// The table for people.
  package var table: String { path + "/table.txt" }
  /// The table for programs.
  package var lines: String { path + "/table.jsonl" }

  /// The run folder of cell `number`.
  package func cell(_ number: Int, axes: [Sweep.Axis]) -> RunFolder {
    RunFolder(path + "/cells/" + Self.name(of: number, axes: axes))
  }

  /// A name that says the cell's values, in letters that no shell or file system minds.
  package static func name(of number: Int, axes: [Sweep.Axis]) -> String {
    let digits = String(number + 1)
    let indices = Sweep.indices(of: number, counts: axes.map(\.values.count))
    let values = zip(axes, indices).map { axis, index in
      let key = axis.path.split(separator: ".").last ?? ""
      let value = axis.values[index].map { $0.isASCII && ($0.isLetter || $0.isNumber || ".-".contains($0)) ? $0 : "-" }
      return "_\(key)=\(String(value))"
    }
    let name = String(repeating: "0", count: max(3 - digits.count, 0)) + digits + values.joined()
    return String(name.prefix(120))
  }

  /// Makes the folder with a run folder for each cell; the description is written last.
  package func create(
    _ sweep: Sweep, text: String, base: String, overwrite: Bool, needed: [String] = []
  ) throws {
    try root.create(nil, base: base, overwrite: overwrite, needed: needed)
    try root.write(text, to: root.experiment)
    let origin = root.base()
    for (number, cell) in sweep.cells.enumerated() {
      try self.cell(number, axes: sweep.axes).create(cell.experiment, base: origin, overwrite: true, isCell: true)
    }
    let axes = sweep.axes.map { axis in
      JSONValue.object([
        .init("key", .string(axis.path)), .init("values", .array(axis.values.map { .string($0) })),
      ])
    }
    let description = JSONValue.object([
      .init("format", .string(Self.format)), .init("name", .string(sweep.cells[0].experiment.name)),
      .init("axes", .array(axes)),
    ])
    try root.write(description.description + "\n", to: self.description)
  }

  /// Whether there is a sweep.
  var isSweep: Bool { FileManager.default.fileExists(atPath: description) }

  /// The sweep's name and axes.
  package func read() throws -> (name: String, axes: [Sweep.Axis]) {
    let bytes = try readFile(description, atMost: 16_777_216) { size in
      .data(Place(description), "is \(size) bytes long, which no sweep needs")
    }
    guard let value = try? JSONValue(parsing: bytes), value["format"] == .string(Self.format),
      case .string(let name)? = value["name"], case .array(let entries)? = value["axes"]
    else { throw ToolError.data(Place(description), "is no sweep's description; restore it, or start again") }
    let axes = try entries.map { entry -> Sweep.Axis in
      guard case .string(let key)? = entry["key"], case .array(let values)? = entry["values"], !values.isEmpty else {
        throw ToolError.data(Place(description), "has an axis without key or values; restore it, or start again")
      }
      return Sweep.Axis(
        path: key, values: values.compactMap { if case .string(let text) = $0 { text } else { nil } })
    }
    return (name, axes)
  }
}
