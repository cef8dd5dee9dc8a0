import Configuration
import Files
import LinearAlgebra
import Networks
import Randomness
import Runs
import Training

/// The products of a layer at a shard's shape, the activation, the update.
func layerKernels(_ meter: Meter) -> [Measurement] {
  let rows = 256
  var results: [Measurement] = []
  for (inputs, outputs) in [(164, 512), (512, 512), (512, 100)] {
    let x = randomMatrix(rows, inputs)
    let w = randomMatrix(outputs, inputs)
    let z = randomMatrix(rows, outputs)
    var dx = Matrix(rows: rows, columns: inputs)
    var dw = Matrix(rows: outputs, columns: inputs)
    var y = Matrix(rows: rows, columns: outputs)
    let flops = 2 * Double(rows * inputs * outputs)
    let forward = MatrixProduct(
      rows: rows, columns: outputs, inner: inputs, left: .plain(stride: inputs), right: .transposed(stride: inputs),
      stride: outputs)
    let data = MatrixProduct(
      rows: rows, columns: inputs, inner: outputs, left: .plain(stride: outputs), right: .plain(stride: inputs),
      stride: inputs)
    let weight = MatrixProduct(
      rows: outputs, columns: inputs, inner: rows, left: .transposed(stride: outputs), right: .plain(stride: inputs),
      stride: inputs)
    let count = Meter.count(flops: flops)
    let layer = "\(rows)×\(inputs)→\(outputs)"
    results.append(
      .work("forward \(layer)", seconds: meter.seconds(count: count) { forward(x, w, into: &y) }, flops: flops))
    results.append(
      .work("data gradient \(layer)", seconds: meter.seconds(count: count) { data(z, w, into: &dx) }, flops: flops))
    results.append(
      .work("weight gradient \(layer)", seconds: meter.seconds(count: count) { weight(z, x, into: &dw) }, flops: flops))
  }
  return results
}

/// N(0, 1) numbers.
func randomMatrix(_ rows: Int, _ columns: Int) -> Matrix {
  var matrix = Matrix(rows: rows, columns: columns)
  RandomStream(seed: 1, purpose: .benchmark).fillNormals(&matrix, firstIndex: 0)
  return matrix
}

/// Normals per second of one core, for wide rows and for pairs.
func normalNumbers(_ meter: Meter) -> [Measurement] {
  [(256, 100), (8192, 2), (16384, 1)].map { rows, columns in
    var matrix = Matrix(rows: rows, columns: columns)
    let stream = RandomStream(seed: 1, purpose: .benchmark)
    let seconds = meter.seconds(count: 200) { stream.fillNormals(&matrix, firstIndex: 0) }
    return Measurement(
      name: "normals, rows of \(columns)", value: Double(rows * columns) / seconds / 1e6, unit: "million/s")
  }
}
