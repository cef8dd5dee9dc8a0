internal import LinearAlgebra
internal import RealFunctions

/// What a classifier is told of pooled rows, apart from their labels: values, ranks, ties and decimals.
///
/// A network of smooth units sees neither that a column takes whole numbers only, nor a share of exact zeros, nor a sharp
/// edge. So each column is told as up to four inputs, each scaled to mean 0 and variance 1 (a constant one to 0):
/// - its value;
/// - the logit of its rank among all rows, ties in the middle: edges and tails become distances like any other;
/// - ln of the number of rows with this very value, where at least one row in a hundred shares its own;
/// - the distance from the next multiple of 10^{−k}, for the smallest k ≤ 4 at which a tenth more of the rows are near one
///   than chance has it.
///
/// As no input knows a label, rows of one law stay exchangeable, and an accuracy of ½ means what it did.
struct ClassifierFeatures {
  /// The inputs, one list of a number for each row.
  private(set) var columns: [[Float]] = []

  /// The inputs that rows, each of as many numbers, call for.
  init(_ rows: [[Float]]) {
    for j in 0..<(rows.first?.count ?? 0) {
      let values = rows.map { $0[j] }
      columns.append(Self.scaled(values.map(Double.init)))
      let (ranks, counts) = Self.ranks(values)
      let count = Double(rows.count)
      columns.append(Self.scaled(ranks.map { log(($0 + 0.5) / (count - $0 - 0.5)) }))
      if counts.count(where: { $0 > 1 }) * 100 >= rows.count { columns.append(Self.scaled(counts.map { log($0) })) }
      if let distances = Self.decimals(values) { columns.append(Self.scaled(distances)) }
    }
  }

  /// The inputs as a matrix, one row each.
  var matrix: Matrix {
    var matrix = Matrix(rows: columns.first?.count ?? 0, columns: columns.count)
    for (j, column) in columns.enumerated() { for (i, value) in column.enumerated() { matrix[i, j] = value } }
    return matrix
  }

  /// The middle rank of each value, from 0, and how many rows have it.
  private static func ranks(_ values: [Float]) -> (ranks: [Double], counts: [Double]) {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var (ranks, counts) = ([Double](repeating: 0, count: values.count), [Double](repeating: 0, count: values.count))
    var first = 0
    while first < order.count {
      var last = first
      while last + 1 < order.count && values[order[last + 1]] == values[order[first]] { last += 1 }
      for place in first...last {
        (ranks[order[place]], counts[order[place]]) = (0.5 * Double(first + last), Double(last - first + 1))
      }
      first = last + 1
    }
    return (ranks, counts)
  }

  /// The distances from multiples of 10^{−k}, in units of half of it, for the first k that the values favour; else nil.
  private static func decimals(_ values: [Float]) -> [Double]? {
    for k in 0...4 {
      let unit = pow(10, Double(k))
      let distances = values.map { 2 * abs(Double($0) * unit - (Double($0) * unit).rounded()) }
      // A tenth of all are so near by chance.
      if distances.count(where: { $0 < 0.1 }) * 10 > 2 * values.count { return distances }
    }
    return nil
  }

  private static func scaled(_ values: [Double]) -> [Float] {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let scale = squares > 0 ? (Double(values.count) / squares).squareRoot() : 0
    return values.map { Float(($0 - mean) * scale) }
  }
}
