internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Reports

extension Metric {
  /// Whether the unit of the columns matters: not for shares, likelihoods and what is known of the law.
  var hasUnits: Bool {
    switch self {
    case .classifier, .frechet, .correlations, .modes, .stein, .likelihood, .chainBound, .coverage,
      .simulationCalibration, .randomPoints:
      false
    default: true
    }
  }
}

/// What to say of columns whose standard deviations differ by more than a hundredfold; nil where they do not.
func scaleNote(_ deviations: [Double]) -> String? {
  let varying = deviations.filter { $0 > 0 }
  guard let least = varying.min(), let largest = varying.max(), largest > 100 * least else { return nil }
  return
    "note: the columns' standard deviations differ by a factor of \(rounded(largest / least)): distances in units of the "
    + "data see the largest alone; --set evaluation.units=standardised measures each column by its own"
}

/// True samples with each column divided by a number.
struct Rescaled: TrueSamples {
  private let samples: any TrueSamples
  private let scales: [Double]

  init(_ samples: any TrueSamples, by scales: [Double]) {
    self.samples = samples
    self.scales = scales
  }

  package var dimension: Int { samples.dimension }
  var largestCount: Int? { samples.largestCount }

  package func fill(_ first: inout Matrix, _ second: inout Matrix, repeat number: Int, seed: UInt64) throws {
    try samples.fill(&first, &second, repeat: number, seed: seed)
    first.divide(by: scales)
    second.divide(by: scales)
  }
}

extension Matrix {
  /// Divides each column by a number.
  mutating func divide(by scales: [Double]) {
    precondition(scales.count == columns, "\(scales.count) numbers for \(columns) columns")
    for r in 0..<rows { for j in 0..<columns { self[r, j] = Float(Double(self[r, j]) / scales[j]) } }
  }

  /// A copy with each column divided by a number.
  borrowing func divided(by scales: [Double]) -> Matrix {
    var rows = head(.max)
    rows.divide(by: scales)
    return rows
  }
}

/// Why a metric cannot be computed while others can.
struct MetricLeftOut: Error {
  let words: String
}
