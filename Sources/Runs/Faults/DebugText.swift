internal import Configuration
internal import Files
internal import Foundation
internal import Networks
internal import Reports
package import Training

extension GradientCheck {
  /// The comparison as people read it.
  package func table(step: Int) -> String {
    var lines = [
      "step \(step): gradients of the batch loss and finite differences of it at \(rows.count) parameters"
        + (isDisplaced ? ", with a last layer displaced from zero for this check alone" : ""),
      "  agreement: within 0.1 % and the uncertainty of the difference",
      row("tensor", "gradient", "difference", "uncertainty", "deviation"),
    ]
    for r in rows {
      lines.append(
        row(
          "\(r.tensor)\(r.index)", number(r.gradient), number(r.difference), String(format: "%.1e", r.uncertainty),
          String(format: "%.4f %%", 100 * r.relativeDeviation)) + (r.agrees ? "" : "   DISAGREES"))
    }
    return lines.joined(separator: "\n")
  }

  private func row(_ name: String, _ cells: String...) -> String {
    "  " + name.padding(toLength: max(28, name.count), withPad: " ", startingAt: 0)
      + cells.map { String(repeating: " ", count: max(15 - $0.count, 1)) + $0 }.joined()
  }

  private func number(_ value: Double) -> String { String(format: "%.6e", value) }
}

extension [ShardRecord] {
  /// One line a step; on the first, a table of the layers as well.
  package func summary(step: Int, hash: String, isFirst: Bool, _ trainer: Trainer) -> String {
    let activations = [size { $0.input }] + layerSizes { $0.activation }
    let gradients = (0..<trainer.network.layerCount).map { trainer.gradientNorm(ofLayer: $0) }
    var text = ""
    if isFirst {
      text = "step \(step): root mean square of activations, norm of the gradient, by layer\n"
      text += "  input      \(short(activations[0]))\n"
      for (l, norm) in gradients.enumerated() {
        text += "  layers.\(l)   \(short(activations[l + 1]))   \(short(norm))\n"
      }
    }
    return text + "step \(step): activations \(activations.map(short).joined(separator: " ")), "
      + "gradients \(gradients.map(short).joined(separator: " ")), hash \(hash) of \(count) shards"
  }

  private func layerSizes(_ value: (ShardRecord.Layer) -> Double) -> [Double] {
    (first?.layers.indices ?? 0..<0).map { l in size { value($0.layers[l]) } }
  }

  // All shards have equally many rows.
  private func size(_ value: (ShardRecord) -> Double) -> Double {
    (reduce(0) { $0 + value($1) * value($1) } / Double(count)).squareRoot()
  }
}
