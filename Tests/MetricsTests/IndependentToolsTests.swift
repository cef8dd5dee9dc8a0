import Communication
import Foundation
import LinearAlgebra
import Testing

@testable import Metrics

/// The Python that has POT, SciPy and scikit-learn: `launch/test.sh` sets it, and never runs without.
private let python = ProcessInfo.processInfo.environment["SGM_PYTHON"]

@Suite struct IndependentToolsTests {
  /// What Python's tools find for a pair of the fixtures.
  static func known(_ pair: String) throws -> [String: Double] {
    func path(_ name: String, _ type: String) throws -> String {
      try #require(Bundle.module.url(forResource: name, withExtension: type, subdirectory: "Fixtures")).path
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python ?? "/nonexistent")
    process.arguments = try [
      path("compare", "py"), path("\(pair)-a", "npy"), path("\(pair)-b", "npy"), path("\(pair)-directions", "npy"),
    ]
    // One thread: the machine may be running other tests.
    process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": "1"]) { $1 }
    // A file, not a pipe: an exit test's signals, elsewhere in the process, interrupt reads of a pipe.
    let output = NSTemporaryDirectory() + "compare-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: output) }
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    process.standardOutput = FileHandle(forWritingAtPath: output)
    try process.run()
    process.waitUntilExit()
    return try JSONDecoder().decode([String: Double].self, from: Data(contentsOf: URL(fileURLWithPath: output)))
  }

  /// Ours, by name.
  static func found(
    _ pair: String, _ distance: consuming some (SampleDistance & ~Copyable)
  ) throws -> [String: Double] {
    try distance.setReference(fixture("\(pair)-a"))
    let values = try distance.values(to: fixture("\(pair)-b"))
    return Dictionary(uniqueKeysWithValues: zip(distance.names, values))
  }

  @Test(
    "distances are those of POT, SciPy and scikit-learn",
    .enabled(if: python != nil, "SGM_PYTHON names no Python with POT and scikit-learn; launch/test.sh sets it"),
    arguments: ["small", "medium"])
  func agreement(pair: String) throws {
    let known = try Self.known(pair)
    var found = try Self.found(pair, ExactWasserstein())
    let sliced = SlicedWasserstein(directions: try fixture("\(pair)-directions"), over: .single)
    for one in [
      try Self.found(pair, sliced), try Self.found(pair, GaussianDistances()), try Self.found(pair, EnergyDistance()),
      try Self.found(pair, MaximumMeanDiscrepancy(permutations: 1, seed: 1)), try Self.found(pair, Marginals()),
      try Self.found(pair, NeighbourDivergence()), try Self.found(pair, ClassifierTest(seed: 1)),
    ] {
      found.merge(one) { $1 }
    }
    for (name, value) in known where name != "classifier accuracy" {
      let ours = try #require(found[name], "\(name)")
      // Projections are rounded to Float, 6e-8 each; all else is in Double, and roots of eigenvalues lose half of it.
      let tolerance = name.contains("sliced") ? 1e-6 : 1e-7
      #expect(abs(ours - value) < tolerance * abs(value), "\(name): \(ours), \(value) by Python")
    }
    // Two networks and two choices of folds: both accuracies have a deviation of √(¼ / 2n), and four of them in all.
    let accuracy = try #require(known["classifier accuracy"])
    let rows = try 2 * fixture("\(pair)-a").rows
    let deviation = (0.25 / Double(rows)).squareRoot() * 2.0.squareRoot()
    #expect(abs(try #require(found["classifier accuracy"]) - accuracy) < 4 * deviation)
  }
}
