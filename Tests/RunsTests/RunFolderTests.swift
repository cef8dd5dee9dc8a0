import Communication
import Foundation
import LinearAlgebra
import Targets
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs

@Suite struct RunFolderTests {
  @Test(
    "a path's parent is what stands before its last component",
    arguments: [
      ("r", ""), ("/", "/"), ("a/b", "a"), ("/b", "/"), ("a//b/", "a"), ("./r", "."), ("/tmp/runs/x.yaml", "/tmp/runs"),
    ])
  func parents(path: String, parent: String) {
    #expect(parentFolder(of: path) == parent)
  }

  @Test("a run is complete when its final samples have been judged, not before")
  func complete() throws {
    let folder = try TemporaryFolder()
    let run = RunFolder(folder.path + "/run")
    let experiment = try Experiment(yaml: "data: {target: funnel}\ntraining: {steps: 40}\n", file: "small")
    try run.create(experiment, base: "", overwrite: false).release()
    func firstLine() throws -> String { String(try runStatus(run.path).prefix { $0 != "\n" }) }
    #expect(try firstLine() == "stopped 0")
    try AtomicFile.write("x", to: run.checkpoints + "/" + CheckpointStore.name(step: 40))
    #expect(try firstLine() == "stopped 40")
    try AtomicFile.write("", to: run.judgements)
    #expect(try firstLine() == "complete 40")
    // A rank was killed when all was done but its heartbeat was still there.
    try makeFolder(run.ranks)
    let beat = Heartbeat(
      rank: 0, host: "a", process: 1, state: .running, step: 31, stage: .step, call: .none, isInside: false, calls: 0,
      time: 0)
    try AtomicFile.write(String(decoding: beat.line, as: UTF8.self), to: run.heartbeat(rank: 0))
    #expect(try firstLine() == "complete 40")
    unsafe _ = unlink(run.judgements)
    #expect(try firstLine().hasPrefix("died 31 a "))
    unsafe _ = unlink(run.heartbeat(rank: 0))
    try AtomicFile.write("", to: run.judgements)
    // What the run said of itself before it was killed counts for less.
    var record = StatusRecord()
    (record.state, record.step, record.steps, record.hosts) = (.running, 20, 40, ["a", "b"])
    record.write(in: run)
    #expect(StatusRecord(in: run)?.hosts == ["a", "b"] && StatusRecord(in: run)?.state == .running)
    #expect(try runStatus(run.path, json: true).contains(#""state":"complete""#))
    (record.state, record.reason, record.exitStatus) = (.failed, "the disk, \"here\", broke", 74)
    record.write(in: run)
    #expect(try firstLine() == #"failed 20 - the disk, "here", broke"#)
  }

  @Test("the newest samples are those of the last step, whatever lies beside them")
  func newestSamples() throws {
    let folder = try TemporaryFolder()
    let run = RunFolder(folder.path)
    #expect(run.newestSamples == nil)
    try makeFolder(run.samples)
    for name in ["step-000000040.npy", "step-000000060.npy", "step-000000080-trajectories.npy", ".step-000000090.npy"] {
      try AtomicFile.write("x", to: run.samples + "/" + name)
    }
    #expect(run.newestSamples == "step-000000060.npy")
  }

  @Test("a log that cannot be read is no empty log: it is refused, and stays")
  func logs() throws {
    let folder = try TemporaryFolder()
    let run = RunFolder(folder.path)
    #expect(try readLog(run.metrics).isEmpty)
    for (path, open) in [
      (run.metrics, { _ = try MetricsLog(run, keepingUntil: 0, ranks: 1) }),
      (run.events, { _ = try EventLog(file: run.events, keepingUntil: 0) }),
    ] as [(String, () throws -> Void)] {
      // Without a byte on the disk.
      let file = try Descriptor.creating(path)
      try file.resize(to: 1 << 30 + 1)
      #expect(errorText(open).hasPrefix("\(path): is 1073741825 bytes long, but at most 1073741824 are read; move it"))
      let size = try file.size()
      #expect(size == 1 << 30 + 1)
      #expect(unlinkFile(path))
    }
  }
}

@Suite struct SampleWriterTests {
  private static let data = DataSet.Description(
    dimension: 1, rows: 0, columnNames: nil, standardisation: .identity(1), constantColumns: [false], fingerprint: "")

  @Test("a sample that nobody asked for may be anything; one that is not finite leaves no file, nor a part of one")
  func finite() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/samples.npy"
    let writer = SampleWriter(communicator: .single, description: Self.data)
    func draw(_ count: Int) throws {
      _ = try writer.write(count: count, to: file, progress: { _ in }, generate: { _, _, rows in rows[200, 0] = .nan })
    }
    #expect(errorText { try draw(201) }.contains("sample 200 is not finite"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    try draw(200)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["samples.npy"])
  }
}
