/// How the ranks of one group reach each other.
///
/// MPI is the one way in the programs. Tests put ranks that are threads of one process behind the same protocol, so that
/// a wrong sum is found without mpirun. All operations but `begin`, `poll` and `completeAll` are collective: all ranks of the
/// group call them in the same order.
package protocol RankLink: AnyObject {
  /// Copies rank `root`'s `count` bytes to every rank.
  @unsafe func broadcast(_ data: UnsafeMutableRawPointer, count: Int, root: Int) throws

  /// Gives every rank all ranks' numbers in rank order; `all` has room for one of each.
  @unsafe func allGather(_ value: Int64, into all: UnsafeMutablePointer<Int64>) throws

  /// Completes a buffer of which each rank holds its own section.
  @unsafe func allGather(
    inPlace data: UnsafeMutableRawPointer, sections: borrowing Sections, of element: GatheredElement) throws

  /// Adds the ranks' buffers, in an order that is the link's choice.
  @unsafe func allReduce(_ data: UnsafeMutablePointer<Float>, count: Int) throws

  /// Begins a group of transfers and does not wait for them; those that the group had before are complete.
  ///
  /// Groups are numbered from 0. Empty transfers are left out.
  @unsafe func begin(_ group: Int, sends: [Transfer], receives: [Transfer]) throws

  /// Moves transfers on, and does not wait for them.
  ///
  /// - Parameter completed: hears of each group that is complete, and may begin its next transfers.
  /// - Returns: whether transfers are left.
  /// - Throws: what `completed` throws, and the link's own errors.
  func poll(_ completed: (_ group: Int) throws -> Void) throws -> Bool

  /// As `poll`, and returns when no transfers are left.
  func completeAll(_ completed: (_ group: Int) throws -> Void) throws

  /// Waits until all ranks are here.
  func barrier() throws

  /// A link, and a place in it, for the ranks with the same colour, ordered by `key`.
  func split(color: Int, key: Int) throws -> (link: any RankLink, rank: Int, size: Int)

  /// Ends a link that `split` made.
  func free() throws

  /// Ends all communication of the process.
  func finish()

  /// Ends all ranks at once.
  func abort(status: Int32)
}

extension RankLink {
  /// Carries out all transfers at once and returns when they are complete.
  @unsafe func exchange(sends: [Transfer], receives: [Transfer]) throws {
    try unsafe begin(0, sends: sends, receives: receives)
    try completeAll { _ in }
  }
}

/// What a gathered buffer is made of.
package enum GatheredElement: Sendable {
  case byte
  case float
  case double

  /// Bytes of one element.
  package var stride: Int {
    switch self {
    case .byte: 1
    case .float: 4
    case .double: 8
    }
  }
}

/// One message of floats.
@unsafe package struct Transfer {
  /// Where the numbers lie, or go.
  package let address: UnsafeMutablePointer<Float>
  /// How many there are.
  package let count: Int
  /// The other rank.
  package let peer: Int
  /// What tells the messages between two ranks apart.
  package let tag: Int
}
