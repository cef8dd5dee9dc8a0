/// sin x, error below 1 ulp for |x| < 2³⁰; no number beyond.
public func sin(_ x: Double) -> Double {
  guard abs(x) < 0x1p30 else { return .nan }
  // The sign of zero stays.
  guard x != 0 else { return x }
  let (quadrant, r) = reducedAngle(x)
  let value = quadrant & 1 == 0 ? sineOfSmall(r) : cosineOfSmall(r)
  return quadrant & 2 == 0 ? value : -value
}

/// cos x, error below 1 ulp for |x| < 2³⁰; no number beyond.
public func cos(_ x: Double) -> Double {
  guard abs(x) < 0x1p30 else { return .nan }
  let (quadrant, r) = reducedAngle(x)
  let value = quadrant & 1 == 0 ? cosineOfSmall(r) : sineOfSmall(r)
  return (quadrant + 1) & 2 == 0 ? value : -value
}

/// tan x, error below 2 ulp for |x| < 2³⁰; no number beyond.
public func tan(_ x: Double) -> Double {
  guard abs(x) < 0x1p30 else { return .nan }
  guard x != 0 else { return x }
  let (quadrant, r) = reducedAngle(x)
  let (s, c) = (sineOfSmall(r), cosineOfSmall(r))
  return quadrant & 1 == 0 ? s / c : -c / s
}

/// x = n π/2 + r with |r| ≤ π/4 as a pair.
private func reducedAngle(_ x: Double) -> (quadrant: Int, r: Pair) {
  let n = (x * 0.636_619_772_367_581_34).rounded(.toNearestOrEven)
  guard n != 0 else { return (0, Pair(x, 0)) }
  // π/2 in three parts of 53 bits. The first difference is exact; the second keeps what it rounds.
  let first = x.addingProduct(-n, 0x1.921fb54442d18p0)
  let second = Pair(product: n, 0x1.1a62633145c07p-54)
  let r = Pair(sum: first, -second.high)
  let low = r.low - (second.low + n * -0x1.f1976b7ed8fbcp-110)
  return (Int(n) & 3, Pair(sum: r.high, low))
}

private func sineOfSmall(_ r: Pair) -> Double {
  let z = r.high * r.high
  var q = 1.0 / 355_687_428_096_000
  q = (-1.0 / 1_307_674_368_000).addingProduct(q, z)
  q = (1.0 / 6_227_020_800).addingProduct(q, z)
  q = (-1.0 / 39_916_800).addingProduct(q, z)
  q = (1.0 / 362_880).addingProduct(q, z)
  q = (-1.0 / 5_040).addingProduct(q, z)
  q = (1.0 / 120).addingProduct(q, z)
  q = (-1.0 / 6).addingProduct(q, z)
  return r.high + (r.low * (1 - 0.5 * z)).addingProduct(r.high * z, q)
}

private func cosineOfSmall(_ r: Pair) -> Double {
  let z = r.high * r.high
  var q = -1.0 / 6_402_373_705_728_000
  q = (1.0 / 20_922_789_888_000).addingProduct(q, z)
  q = (-1.0 / 87_178_291_200).addingProduct(q, z)
  q = (1.0 / 479_001_600).addingProduct(q, z)
  q = (-1.0 / 3_628_800).addingProduct(q, z)
  q = (1.0 / 40_320).addingProduct(q, z)
  q = (-1.0 / 720).addingProduct(q, z)
  q = (1.0 / 24).addingProduct(q, z)
  let half = 0.5 * z
  let upper = 1 - half
  return upper + (((1 - upper) - half) + (z * z * q - r.high * r.low))
}

/// √(x² + y²), error below 2 ulp, without overflow between.
public func hypot(_ x: Double, _ y: Double) -> Double {
  let (larger, smaller) = (max(abs(x), abs(y)), min(abs(x), abs(y)))
  guard larger > 0, larger < .infinity else { return abs(x) + abs(y) }
  let ratio = smaller / larger
  return larger * 1.0.addingProduct(ratio, ratio).squareRoot()
}
