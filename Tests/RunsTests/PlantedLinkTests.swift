import Foundation
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs

/// A folder that others may write to, with a victim outside it.
private struct SharedFolder {
  let folder: TemporaryFolder
  let victim: String
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    victim = folder.path + "/victim"
    path = folder.path + "/shared"
    try FileManager.default.createDirectory(atPath: victim, withIntermediateDirectories: false)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try "mine".write(toFile: victim + "/file", atomically: false, encoding: .utf8)
  }

  func plant(_ link: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
  }

  /// The victim has one file, with its old content.
  func expectUntouched(_ location: SourceLocation = #_sourceLocation) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: victim)
    #expect(names == ["file"], sourceLocation: location)
    let text = try String(contentsOfFile: victim + "/file", encoding: .utf8)
    #expect(text == "mine", sourceLocation: location)
  }
}

private func experiment() throws -> Experiment { try Experiment(yaml: "data: {target: funnel}", file: "f") }

@Suite struct PlantedLinkTests {
  @Test("a run's folder that is a link, dangling or not, is not written to", arguments: ["", "/new"])
  func folder(below: String) throws {
    let shared = try SharedFolder()
    let run = RunFolder(shared.path + "/run")
    try shared.plant(run.path, to: shared.victim + below)
    let text = errorText { _ = try run.create(experiment(), base: "", overwrite: false) }
    #expect(text.hasPrefix(run.path + ": exists already; "))
    #expect(errorStatus { _ = try run.create(experiment(), base: "", overwrite: true) } == .cantCreate)
    try shared.expectUntouched()
  }

  @Test("a subfolder that became a link is refused, with the remedy", arguments: ["checkpoints", "samples", "plots"])
  func subfolder(name: String) throws {
    let shared = try SharedFolder()
    let run = RunFolder(shared.path + "/run")
    _ = try run.create(experiment(), base: "", overwrite: false)
    try run.refuseLinks()
    try FileManager.default.removeItem(atPath: run.path + "/" + name)
    try shared.plant(run.path + "/" + name, to: shared.victim)
    #expect(
      errorText { try run.refuseLinks() }
        == "\(run.path)/\(name): exists already; it is a link, and a run writes to folders of its own alone; "
        + "put a folder there")
    #expect(errorText { try makeFolder(run.path + "/" + name) }.contains("it is a link"))
    try shared.expectUntouched()
  }

  @Test("files in the place of links, and beside them, are made anew: what links point to is left alone")
  func files() throws {
    let shared = try SharedFolder()
    let (victim, path) = (shared.victim + "/file", shared.path)
    for name in ["text", ".text.partial", "metrics.jsonl", ".metrics.jsonl.partial", "a.npy", ".a.npy.partial"] {
      try shared.plant(path + "/" + name, to: victim)
    }
    try AtomicFile.write("new", to: path + "/text")
    _ = try MetricsLog(RunFolder(path), keepingUntil: 0, ranks: 1)
    try ArrayFileWriter.create(path + "/a.npy", rows: 1, columns: 1)
    try ArrayFileWriter.publish(path + "/a.npy")
    try shared.expectUntouched()
    for name in ["text", "metrics.jsonl", "a.npy"] {
      let type = try FileManager.default.attributesOfItem(atPath: path + "/" + name)[.type] as? FileAttributeType
      #expect(type == .typeRegular, "\(name)")
    }
    try shared.plant(path + "/direct", to: victim)
    #expect(errorStatus { _ = try Descriptor.creating(path + "/direct") } == .cantCreate)
    #expect(errorStatus { _ = try Descriptor.writing(path + "/direct") } == .cantCreate)
    try shared.expectUntouched()
  }

  @Test("gnuplot's log and picture are made anew")
  func plots() throws {
    let shared = try SharedFolder()
    let plot = Plot(name: "curve", description: "", width: 80, height: 60, commands: ["nonsense"], blocks: [[[1, 2]]])
    for ending in ["gp", "dat", "png", "log", "svg"] {
      try shared.plant(shared.path + "/curve." + ending, to: shared.victim + "/file")
    }
    _ = try Gnuplot().draw(plot, in: URL(fileURLWithPath: shared.path))
    try shared.expectUntouched()
  }

  @Test("files and folders have the modes that the user's umask leaves")
  func modes() throws {
    let shared = try SharedFolder()
    let run = RunFolder(shared.path + "/run")
    let mask = umask(0o027)
    defer { umask(mask) }
    _ = try run.create(experiment(), base: "", overwrite: false)
    try AtomicFile.write("x", to: run.checkpoints + "/latest")
    for (name, mode) in [
      ("", 0o750), ("/checkpoints", 0o750), ("/experiment.yaml", 0o640), ("/checkpoints/latest", 0o640),
    ] {
      let found = try FileManager.default.attributesOfItem(atPath: run.path + name)[.posixPermissions] as? Int
      #expect(found == mode, "\(name)")
    }
  }
}
