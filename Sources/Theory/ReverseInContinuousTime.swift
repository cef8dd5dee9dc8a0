public import Diffusion
internal import LinearAlgebra

/// The exact reverse dynamics of Gaussian data in continuous time, started from any Gaussian.
public struct ReverseInContinuousTime: Sendable {
  /// How generation runs.
  public enum Dynamics: String, Sendable, CaseIterable {
    /// The reverse SDE.
    case sde
    /// The probability flow.
    case flow
  }

  /// The forward process.
  public let process: any ForwardProcess
  /// The data.
  public let data: GaussianData

  /// The reverse of a process on given data.
  public init(process: any ForwardProcess, data: GaussianData) {
    self.process = process
    self.data = data
  }

  /// The law at t = 0 of the dynamics started from `start` at the horizon.
  public func end(of start: GaussianLaw, by dynamics: Dynamics) -> GaussianLaw {
    switch dynamics {
    case .sde: endOfSDE(start)
    case .flow: endOfFlow(start)
    }
  }

  /// The reverse SDE started at u has the law of u_0 given u_T = u, whatever the start's law.
  ///
  /// ```
  /// u_0 | u_T ~ N(μ_0 + K(u_T − μ_T), Σ_0 − KΣ_TKᵀ),   K = Σ_0 Φᵀ Σ_T⁻¹
  /// ```
  private func endOfSDE(_ start: GaussianLaw) -> GaussianLaw {
    let map = process.transition(from: 0, to: process.horizon).map
    let (first, last) = (data.marginal(process, at: 0), data.marginal(process, at: process.horizon))
    return GaussianLaw(
      start.coordinates.indices.map { i in
        let (p0, pT, u) = (first.coordinates[i], last.coordinates[i], start.coordinates[i])
        let gain = p0.covariance * map.transpose * pT.covariance.inverse
        return GaussianMoments(
          mean: p0.mean + gain * (u.mean - pT.mean),
          covariance: p0.covariance + gain * (u.covariance - pT.covariance) * gain.transpose)
      })
  }

  /// The flow is linear, u − μ_t ↦ F(u − μ_t); F by the classical Runge–Kutta method of order 4 on 4,000 steps of
  /// equal length in √t, which the process's start asks for; relative error below 1e-9 where σ_data ≥ 0.1.
  private func endOfFlow(_ start: GaussianLaw) -> GaussianLaw {
    let (first, last) = (data.marginal(process, at: 0), data.marginal(process, at: process.horizon))
    let steps = 4000
    let root = process.horizon.squareRoot()
    var maps = start.coordinates.map { _ in BlockMatrix.identity(process.blocks) }
    for k in 0..<steps {
      let times = [0.0, 0.5, 1].map { part in
        let r = root * (1 - (Double(k) + part) / Double(steps))
        return r * r
      }
      let slopes = times.map(slopes(at:))
      // In r = √t the speed is dt/dr = 2r; here s runs downwards.
      let speeds = times.map { 2 * $0.squareRoot() * root / Double(steps) }
      for i in maps.indices {
        let f = (0..<3).map { slopes[$0][i].scaled(by: speeds[$0]) }
        let k1 = f[0] * maps[i]
        let k2 = f[1] * (maps[i] + k1.scaled(by: 0.5))
        let k3 = f[1] * (maps[i] + k2.scaled(by: 0.5))
        let k4 = f[2] * (maps[i] + k3)
        maps[i] = maps[i] + (k1 + (k2 + k3).scaled(by: 2) + k4).scaled(by: 1.0 / 6)
      }
    }
    return GaussianLaw(
      start.coordinates.indices.map { i in
        let (u, pT) = (start.coordinates[i], last.coordinates[i])
        // The map carries p_T to p_0 up to its own error, so only the difference of the laws is mapped.
        let difference = maps[i] * (u.covariance - pT.covariance) * maps[i].transpose
        return GaussianMoments(
          mean: first.coordinates[i].mean + maps[i] * (u.mean - pT.mean),
          covariance: first.coordinates[i].covariance + difference)
      })
  }

  /// dF/ds = β(−A − ½DΣ_t⁻¹)F for every coordinate.
  private func slopes(at t: Double) -> [BlockMatrix] {
    let beta = process.rate(at: t)
    let (a, d) = (process.drift(at: t), process.diffusion(at: t))
    return data.marginal(process, at: t).coordinates.map {
      (a + (d * $0.covariance.inverse).scaled(by: 0.5)).scaled(by: -beta)
    }
  }
}
