internal import Files

/// The candidate with the fewest edits from `word`, if that is a plausible misspelling.
package func nearest(to word: String, among candidates: [String]) -> String? {
  let typed = Array(word.unicodeScalars.prefix(64))
  let scored = candidates.map { (candidate: $0, distance: edits(typed, Array($0.unicodeScalars))) }
  guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= max(2, typed.count / 2) && best.distance < typed.count ? best.candidate : nil
}

/// Levenshtein's distance: insertions, deletions and substitutions, by one rolling row of the table.
private func edits(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let above = row[j + 1]
      row[j + 1] = min(above + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
      diagonal = above
    }
  }
  return row[b.count]
}
