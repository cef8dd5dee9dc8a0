extension Communicator {
  /// Runs `body` on every rank; if it fails anywhere, every rank throws the lowest failing rank's error.
  ///
  /// `body` must not communicate: a rank that fails early would leave the others waiting.
  ///
  /// - Throws: `AgreedError` on every rank; on a group of one, the error itself.
  public func agree<Result: ~Copyable>(_ body: () throws -> Result) throws -> Result {
    guard size > 1 else { return try body() }
    var result: Result? = nil
    var words: [UInt8] = []
    do { result = try body() } catch {
      let status = (error as? any StatusError)?.status ?? 70
      words = Array("\(status) \(error)".utf8)
    }
    let all = try allGather(words)
    if let rank = all.firstIndex(where: { !$0.isEmpty }) {
      let text = String(decoding: all[rank], as: UTF8.self)
      let parts = text.split(separator: " ", maxSplits: 1)
      throw AgreedError(
        description: parts.count > 1 ? String(parts[1]) : "unknown error", status: Int32(parts[0]) ?? 70, rank: rank)
    }
    guard let result = result.take() else { preconditionFailure("no error, yet no result") }
    return result
  }

  /// Runs `body` on the root and gives every rank its bytes, or its error.
  public func fromRoot(_ body: () throws -> [UInt8]) throws -> [UInt8] {
    let bytes = try agree { isRoot ? try body() : [] }
    return try broadcast(bytes)
  }

  /// Runs `body` on the root and gives every rank its text, or its error.
  public func fromRoot(_ body: () throws -> String) throws -> String {
    String(decoding: try fromRoot { Array(try body().utf8) }, as: UTF8.self)
  }

  /// Runs `body` on the root and gives every rank its answer, or its error.
  public func fromRoot(_ body: () throws -> Bool) throws -> Bool {
    try fromRoot { try body() ? [1] : [] } == [1]
  }

  /// This rank's part of `count` items in order: parts of neighbours differ by at most one item.
  public func share(of count: Int) -> Range<Int> { rank * count / size..<(rank + 1) * count / size }
}
