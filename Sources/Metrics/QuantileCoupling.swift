/// The squared 1-D Wasserstein distance of order 2 between two empirical laws, given as sorted ordered keys.
///
/// ```
/// W2² = ∫₀¹ (F⁻¹(u) − G⁻¹(u))² du
/// ```
/// With n and m atoms the quantile functions are constant between the points i/n and j/m, so the integral is a finite
/// sum; positions are counted in units of 1/(nm), hence exactly. Differences and sums are in Double.
///
/// The atoms are the n keys of `a` from `i` on and the m keys of `b` from `j` on.
func squaredWasserstein(
  _ a: Span<UInt32>, at i: Int = 0, count n: Int, _ b: Span<UInt32>, at j: Int = 0, count m: Int
) -> Double {
  precondition(n > 0 && m > 0, "\(n) against \(m) atoms")
  let first = a.extracting(i..<i + n)
  let second = b.extracting(j..<j + m)
  return n == m ? pairedSquares(first, second) / Double(n) : mergedSquares(first, second)
}

/// Σ_i (a_i − b_i)² in four fixed interleaved partial sums: a chain of additions would wait for itself.
private func pairedSquares(_ a: Span<UInt32>, _ b: Span<UInt32>) -> Double {
  let n = min(a.count, b.count)
  var sums = SIMD4<Double>.zero
  var i = 0
  while i + 4 <= n {
    for lane in 0..<4 {
      let difference = Double(value(ofKey: a[i + lane])) - Double(value(ofKey: b[i + lane]))
      sums[lane] += difference * difference
    }
    i += 4
  }
  var total = (sums[0] + sums[1]) + (sums[2] + sums[3])
  while i < n {
    let difference = Double(value(ofKey: a[i])) - Double(value(ofKey: b[i]))
    total += difference * difference
    i += 1
  }
  return total
}

/// Merges the two sets of breakpoints; `at` runs from 0 to nm.
private func mergedSquares(_ a: Span<UInt32>, _ b: Span<UInt32>) -> Double {
  let n = a.count
  let m = b.count
  var i = 0
  var j = 0
  var at = 0
  var total = 0.0
  while i < n && j < m {
    let endA = (i + 1) * m
    let endB = (j + 1) * n
    let end = min(endA, endB)
    let difference = Double(value(ofKey: a[i])) - Double(value(ofKey: b[j]))
    total += Double(end - at) * difference * difference
    at = end
    if endA == end { i += 1 }
    if endB == end { j += 1 }
  }
  return total / (Double(n) * Double(m))
}
