internal import RealFunctions

/// The slope of ln y over ln x by least squares, over the pairs in which both are positive.
public func fittedSlope(_ x: [Double], _ y: [Double]) -> Double {
  precondition(x.count == y.count, "\(x.count) against \(y.count) numbers")
  let points = zip(x, y).filter { $0 > 0 && $1 > 0 && $0.isFinite && $1.isFinite }.map { (log($0), log($1)) }
  guard points.count > 1 else { return .nan }
  let n = Double(points.count)
  let (mx, my) = (points.reduce(0) { $0 + $1.0 } / n, points.reduce(0) { $0 + $1.1 } / n)
  let covariance = points.reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
  return covariance / points.reduce(0) { $0 + ($1.0 - mx) * ($1.0 - mx) }
}
