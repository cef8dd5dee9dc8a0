/// The forward processes of discrete states by name, as in arXiv 2107.03006, section 3.1.
public enum DiscreteProcessKind: String, Sendable, CaseIterable {
  /// `discrete-uniform`: a state is replaced by one drawn evenly from all.
  case uniform = "discrete-uniform"
  /// `discrete-absorbing`: a state is replaced by a mask, which stays.
  case absorbing = "discrete-absorbing"
  /// `discretised-gaussian`: a state moves to its neighbours as under Gaussian noise.
  case gaussian = "discretised-gaussian"

  /// Whether there is a mask, one more state than the data have.
  public var hasMask: Bool { self == .absorbing }
}
