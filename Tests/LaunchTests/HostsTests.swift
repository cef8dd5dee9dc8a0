import Foundation
import Testing

/// Rank 1 on a host of its own as far as names and mounts go: what `mounts` does there, rank 0 does not see.
///
/// It needs root and namespaces; where there are none, the tests say so and do not run.
private func otherHost(_ workshop: Workshop, mounts: String) throws -> String {
  let train = try programFolder() + "/sgm-train"
  let script = """
    [ "$OMPI_COMM_WORLD_RANK" = 1 ] || exec \(train) "$@"
    exec unshare -m -u sh -c 'hostname nodeb; \(mounts); exec \(train) "$@"' sh "$@"
    """
  try workshop.script("two-hosts", script)
  return workshop.path + "/two-hosts"
}

private let hasNamespaces: Bool = {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["unshare", "-m", "-u", "mount", "-t", "tmpfs", "none", "/mnt"]
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return false }
  process.waitUntilExit()
  return process.terminationStatus == 0
}()

extension LaunchTests {
  @Suite(.enabled(if: hasNamespaces, "needs root and namespaces")) struct HostsTests {
    @Test("a run folder that a host does not see is named with the host before training, on every rank alike")
    func noSharedFolder() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      try FileManager.default.createDirectory(atPath: workshop.path + "/out", withIntermediateDirectories: true)
      let program = try otherHost(workshop, mounts: "mount -t tmpfs none \(workshop.path)/out")
      let outcome = try workshop.run(program, ["small.yaml", "--output", "out/run"], ranks: 3)
      #expect(outcome.status == 69 && !outcome.output.contains("step "), "\(outcome.output)")
      #expect(outcome.messages.count == 1, "\(outcome.errors)")
      #expect(
        outcome.errors.contains("out/run: is not seen by rank 1 on nodeb: all hosts must share"), "\(outcome.errors)")
      // The root's part has not gone lost, and says why it is not there.
      let resumed = try workshop.run("sgm-train", ["--resume", "out/run"], ranks: 2)
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(try !workshop.names(in: "out/run").contains { $0.hasPrefix(".seen") })
    }

    @Test("data that a host lacks, or has otherwise, are named with rank and host")
    func otherData() throws {
      let workshop = try Workshop()
      let rows = (0..<600).map { "\($0 % 7),\($0 % 11)" }.joined(separator: "\n")
      for (folder, text) in [("here", "a,b\n" + rows), ("there", "a,b\n1" + rows), ("empty", "")] {
        try FileManager.default.createDirectory(
          atPath: workshop.path + "/" + folder, withIntermediateDirectories: true)
        if !text.isEmpty { try workshop.write(text + "\n", to: folder + "/rows.csv") }
      }
      let experiment = smallExperiment.replacing(
        "{target: funnel, dimension: 5, count: 3000}", with: "{file: here/rows.csv}")
      try workshop.write(experiment, to: "file.yaml")
      for (there, says) in [
        ("there", "here/rows.csv: is another file for rank 1 on nodeb than for rank 0"),
        (
          "empty",
          "here/rows.csv: cannot be read: no such file or directory; check the path and its permissions"
            + " (rank 1 on nodeb, not on rank 0)"
        ),
      ] {
        let program = try otherHost(
          workshop, mounts: "mount --bind \(workshop.path)/\(there) \(workshop.path)/here")
        let outcome = try workshop.run(program, ["file.yaml", "--output", "run"], ranks: 2)
        #expect([65, 66].contains(outcome.status) && outcome.messages.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(says), "\(outcome.errors)")
      }
    }

    @Test("--doctor names each planted fault with its host and what to do, and is content without one", .tags(.alone))
    func doctor() throws {
      let workshop = try Workshop()
      try FileManager.default.createDirectory(atPath: workshop.path + "/out", withIntermediateDirectories: true)
      let out = workshop.path + "/out"
      let words = ["--doctor", "--output", "out"]
      let sound = try workshop.run("sgm-train", words, ranks: 2, pictures: true)
      #expect(sound.status == 0 && !sound.output.contains("fault:"), "\(sound.output) \(sound.errors)")
      #expect(sound.output.contains(" µs") && sound.output.contains(" MB/s"), "\(sound.output)")
      #expect(sound.output.contains("started by: mpirun"), "\(sound.output)")
      for (mounts, environment, status, says) in [
        ("mount -t tmpfs none \(out)", [:], 69, "fault: nodeb: does not see the folder that rank 0 sees"),
        (
          "mount --bind \(out) \(out); mount -o remount,ro,bind \(out)", [:], 69,
          "fault: nodeb: the folder cannot be written"
        ),
        (
          "mount -t tmpfs -o size=1m none /dev/shm", ["OMPI_MCA_btl": "tcp,self"], 0,
          "note: nodeb: less than 16 MB of /dev/shm a rank"
        ),
        ("true", ["LIBXSMM_TARGET": "generic"], 0, "nodeb: matrix products run by loops"),
        ("true", [:], 0, "no gnuplot on the host of rank 0"),
      ] as [(String, [String: String], Int32, String)] {
        let program = try otherHost(workshop, mounts: mounts)
        let outcome = try workshop.run(
          program, words, ranks: 2, environment: environment, pictures: !says.contains("gnuplot"))
        #expect(outcome.status == status, "\(mounts): \(outcome.output) \(outcome.errors)")
        #expect(outcome.output.contains(says), "\(mounts): \(outcome.output)")
        #expect(outcome.output.contains("  do: "))
      }
      #expect(try workshop.names(in: "out").isEmpty)
    }
  }
}
