import Diffusion
import Foundation
import LinearAlgebra
import Testing

private struct Reference: Decodable {
  struct Covariance: Decodable { let xx, xv, vv: String }
  struct Factor: Decodable { let l11, l21, l22: String }
  struct Case: Decodable {
    let a, epsilon, sigma, velocityVariance, t: String
    let meanMap: [[String]]
    let conditionalCovariance, hybridCovariance, stationaryCovariance: Covariance
    let hybridCholesky: Factor
  }
  let cases: [Case]
}

/// An accuracy to ask of every element, near that of Double and 100 times below what is promised.
private let accuracy = 1e-12

private func expect(_ value: Double, _ text: String, _ what: String) throws {
  let expected = try #require(Double(text))
  // 1e-50: where an element is 0, quadrature with 50 digits left 1e-58.
  #expect(abs(value - expected) <= accuracy * abs(expected) + 1e-50, "\(what): \(value) for \(expected)")
}

private func expect(_ m: BlockMatrix, _ reference: Reference.Covariance, _ what: String) throws {
  try expect(m[0, 0], reference.xx, what + " xx")
  try expect(m[0, 1], reference.xv, what + " xv")
  try expect(m[1, 0], reference.xv, what + " vx")
  try expect(m[1, 1], reference.vv, what + " vv")
}

@Suite struct ReferenceKernelTests {
  @Test("CLD's kernels are those of 50-digit quadrature, from τ = 1e-5 to 4") func kernels() throws {
    let url = try #require(
      Bundle.module.url(forResource: "cld-kernels", withExtension: "json", subdirectory: "Fixtures"))
    let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
    #expect(reference.cases.count > 50)
    for c in reference.cases {
      let process = CriticallyDampedLangevin(
        a: try #require(Double(c.a)), sigma: try #require(Double(c.sigma)), epsilon: try #require(Double(c.epsilon)),
        velocityVariance: try #require(Double(c.velocityVariance)), beta: 1, horizon: 10)
      let t = try #require(Double(c.t))
      let name = "a \(c.a), ε \(c.epsilon), v² \(c.velocityVariance), t \(c.t):"
      let transition = process.transition(from: 0, to: t)
      let general = BlockMatrix.flow(drift: process.drift(at: 0), diffusion: process.diffusion(at: 0), over: t)
      for i in 0..<2 { for j in 0..<2 { try expect(transition.map[i, j], c.meanMap[i][j], name + " Φ\(i)\(j)") } }
      try expect(transition.covariance, c.conditionalCovariance, name + " C")
      // The general flow agrees to its own accuracy, beside √(C_ii C_jj).
      #expect(discrepancy(general.covariance, transition.covariance) < accuracy)
      let kernel = process.kernel(at: t)
      try expect(kernel.mean[0], c.meanMap[0][0], name + " M x")
      try expect(kernel.mean[1], c.meanMap[1][0], name + " M v")
      try expect(kernel.covariance, c.hybridCovariance, name + " H")
      try expect(kernel.cholesky[0, 0], c.hybridCholesky.l11, name + " l11")
      try expect(kernel.cholesky[1, 0], c.hybridCholesky.l21, name + " l21")
      try expect(kernel.cholesky[1, 1], c.hybridCholesky.l22, name + " l22")
      try expect(process.priorCovariance[0, 0], c.stationaryCovariance.xx, name + " S xx")
      #expect(process.priorCovariance[0, 1] == Double(c.stationaryCovariance.xv))
      try expect(process.priorCovariance[1, 1], c.stationaryCovariance.vv, name + " S vv")
    }
  }
}
