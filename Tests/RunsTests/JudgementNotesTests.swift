import LinearAlgebra
import Randomness
import TestSupport
import Testing

@testable import Runs

/// Which columns a judgement names.
@Suite struct JudgementNotesTests {
  /// Rows of four independent normal columns.
  private func rows(_ count: Int, seed: UInt64) -> Matrix {
    var rows = Matrix(rows: count, columns: 4)
    RandomStream(seed: seed, purpose: .benchmark).fillNormals(&rows, firstIndex: 0)
    return rows
  }

  @Test("columns that are off are named, the worst first")
  func marginals() throws {
    var samples = rows(1_000, seed: 1)
    for r in 0..<samples.rows {
      samples[r, 1] += 0.3
      samples[r, 3] += 1
    }
    let truth = rows(2_000, seed: 2)
    // The KS of a shift by s is 2 Φ(s/2) − 1: 0.119 and 0.383; the critical value is √(½ ln 800 · 1.5/1000) = 0.0708.
    let note = try #require(try marginalsNote(samples, truth, ["a", "b", "c", "d"]))
    #expect(note.hasPrefix("note: 2 columns of 4 differ by more than chance explains (KS above 0.0708); worst: d (0.3"))
    #expect(note.contains("), b (0."))
    #expect(try marginalsNote(samples, truth, nil)?.contains("worst: 3 (0.3") == true)
  }

  @Test("the pair whose correlation is off is named, with both correlations")
  func correlations() throws {
    var truth = rows(2_000, seed: 3)
    for r in 0..<truth.rows { truth[r, 2] = 0.6 * truth[r, 0] + 0.8 * truth[r, 2] }
    let note = try #require(try correlationsNote(rows(1_000, seed: 4), truth, ["a", "b", "c", "d"]))
    #expect(note.hasPrefix("note: the correlation of a and c is furthest off: "))
    // Correlations of 2,000 rows have a standard error of 0.014.
    #expect(note.contains("of true rows 0.5") || note.contains("of true rows 0.6"), "\(note)")
    let own = rows(5, seed: 1)
    #expect(try correlationsNote(own, own, nil) == nil)
  }

  @Test("equal laws are hardly ever said to differ")
  func falseAlarms() throws {
    var alarms = 0
    for seed in 0..<100 as Range<UInt64> {
      let samples = rows(400, seed: 2 * seed + 10)
      let truth = rows(300, seed: 2 * seed + 11)
      if try marginalsNote(samples, truth, nil) != nil { alarms += 1 }
      if try correlationsNote(samples, truth, nil) != nil { alarms += 1 }
    }
    // Two tests at the level 0.01: at most 2 of 200 are expected; more than 9 have a probability below 1e-4.
    #expect(alarms <= 9, "\(alarms)")
  }
}
