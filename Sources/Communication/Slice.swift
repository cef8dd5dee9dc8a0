/// The elements of a buffer that one rank owns.
///
/// They are ranges in ascending order. Where the owner keeps a number for each of them, these lie one after another without
/// gaps: an element then has a *place* among the slice's, counted from 0.
public struct Slice: Sendable, Equatable {
  /// The ranges; none is empty, and none begins where another ends.
  public let ranges: [Range<Int>]
  /// The number of elements.
  public let count: Int

  /// The elements of these ranges, which do not overlap.
  public init(_ ranges: [Range<Int>]) {
    var merged: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = merged.last, last.upperBound == range.lowerBound {
        merged[merged.count - 1] = last.lowerBound..<range.upperBound
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged
    count = merged.reduce(0) { $0 + $1.count }
  }

  /// The elements, where they are one range or none.
  var whole: Range<Int> {
    precondition(ranges.count < 2, "\(ranges.count) ranges")
    return ranges.first ?? 0..<0
  }

  /// Goes through some of the slice's elements, or all.
  ///
  /// - Parameters:
  ///   - places: which of them, by their places; nil for all.
  ///   - body: takes elements that are neighbours, and the place of the first.
  public func forEachRange(at places: Range<Int>? = nil, _ body: (_ elements: Range<Int>, _ place: Int) -> Void) {
    var place = 0
    for range in ranges {
      let part = (place..<place + range.count).clamped(to: places ?? 0..<count)
      let first = range.lowerBound + part.lowerBound - place
      if !part.isEmpty { body(first..<first + part.count, part.lowerBound) }
      place += range.count
    }
  }
}
