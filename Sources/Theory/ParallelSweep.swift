public import Communication

extension Communicator {
  /// Computes `count` items of `width` numbers each, item i on rank i mod size, and gives every rank all of them.
  ///
  /// An item depends on its index alone, so the result has the same bits on any number of ranks.
  public func sweep(_ count: Int, width: Int, _ item: (Int) throws -> [Double]) throws -> [[Double]] {
    let own = try agree { () throws -> [Double] in
      try stride(from: rank, to: count, by: size).flatMap { i in
        let values = try item(i)
        precondition(values.count == width, "\(values.count) numbers for \(width)")
        return values
      }
    }
    let all = try allGather(own)
    var items = [[Double]](repeating: [], count: count)
    var at = 0
    for rank in 0..<size {
      for i in stride(from: rank, to: count, by: size) {
        items[i] = Array(all[at..<at + width])
        at += width
      }
    }
    return items
  }
}
