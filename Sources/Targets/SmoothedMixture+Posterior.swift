extension SmoothedMixture {
  /// E[x|z] = Σ_k π_k m_k, the mean of each component's own posterior.
  ///
  /// ```
  /// m_k = (q μ_k + v_k z)/(v_k + q),   Var_k = v_k q/(v_k + q)
  /// ```
  mutating func posteriorMean(_ z: [Double], into mean: inout [Double]) {
    for i in mean.indices { mean[i] = 0 }
    for k in shares.indices where shares[k] > 0 {
      for i in mean.indices { mean[i].addProduct(shares[k], componentMean(k, i, z[i])) }
    }
  }

  /// Σ_k π_k (Var_k v + (m_k − m)(m_k − m)ᵀv).
  mutating func covarianceProduct(_ z: [Double], _ v: [Double], into result: inout [Double]) {
    var mean: [Double] = []
    swap(&mean, &spare)
    defer { swap(&mean, &spare) }
    posteriorMean(z, into: &mean)
    for i in result.indices { result[i] = 0 }
    for k in shares.indices where shares[k] > 0 {
      var along = 0.0
      for i in mean.indices { along += (componentMean(k, i, z[i]) - mean[i]) * v[i] }
      for i in mean.indices {
        let spread = componentVariance(k, i) * v[i]
        result[i].addProduct(shares[k], spread.addingProduct(componentMean(k, i, z[i]) - mean[i], along))
      }
    }
  }
}
