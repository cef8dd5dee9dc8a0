import Foundation
import TestSupport
import Testing

extension LaunchTests {
  /// Data sets of HDF5 files in place of arrays.
  @Suite(.enabled(if: python != nil, "\(withoutPython)")) struct HDF5Tests {
    private func workshop() throws -> Workshop {
      let workshop = try Workshop()
      let made = try runPython(
        """
        import sys, numpy as np, h5py
        folder = sys.argv[1]
        x = 100 + 10 * np.random.default_rng(3).normal(size=(1300, 5)) ** 3
        np.save(folder + "/rows.npy", x[:1000])
        np.save(folder + "/rest.npy", x[1000:])
        np.save(folder + "/given.npy", x[1000:1003, 3:])
        with h5py.File(folder + "/all.h5", "w") as f:
            f["plain"] = x[:1000]
            f.create_dataset("deep/packed", data=x[:1000], chunks=(64, 3), compression="gzip")
            f.create_dataset("rest", data=x[1000:], chunks=(10, 5), compression="gzip")
            f["given"] = x[1000:1003, 3:]
        """, [workshop.path])
      try #require(made.status == 0, "\(made.output)")
      return workshop
    }

    private static func on(_ data: String) -> String {
      replacing("{target: funnel, dimension: 5, count: 3000}", by: "{\(data), conditions: [3, 4]}")
    }

    @Test("a run on a data set, plain or packed, is that on the array, the same bytes on 1, 2 and 3 ranks")
    func ranks() throws {
      let workshop = try workshop()
      func train(_ run: String, _ data: String, ranks: Int) throws -> RunFiles {
        try workshop.write(Self.on(data), to: "small.yaml")
        try workshop.succeed("sgm-train", ["small.yaml", "--output", run], ranks: ranks)
        return try RunFiles(workshop, run)
      }
      let array = try train("array", "file: rows.npy, held_out: rest.npy", ranks: 1)
      let packed = try train("packed", "file: all.h5:/deep/packed, held_out: all.h5:/rest", ranks: 1)
      // The checkpoint has the experiment's text, where the file's name stands.
      #expect(packed.samples == array.samples && packed.metrics == array.metrics && packed.events == array.events)
      for ranks in [2, 3] {
        let run = "packed-\(ranks)"
        expectSame(
          try train(run, "file: all.h5:/deep/packed, held_out: all.h5:/rest", ranks: ranks), packed, "\(ranks) ranks")
      }
      let plain = try train("plain", "file: all.h5:/plain, held_out: rest.npy", ranks: 2)
      #expect(plain.samples == array.samples && plain.metrics == array.metrics)
      // What reads a run, and what else reads rows.
      try workshop.succeed("sgm-train", ["--resume", "packed", "--set", "training.steps=80"], ranks: 2)
      try workshop.succeed("sgm-evaluate", ["plain"], ranks: 2)
      var drawn: [Data] = []
      for (file, given) in [("a.npy", "given.npy"), ("h.npy", "all.h5:/given")] {
        try workshop.succeed(
          "sgm-sample", ["plain", "--condition", given, "--count", "20", "--output", file], ranks: 2)
        drawn.append(try workshop.bytes(file))
      }
      #expect(drawn[0] == drawn[1])
      let figures = try [("rows.npy", "rest.npy"), ("all.h5:/plain", "all.h5:/rest")].map { rows, rest in
        try workshop.succeed("sgm-evaluate", [rows, "--against", rest, "--metrics", "marginals", "--json"]).output
      }
      #expect(figures[0] == figures[1] && !figures[0].isEmpty)
    }

    @Test(
      "a mistake ends all ranks with one message and its own status",
      arguments: [
        ("file: all.h5:/rows", 65, "has no data set \"/rows\", but /deep/packed, /given, /plain, /rest", ""),
        (
          "file: all.h5", 65, "all.h5: names no data set: write all.h5:/PATH, where the file has /deep/packed, /given",
          ""
        ),
        ("file: none.h5:/x", 66, "none.h5: cannot be read: no such file", ""),
        ("file: all.h5:/plain, held_out: all.h5:/none", 65, "has no data set \"/none\", but /deep/packed", ""),
        ("file: all.h5:/plain", 69, "all.h5: needs the library libhdf5, version 1.10 or later", "/nonexistent.so"),
        ("file: all.h5:/plain", 69, "the library found has no H5open", "libm.so.6"),
      ] as [(String, Int32, String, String)])
    func mistake(data: String, status: Int32, says: String, library: String) throws {
      let workshop = try workshop()
      try workshop.write(Self.on(data), to: "small.yaml")
      for ranks in [0, 3] {
        let outcome = try workshop.run(
          "sgm-train", ["small.yaml"], ranks: ranks, environment: library.isEmpty ? [:] : ["SGM_HDF5": library])
        #expect(outcome.status == status && outcome.messages.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(says), "\(outcome.errors)")
        #expect(try !workshop.names(in: ".").contains("runs"))
      }
    }
  }
}
