internal import Configuration
internal import LinearAlgebra
internal import Metrics
internal import Randomness

/// Rows of a run's data as true samples: those that are compared, read once.
///
/// Held-out rows are the reference, and training rows the independent set of the same size. Where no row is held out,
/// both sets are disjoint choices of the rows there are.
final class SourceSamples: TrueSamples {
  package let dimension: Int
  let largestCount: Int?
  private let source: DataSource
  private let first, second: ChosenRows

  /// Reads what will be compared.
  ///
  /// - Parameters:
  ///   - source: the data.
  ///   - origin: what is taken from each column.
  ///   - judged: the rows that are judged: no set is larger.
  /// - Throws: what reading throws.
  init(_ source: DataSource, less origin: [Double], judged: Int) throws {
    self.source = source
    dimension = source.dimension
    let (training, heldOut) = (source.count(.training), source.count(.heldOut))
    let largest = source.hasHeldOut ? min(heldOut, training) : training / 2
    largestCount = largest
    let options = source.experiment.evaluation
    let most = min(judged, options.count, largest)
    // In a repeat's random order of a part the first rows are chosen; no order is held longer than it takes to choose.
    func choices(_ part: DataSource.Part, _ count: Int, sequence: UInt32) -> [[UInt32]] {
      (0..<options.repeats).map { number in
        let stream = RandomStream(seed: source.experiment.seed, purpose: .bootstrap, step: UInt64(number))
        return Array(stream.permutation(of: source.count(part), sequence: sequence).prefix(count))
      }
    }
    if source.hasHeldOut {
      first = try ChosenRows(source, .heldOut, choices(.heldOut, most, sequence: 0), less: origin)
      second = try ChosenRows(source, .training, choices(.training, most, sequence: 1), less: origin)
    } else {
      // One order serves both sets.
      first = try ChosenRows(source, .training, choices(.training, 2 * most, sequence: 0), less: origin)
      second = first
    }
  }

  package func fill(_ first: inout Matrix, _ second: inout Matrix, repeat number: Int, seed: UInt64) throws {
    let skipped = source.hasHeldOut ? 0 : first.rows
    self.first.copy(repeat: number, from: 0, into: &first)
    self.second.copy(repeat: number, from: skipped, into: &second)
  }
}

/// Rows of one part of the data, chosen anew for each repeat, each held once.
private struct ChosenRows {
  private let rows: MatrixBox
  /// For each repeat, where its rows are.
  private let places: [[Int]]

  init(_ source: DataSource, _ part: DataSource.Part, _ choices: [[UInt32]], less origin: [Double]) throws {
    let numbers = Set(choices.joined()).sorted()
    let place = Dictionary(uniqueKeysWithValues: numbers.enumerated().map { ($1, $0) })
    places = choices.map { choice in choice.map { place[$0] ?? 0 } }
    rows = MatrixBox(try source.rows(part, numbers.lazy.map { Int($0) }, less: origin))
  }

  func copy(repeat number: Int, from first: Int, into target: inout Matrix) {
    for r in 0..<target.rows { target.copyRow(r, from: rows.value, places[number][first + r]) }
  }
}
