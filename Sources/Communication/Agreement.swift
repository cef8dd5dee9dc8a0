extension Communicator {
  /// Runs `body` on every rank; if it fails anywhere, every rank throws the lowest failing rank's error.
  ///
  /// Where it fails on some ranks but not on rank 0, the error names them and their hosts: a file that all must see is
  /// then missing on those.
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
      words = Array("\(status) \(hostName()) \(error)".utf8)
    }
    let all = try allGather(words)
    if let rank = all.firstIndex(where: { !$0.isEmpty }) {
      let failures = all.map {
        String(decoding: $0, as: UTF8.self).split(separator: " ", maxSplits: 2).map(String.init)
      }
      let parts = failures[rank]
      let places = rank == 0 ? "" : Self.places(failures.map { $0.count > 1 ? $0[1] : nil })
      throw AgreedError(
        description: (parts.count > 2 ? parts[2] : "unknown error") + places, status: Int32(parts[0]) ?? 70, rank: rank)
    }
    guard let result = result.take() else { preconditionFailure("no error, yet no result") }
    return result
  }

  /// Which ranks failed, on which hosts, in words: ` (rank 2 on node1, rank 3 on node1, not on rank 0)`.
  private static func places(_ hosts: [String?]) -> String {
    let failed = hosts.indices.compactMap { rank in hosts[rank].map { "rank \(rank) on \($0)" } }
    return " (\(failed.prefix(4).joined(separator: ", "))\(failed.count > 4 ? ", …" : ""), not on rank 0)"
  }

  /// Runs `body` on the root and gives every rank its value, or its error.
  public func fromRoot<Value: Broadcastable>(_ body: () throws -> Value) throws -> Value {
    let bytes = try agree { isRoot ? try body().bytes : [] }
    return Value(bytes: try broadcast(bytes))
  }

  /// This rank's part of `count` items in order: parts of neighbours differ by at most one item.
  public func share(of count: Int) -> Range<Int> { rank * count / size..<(rank + 1) * count / size }
}

/// What the root can give to every rank.
public protocol Broadcastable {
  /// The value as bytes.
  var bytes: [UInt8] { get }
  /// The value of these bytes.
  init(bytes: [UInt8])
}

extension [UInt8]: Broadcastable {
  /// The bytes themselves.
  public var bytes: [UInt8] { self }
  /// The bytes themselves.
  public init(bytes: [UInt8]) { self = bytes }
}

extension String: Broadcastable {
  /// The text in UTF-8.
  public var bytes: [UInt8] { Array(utf8) }
  /// A text in UTF-8.
  public init(bytes: [UInt8]) { self.init(decoding: bytes, as: UTF8.self) }
}

extension Bool: Broadcastable {
  /// One byte where it is true, none where it is not.
  public var bytes: [UInt8] { self ? [1] : [] }
  /// Whether there is a byte.
  public init(bytes: [UInt8]) { self = !bytes.isEmpty }
}
