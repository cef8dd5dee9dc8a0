/// Where each tensor lies in the flat parameter buffer, and which part of it learns by which settings.
///
/// The first part is a network's. Further parts begin at multiples of `partAlignment`, so that sums over blocks of so many
/// numbers belong to one part each.
public struct ParameterLayout: Sendable, Equatable {
  /// Further parts begin at multiples of this.
  public static let partAlignment = 4096

  /// A named tensor, row-major.
  public struct Entry: Sendable, Equatable {
    /// For example `layers.0.weight`.
    public let name: String
    /// `[outputs, inputs]` for weights, `[outputs]` for biases.
    public let shape: [Int]
    /// The first element's index, a multiple of 16: a cache line.
    public let offset: Int
    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// The elements' indices.
    public var range: Range<Int> { offset..<offset + count }
  }

  /// What is to be learned beside a network.
  public struct Further: Sendable, Equatable {
    /// What the names of its tensors begin with, before a full stop.
    public let name: String
    /// Its tensors.
    public let tensors: [(name: String, shape: [Int])]

    /// A part of some tensors.
    public init(_ name: String, tensors: [(name: String, shape: [Int])]) { (self.name, self.tensors) = (name, tensors) }

    /// Whether names and shapes agree.
    public static func == (a: Further, b: Further) -> Bool {
      a.name == b.name && a.tensors.map(\.name) == b.tensors.map(\.name)
        && a.tensors.map(\.shape) == b.tensors.map(\.shape)
    }
  }

  /// All tensors: weight and bias of each layer in forward order, then those of further parts.
  public let entries: [Entry]
  /// The buffer's length; gaps between tensors stay zero.
  public let count: Int
  /// The elements of further parts, gaps between their tensors included, by name.
  public let further: [(name: String, range: Range<Int>)]
  /// The elements before further parts.
  public let networkCount: Int

  /// The layout of a network's parameters, and of what is learned beside them.
  public init(_ architecture: NetworkArchitecture, further parts: [Further] = []) {
    var entries: [Entry] = []
    var next = 0
    func add(_ name: String, _ shape: [Int]) {
      entries.append(Entry(name: name, shape: shape, offset: next))
      next = (next + shape.reduce(1, *) + 15) / 16 * 16
    }
    for (l, layer) in architecture.layers.enumerated() {
      add("layers.\(l).weight", [layer.outputs, layer.inputs])
      add("layers.\(l).bias", [layer.outputs])
    }
    networkCount = next
    var further: [(name: String, range: Range<Int>)] = []
    for part in parts {
      let start = Self.aligned(next)
      next = start
      for tensor in part.tensors { add(part.name + "." + tensor.name, tensor.shape) }
      further.append((part.name, start..<next))
    }
    self.entries = entries
    self.further = further
    count = next
  }

  /// Whether all tensors lie alike.
  public static func == (a: ParameterLayout, b: ParameterLayout) -> Bool {
    a.entries == b.entries && a.count == b.count
  }

  /// The weight of layer `l`.
  public func weight(_ l: Int) -> Entry { entries[2 * l] }
  /// The bias of layer `l`.
  public func bias(_ l: Int) -> Entry { entries[2 * l + 1] }
  /// All elements of layer `l`.
  public func range(ofLayer l: Int) -> Range<Int> { weight(l).offset..<bias(l).range.upperBound }

  /// Pieces of all parameters, which begin at multiples of `partAlignment`.
  ///
  /// - Parameter least: a piece of layers has at least so many parameters, but for that of the first layers.
  /// - Returns: the network's layers in the order in which a backward pass completes their gradients, from the last on; and
  ///   what is learned beside the network, which is one piece or none.
  public func pieces(least: Int) -> (network: [Range<Int>], further: [Range<Int>]) {
    let networkEnd = further.first?.range.lowerBound ?? count
    var (pieces, end): ([Range<Int>], Int) = ([], networkEnd)
    for l in stride(from: entries.count { $0.offset < networkCount } / 2 - 1, through: 0, by: -1) {
      // What shares a block with the layer below is complete with that one.
      let start = Self.aligned(weight(l).offset)
      guard end - start >= least || l == 0 else { continue }
      pieces.append(start..<end)
      end = start
    }
    return (pieces, further.isEmpty ? [] : [networkEnd..<count])
  }

  private static func aligned(_ offset: Int) -> Int { (offset + partAlignment - 1) / partAlignment * partAlignment }

  /// The tensors of a further part.
  public func entries(of name: String) -> [Entry] { entries.filter { $0.name.hasPrefix(name + ".") } }
}
