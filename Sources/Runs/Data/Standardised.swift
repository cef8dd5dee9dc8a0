internal import Configuration
internal import Files
internal import LinearAlgebra
internal import RealFunctions
internal import Reports
package import Targets

extension DataSet.Description {
  /// Takes samples from trained to original coordinates; constant columns get their constant.
  func restore(_ samples: inout Matrix) {
    dataMap.invert(&samples)
    for j in 0..<dimension where constantColumns[j] {
      for r in 0..<samples.rows { samples[r, j] = Float(standardisation.mean[j]) }
    }
  }

  /// The first `count` samples in original coordinates, in double precision: they keep the data's resolution.
  func restored(_ samples: borrowing Matrix, count: Int) -> RowBlock {
    var rows = RowBlock(rows: count, columns: samples.columns)
    for r in 0..<count {
      for j in 0..<samples.columns {
        let isConstant = j < dimension && constantColumns[j]
        let (mean, scale) = (standardisation.mean[j], standardisation.scale[j])
        rows[r, j] = isConstant ? mean : mean.addingProduct(Double(samples[r, j]), scale)
      }
    }
    return rows
  }

  /// What is taken from each data column before rows are rounded to single precision to be judged and drawn.
  ///
  /// Distances do not see it. It is 0 but for columns of files in double precision whose mean is above a thousand standard
  /// deviations, and a number of few digits, so that it can stand at an axis.
  package var origin: [Double] {
    (0..<dimension).map { j in
      isDouble ? roundOrigin(mean: standardisation.mean[j], deviation: standardisation.scale[j]) : 0
    }
  }

  /// The map of the data columns from original units less ``origin``.
  package var mapFromOrigin: Standardisation {
    Standardisation(mean: zip(dataMap.mean, origin).map { $0 - $1 }, scale: dataMap.scale)
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
