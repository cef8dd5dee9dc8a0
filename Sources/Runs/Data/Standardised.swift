internal import Configuration
internal import Files
package import LinearAlgebra
internal import Metrics
internal import Randomness
internal import RealFunctions
internal import Reports
internal import Targets
internal import Training

extension DataSet.Description {
  /// What the numbers of a column can be.
  func kind(_ column: Int) -> ColumnKind { kinds.isEmpty ? .number : kinds[column] }

  /// Whether every data column is a plain number or a whole one.
  package var isLinear: Bool { kinds.prefix(dimension).allSatisfy(\.isLinear) }

  /// The noise that levels get in training; nil where no data column holds levels.
  var dequantisation: Dequantisation? {
    Dequantisation(widths: (0..<dimension).map { kind($0).levels == nil ? 0 : Float(1 / standardisation.scale[$0]) })
  }

  /// The conditions as parts whose order means nothing; nil where they are one.
  func exchangeable(_ parts: Int) -> ExchangeableConditions? {
    guard parts > 1 else { return nil }
    return ExchangeableConditions(
      parts: parts, dimension: dimension, mean: standardisation.mean, scale: standardisation.scale)
  }

  /// The same in original units.
  private var wholeDequantisation: Dequantisation? {
    Dequantisation(widths: (0..<dimension).map { kind($0).levels == nil ? 0 : 1 })
  }

  /// The variance of the noise that each data column gets, in original units.
  var cellVariances: [Double] { (0..<dimension).map { kind($0).levels == nil ? 0 : 1.0 / 12 } }

  /// Rows in original units, each `draws` times one after another with noise of its own where columns hold levels.
  func dequantised(_ rows: borrowing Matrix, draws: Int, seed: UInt64) -> Matrix {
    var all = Matrix(rows: rows.rows * draws, columns: rows.columns)
    for r in 0..<all.rows { all.copyRow(r, from: rows, r / draws) }
    let stream = RandomStream(seed: seed, purpose: .dequantisedLikelihood)
    wholeDequantisation?.add(to: &all, firstIndex: 0, stream)
    return all
  }

  /// A number of a column, conditions included, in trained coordinates.
  func trained(_ x: Double, _ column: Int) -> Double {
    (kind(column).inner(x) - standardisation.mean[column]) / standardisation.scale[column]
  }

  /// A trained coordinate of a column in original units, of the column's kind.
  func original(_ trained: Double, _ column: Int) -> Double {
    kind(column).outer(standardisation.mean[column].addingProduct(trained, standardisation.scale[column]))
  }

  /// Takes samples from trained to original coordinates; constant columns get their constant.
  func restore(_ samples: inout Matrix) {
    dataMap.invert(&samples)
    for r in 0..<(table == nil ? 0 : samples.rows) {
      for (j, value) in settled({ Double(samples[r, $0]) }).enumerated() { samples[r, j] = Float(value) }
    }
    for j in 0..<dimension {
      let kind = kind(j)
      if constantColumns[j] {
        for r in 0..<samples.rows { samples[r, j] = kind.outerSingle(standardisation.mean[j]) }
      } else if kind != .number {
        for r in 0..<samples.rows { samples[r, j] = kind.outerSingle(Double(samples[r, j])) }
      }
    }
  }

  /// The first `count` samples in original coordinates, in double precision: they keep the data's resolution.
  func restored(_ samples: borrowing Matrix, count: Int) -> RowBlock {
    var rows = RowBlock(rows: count, columns: samples.columns)
    for r in 0..<count {
      for j in 0..<samples.columns {
        let isConstant = j < dimension && constantColumns[j]
        rows[r, j] = isConstant ? original(0, j) : original(Double(samples[r, j]), j)
      }
      guard table != nil else { continue }
      let row = settled { standardisation.mean[$0].addingProduct(Double(samples[r, $0]), standardisation.scale[$0]) }
      for j in row.indices { rows[r, j] = row[j] }
    }
    return rows
  }

  /// The data columns of a row in original units, as a mixed table's encoding has them.
  private func settled(_ number: (_ column: Int) -> Double) -> [Double] {
    var row = (0..<dimension).map { rawNumber(number($0), $0) }
    table?.settle(&row)
    return row
  }

  /// A number of a column as a mixed table's encoding settles it: of its kind, but an indicator as it is.
  private func rawNumber(_ x: Double, _ column: Int) -> Double {
    if column < dimension, constantColumns[column] { return original(0, column) }
    return kind(column) == .indicator ? x : kind(column).outer(x)
  }

