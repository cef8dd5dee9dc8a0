internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Targets

extension DataSet.Description {
  /// Takes samples from trained to original coordinates; constant columns get their constant.
  func restore(_ samples: inout Matrix) {
    dataMap.invert(&samples)
    for j in 0..<dimension where constantColumns[j] {
      for r in 0..<samples.rows { samples[r, j] = Float(standardisation.mean[j]) }
    }
  }
}
