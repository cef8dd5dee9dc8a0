import Communication
import LinearAlgebra
import Sampling
import Targets
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Runs
@testable import Training

/// A table of mean 100 and scale 10 with a condition near 130, its numbers computed by hand.
@Suite struct KnownUnitsTests {
  /// Four rows, repeated: x = 90, 110, 90, 110; y = 85, 115, 115, 85; the condition 120, 140, 140, 120.
  private func withTable<R>(_ body: (Experiment) throws -> R) throws -> R {
    let rows = ["90,85,120", "110,115,140", "90,115,140", "110,85,120"]
    let text = "x,y,seen\n" + (0..<64).map { rows[$0 % 4] + "\n" }.joined()
    return try withFile(Array(text.utf8), "units.csv") { path in
      // Half of the rows, those of an even number of each kind or not, would move the means: all are trained on.
      try withFile(Array(text.utf8), "held.csv") { held in
        try body(
          Experiment(
            yaml: """
              data: {file: \(path), held_out: \(held), conditions: [seen]}
              training: {shards: 4, batch: 64}
              """, file: "units.yaml"))
      }
    }
  }

  @Test(
    "columns are standardised by their own mean and deviation, with the same bits on any number of ranks",
    arguments: [1, 2, 3, 4])
  func scaling(ranks: Int) throws {
    try withTable { experiment in
      let sets = try onRanks(ranks) { communicator in
        let set = try DataSource(experiment, base: "").load(communicator)
        return (
          description: set.description,
          rows: (0..<set.training.rows.rows).map { r in (0..<3).map { set.training.rows[r, $0] } },
          held: (0..<set.heldOut.rows).map { r in (0..<3).map { set.heldOut[r, $0] } }
        )
      }
      for set in sets {
        let units = set.description.standardisation
        for (found, known) in zip(units.mean + units.scale, [100.0, 100, 130, 10, 15, 10]) {
          #expect(abs(found - known) < 1e-12)  // rounding of joined sums
        }
        #expect(units == sets[0].description.standardisation)
        #expect(set.description.dimension == 2 && set.description.conditions == 1)
        // Every number is ±1 in trained units, held-out rows too.
        for row in set.rows + set.held { for x in row { #expect(abs(abs(x) - 1) < 1e-6) } }
      }
    }
  }

  @Test("observations, fixed coordinates and conditions are given in the data's units") func constraints() throws {
    try withTable { experiment in
      let description = try DataSource(experiment, base: "").load(.single).description
      var request = SampleRequest(source: "run")
      // 2x − y = 111 ± 3, and x + y = 195 ± 0.5.
      try withFile(Array("2,-1,111,3\n1,1,195,0.5\n".utf8), "observed.csv") { observed in
        try withFile(Array("1,122.5\n0,95\n".utf8), "fixed.csv") { fixed in
          (request.observations, request.fixed) = (observed, fixed)
          let given = try SampleConstraints(request, description)
          let observations = try #require(given.observations)
          // H s: (2 · 10, −1 · 15) and (10, 15); y − Hμ: 111 − 100 and 195 − 200.
          let (rows, values) = ([[20.0, -15], [10, 15]], [11.0, -5])
          for i in 0..<2 {
            for k in 0..<2 { #expect(abs(observations.rows[i][k] - rows[i][k]) < 1e-11) }  // rounding
            #expect(abs(observations.values[i] - values[i]) < 1e-11)  // rounding
          }
          #expect(observations.deviations == [3, 0.5])
          let known = try #require(given.fixed)
          // (122.5 − 100)/15 and (95 − 100)/10.
          #expect(known.columns == [1, 0])
          for (found, value) in zip(known.values, [1.5, -0.5]) { #expect(abs(found - value) < 1e-12) }  // rounding
          // Together: both observations, and each fixed value as one of its coordinate alone.
          let all = given.all(dimension: 2)
          #expect(all.rows.count == 4 && all.deviations == [3, 0.5, 0, 0])
          #expect(Array(all.rows[2...]) == [[0, 1], [1, 0]])
        }
      }
      // (145 − 130)/10.
      #expect(abs(description.trained(145, 2) - 1.5) < 1e-12)  // rounding
    }
  }

  @Test("samples are given back in the data's units") func restored() throws {
    try withTable { experiment in
      let description = try DataSource(experiment, base: "").load(.single).description
      var samples = Matrix(rows: 1, columns: 2)
      (samples[0, 0], samples[0, 1]) = (0.5, -2)
      let double = description.restored(samples, count: 1)
      description.restore(&samples)
      // 100 + 0.5 · 10 and 100 − 2 · 15; single precision of numbers around 100.
      #expect(abs(samples[0, 0] - 105) < 1e-5 && abs(samples[0, 1] - 70) < 1e-5)
      #expect(abs(double[0, 0] - 105) < 1e-11 && abs(double[0, 1] - 70) < 1e-11)  // rounding
    }
  }
}