  /// What is taken from each data column before rows are rounded to single precision to be judged and drawn.
  ///
  /// Distances do not see it. It is 0 but for columns of files in double precision whose mean is above a thousand standard
  /// deviations, and a number of few digits, so that it can stand at an axis.
  package var origin: [Double] { Array(wholeOrigin.prefix(dimension)) }

  /// As ``origin``, with the conditions'.
  var wholeOrigin: [Double] {
    standardisation.mean.indices.map { j in
      isDouble && kind(j).isLinear ? roundOrigin(mean: standardisation.mean[j], deviation: standardisation.scale[j]) : 0
    }
  }

  /// The conditions of whole rows in original units less their origin, in trained coordinates.
  func trainedConditions(_ rows: borrowing Matrix) -> Matrix {
    let origin = wholeOrigin
    var conditions = Matrix(rows: rows.rows, columns: self.conditions)
    for r in 0..<rows.rows {
      for k in 0..<self.conditions {
        let j = dimension + k
        conditions[r, k] = Float(trained(Double(rows[r, j]) + origin[j], j))
      }
    }
    return conditions
  }

  /// The data columns of rows in original units less their origin, in trained coordinates.
  package func trainedData(_ rows: borrowing Matrix) -> Matrix {
    var data = Matrix(rows: rows.rows, columns: dimension)
    guard !isLinear else {
      for r in 0..<rows.rows { for j in 0..<dimension { data[r, j] = rows[r, j] } }
      let map = Standardisation(mean: zip(dataMap.mean, origin).map { $0 - $1 }, scale: dataMap.scale)
      map.apply(to: &data)
      return data
    }
    let origin = origin
    for r in 0..<rows.rows {
      for j in 0..<dimension { data[r, j] = Float(trained(Double(rows[r, j]) + origin[j], j)) }
    }
    return data
  }

  /// Refuses rows, conditions included, in original units less their origin, with numbers that are not of their column's kind.
  func refuseOtherKinds(_ rows: borrowing Matrix, in name: String) throws(ToolError) {
    let origin = wholeOrigin
    for r in 0..<rows.rows {
      for j in 0..<rows.columns where !kind(j).contains(Double(rows[r, j]) + origin[j]) {
        throw .data(
          Place(name),
          "row \(r) (from 0) holds \(rows[r, j]) in column \(title(j)), where "
            + "\(kind(j).expectation ?? "a number") is expected")
      }
    }
  }

  /// Where the levels of each data column lie in trained coordinates, if they are no further apart than `width`; else nil.
  func levels(within width: Double) -> [ChainBound.Levels?] {
    (0..<dimension).map { j in
      let cell = 1 / standardisation.scale[j]
      guard let count = kind(j).levels, cell <= width else { return nil }
      return .init(width: cell, ends: trained(0, j)...trained(Double(count - 1), j))
    }
  }

  /// Σ ln |d trained/dx| over the data columns of a row in original units less their origin, but for those that have `cells`: a
  /// level's probability has no unit.
  func logJacobian(_ rows: borrowing Matrix, _ row: Int, cells: [ChainBound.Levels?] = []) -> Double {
    (0..<dimension).reduce(0.0) { sum, j in
      guard cells.isEmpty || cells[j] == nil else { return sum }
      let bend = kind(j).isLinear ? 0 : kind(j).logDerivative(Double(rows[row, j]))
      return sum + bend - log(standardisation.scale[j])
    }
  }
}

/// A number of few digits near a mean that is far above its standard deviation; else 0.
func roundOrigin(mean: Double, deviation: Double) -> Double {
  guard abs(mean) > 1000 * deviation, deviation > 0 else { return 0 }
  let unit = pow(10, log10(deviation).rounded(.up))
  let rounded = (mean / unit).rounded() * unit
  return rounded.isFinite ? rounded : mean
}

/// ``roundOrigin(mean:deviation:)`` of each column of a source that needs double precision.
func origin(of source: any RowSource) throws -> [Double] {
  var means = [Double](repeating: 0, count: source.dimension)
  var squares = means
  guard source.isDouble else { return means }
  try source.forEachBlock { first, block in
    for r in 0..<block.rows {
      for j in means.indices {
        let delta = block[r, j] - means[j]
        means[j] += delta / Double(first + r + 1)
        squares[j] += delta * (block[r, j] - means[j])
      }
    }
  }
  return means.indices.map { j in
    let deviation = (squares[j] / Double(source.rows)).squareRoot()
    // A column that never changes has no width to be compared with.
    return deviation > 0 ? roundOrigin(mean: means[j], deviation: deviation) : means[j]
  }
}
