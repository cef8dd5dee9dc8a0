/// How a network sees the states of a row.
public enum StateInput: String, Sendable, CaseIterable {
  /// `one-hot`: n numbers for each column, one of them 1.
  case oneHot = "one-hot"
  /// `centred`: the level between −1 and 1, and with a mask a second number, 1 for it.
  case centred

  /// The usual choice for K levels.
  public static func usual(levels: Int) -> StateInput { levels <= StateHead.mostLogits ? .oneHot : .centred }

  /// The network's inputs for each column of K levels.
  public func inputs(for kind: DiscreteProcessKind, levels: Int) -> Int {
    (self == .oneHot ? levels : 1) + (kind.hasMask ? 1 : 0)
  }

  /// Level k of K as a number from −1 to 1.
  static func centred(_ level: Int, levels: Int) -> Double { 2 * Double(level) / Double(levels - 1) - 1 }

  /// Writes the inputs of one column.
  public func write(_ state: Int, of process: DiscreteProcess, into inputs: inout MutableSpan<Float>) {
    for k in inputs.indices { inputs[k] = 0 }
    switch self {
    case .oneHot: inputs[state] = 1
    case .centred:
      if state == process.mask {
        inputs[1] = 1
      } else {
        inputs[0] = Float(Self.centred(state, levels: process.levels))
      }
    }
  }
}
