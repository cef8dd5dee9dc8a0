import Communication
import LinearAlgebra
import Targets
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files
@testable import Runs

@Suite struct DoublePrecisionTests {
  private func load<R>(_ text: String, _ body: (borrowing DataSet) throws -> R) throws -> R {
    try withFile(Array(text.utf8), "table.csv") { path in
      let experiment = try Experiment(
        yaml: "data: {file: \(path), held_out: 0}\ntraining: {shards: 4, batch: 64}\n", file: "f")
      return try body(DataSource(experiment, base: "").load(.single))
    }
  }

  @Test("dates that single precision rounds to one number are centred and scaled before they are rounded")
  func dates() throws {
    // 400 hours in days from a Julian date on: neighbours differ by 1/24, single precision by ¼.
    let text = "day\n" + (0..<400).map { "\(2_459_000.5 + Double($0) / 24)\n" }.joined()
    try load(text) { set in
      #expect(set.description.isDouble && set.description.constantColumns == [false])
      // The deviation of 0, 1, …, n − 1 is √((n² − 1)/12).
      let deviation = ((400.0 * 400 - 1) / 12).squareRoot() / 24
      #expect(abs(set.description.standardisation.scale[0] / deviation - 1) < 1e-9)  // rounding of 2.5e6 in double
      let trained = (0..<400).map { set.training.rows[$0, 0] }.sorted()
      let step = Float(1 / 24 / deviation)
      // Neighbours keep their distance, to the last bits of numbers up to 1.8.
      #expect(zip(trained, trained.dropFirst()).allSatisfy { abs($1 - $0 - step) < 1e-6 })
      #expect(set.remarks.isEmpty, "\(set.remarks)")
      var samples = Matrix(rows: 2, columns: 1)
      samples[1, 0] = step
      let restored = set.description.restored(samples, count: 2)
      #expect(abs(restored[1, 0] - restored[0, 0] - 1 / 24) < 1e-6)  // single precision of the trained step
    }
  }

  @Test("a column of one number is constant however it is spelled, and one whose squares underflow is not")
  func constants() throws {
    try load("a,b\n" + (0..<64).map { _ in "0.1,1e3\n0.10,1000\n" }.joined()) { set in
      #expect(set.description.constantColumns == [true, true])
      #expect(set.description.standardisation.mean == [0.1, 1000])
    }
    let text = "a\n" + (0..<128).map { "\(Double($0 % 3) * 1e-200)\n" }.joined()
    let said = errorText { try load(text) { _ in } }
    #expect(
      said.contains("column a lies between 0.0 and 2e-200, and the square of its width is beyond double precision"))
  }

  @Test("the same numbers have one fingerprint in files of both precisions, and the last bit of a double has its own")
  func fingerprints() throws {
    func fingerprint(_ numbers: [Double], _ code: String) throws -> String {
      let header = "{'descr': '\(code)', 'fortran_order': False, 'shape': (\(numbers.count), 1)}"
      let bytes = numbers.flatMap { number -> [UInt8] in
        let bits = code == "<f8" ? number.bitPattern : UInt64(Float(number).bitPattern)
        return (0..<(code == "<f8" ? 8 : 4)).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
      }
      let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
      return try withFile(start + bytes, "a.npy") { path in
        let experiment = try Experiment(
          yaml: "data: {file: \(path), held_out: 0.25}\ntraining: {shards: 4, batch: 64}\n", file: "f")
        let source = try DataSource(experiment, base: "")
        let alone = try source.fingerprint(.single)
        #expect(try source.load(.single).description.fingerprint == alone)
        return alone
      }
    }
    // Whole numbers are exact in both.
    let numbers = (0..<100).map { Double($0 * $0) }
    let same = try fingerprint(numbers, "<f4")
    #expect(try fingerprint(numbers, "<f8") == same)
    var other = numbers
    other[50] = other[50].nextUp
    #expect(try fingerprint(other, "<f8") != same)
  }

  @Test("an origin is a number of few digits near a mean far above its deviation, else 0")
  func origins() {
    #expect(abs(roundOrigin(mean: 2_459_000.5123, deviation: 0.01) - 2_459_000.51) < 1e-9)  // the last bit
    #expect(roundOrigin(mean: 1e9, deviation: 1) == 1e9)
    #expect(roundOrigin(mean: 100, deviation: 10) == 0)
    #expect(roundOrigin(mean: -5e3, deviation: 1) == -5000)
  }

  @Test(
    "a column so large that single precision does not hold samples about it is refused by name",
    arguments: [1e39, 3e38])
  func tooLarge(size: Double) throws {
    let text = "a,b\n" + (0..<64).map { "1,\($0 % 2 == 0 ? size : -size)\n" }.joined()
    let said = errorText { try load(text) { _ in } }
    #expect(said.contains("column b lies between -\(size) and \(size): numbers about it are beyond single precision"))
    try load(text.replacing("e+39", with: "e+37").replacing("e+38", with: "e+37")) { set in
      #expect(abs(set.training.rows[0, 1]) == 1)
    }
  }

  @Test("rows read a group of columns at a time are the same bits, on any number of ranks", arguments: [1, 3])
  func passes(ranks: Int) throws {
    let lines = (0..<300).map { i in
      (0..<5).map { "\(1e5 * Double($0) + Double((i * (7 + $0)) % 101) / 7)" }.joined(separator: ",") + ",3.25,\(i % 2)"
    }
    let text = "a,b,c,d,e,same,state\n" + lines.joined(separator: "\n") + "\n"
    try withFile(Array(text.utf8), "table.csv") { path in
      let yaml = """
        data: {file: \(path), held_out: 0.2, columns: {b: positive, state: indicator}, conditions: [c]}
        training: {shards: 4, batch: 64}
        """
      _ = try onRanks(ranks) { communicator in
        let source = try DataSource(Experiment(yaml: yaml, file: "f"), base: "")
        let whole = try DataLoader(source).load(communicator)
        // 2 and 6 passes over groups: 7 columns as one group, and as 1, 1, 2, 1 and 2.
        for passes in [2, 6] {
          let parts = try DataLoader(source).load(passes: passes, communicator)
          #expect(parts.description == whole.description)
          #expect(parts.remarks.filter { !$0.hasPrefix("note: ") } == whole.remarks)
          #expect(bits(parts.training.rows) == bits(whole.training.rows) && bits(parts.heldOut) == bits(whole.heldOut))
          let again = try DataLoader(source).load(keeping: whole.description, passes: passes, communicator)
          #expect(bits(again.training.rows) == bits(whole.training.rows))
        }
      }
    }
  }

  private func bits(_ rows: borrowing Matrix) -> [UInt32] { array(rows).map(\.bitPattern) }
}
