internal import Glibc
internal import LinearAlgebra
internal import Targets

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
  var origin: [Double] {
    (0..<dimension).map { j in
      isDouble ? roundOrigin(mean: standardisation.mean[j], deviation: standardisation.scale[j]) : 0
    }
  }

  /// The map of the data columns from original units less ``origin``.
  var mapFromOrigin: Standardisation {
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

extension Matrix {
  /// All rows of a source, less `origin` in each column, rounded to single precision.
  init(_ source: any RowSource, less origin: [Double] = []) throws {
    let name = (source as? any NamedRows)?.path ?? "data"
    try refuseBeyondMemory(source.rows, source.dimension, from: name)
    var all = Matrix(rows: source.rows, columns: source.dimension)
    try source.forEachBlock { first, block in
      for r in 0..<block.rows {
        for j in 0..<block.columns {
          let number = Float(block[r, j] - (origin.isEmpty ? 0 : origin[j]))
          guard number.isFinite else {
            throw ExperimentError.data(
              Place(name),
              "row \(first + r), column \(j) (both from 0) holds \(block[r, j]), beyond single precision (3.4e38), in which "
                + "distances are computed; measure the column in a larger unit")
          }
          all[first + r, j] = number
        }
      }
    }
    self = all
  }
}
