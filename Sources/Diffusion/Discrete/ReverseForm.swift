/// How a network's law p̃(x_0 | x_t) becomes the law of a reverse step.
public enum ReverseForm: String, Sendable, CaseIterable {
  /// `joint`: p(x_s | x_t) ∝ Σ_k q(x_s, x_t | k) p̃(k | x_t).
  ///
  /// The form of Austin et al. 2021, equation 4. It is exact where p̃(k | x_t) is in proportion to q(k | x_t)/q(x_t | k), which
  /// is not the law of x_0.
  case joint
  /// `posterior`: p(x_s | x_t) = Σ_k q(x_s | x_t, k) p̃(k | x_t).
  ///
  /// It is exact where p̃ is the law of x_0 given x_t, which is what the cross entropy asks for too. Where q(x_t | k) is zero,
  /// k has no part in the sum.
  case posterior
}
