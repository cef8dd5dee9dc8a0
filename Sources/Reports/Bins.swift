internal import Glibc

/// Equal bins over all values, of their logarithms where these exist and are asked for.
package struct Bins {
  package let isLogarithmic: Bool
  private let low, width: Double
  private let count = 40

  package init(_ values: [Double], isLogarithmic: Bool) {
    let finite = values.filter(\.isFinite)
    self.isLogarithmic = isLogarithmic && finite.allSatisfy { $0 > 0 }
    let mapped = self.isLogarithmic ? finite.map { log($0) } : finite
    let (least, greatest) = (mapped.min() ?? 0, mapped.max() ?? 1)
    low = greatest > least ? least : least - 0.5
    width = greatest > least ? (greatest - least) / Double(count) : 1 / Double(count)
  }

  /// The density at the middle of each bin; one without values stands at half a value, where a logarithm can show it.
  package func density(of values: [Double]) -> [(x: Double, y: Double)] {
    var counts = [Double](repeating: 0, count: count)
    for value in values where value.isFinite {
      let place = ((isLogarithmic ? log(value) : value) - low) / width
      counts[min(max(Int(place), 0), count - 1)] += 1
    }
    return counts.enumerated().map { i, n in
      let (from, to) = (low + Double(i) * width, low + Double(i + 1) * width)
      let size = isLogarithmic ? exp(to) - exp(from) : width
      let middle = isLogarithmic ? exp((from + to) / 2) : (from + to) / 2
      return (x: middle, y: max(n, 0.5) / (Double(max(values.count, 1)) * size))
    }
  }
}
