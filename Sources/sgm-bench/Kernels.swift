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
    // Operands whose rows lie as far apart as in a network.
    let (strideIn, strideOut) = (MatrixProduct.stride(of: inputs), MatrixProduct.stride(of: outputs))
    let weightStride = MatrixProduct.gainsFromCopy(rowsOf: inputs) ? strideIn : inputs
    let x = randomMatrix(rows, strideIn)
    let w = randomMatrix(outputs, weightStride)
    let turned = randomMatrix(inputs, strideOut)
    let z = randomMatrix(rows, strideOut)
    var dx = Matrix(rows: rows, columns: strideIn)
    var dw = Matrix(rows: outputs, columns: inputs)
    var y = Matrix(rows: rows, columns: strideOut)
    let flops = 2 * Double(rows * inputs * outputs)
    let forward = MatrixProduct(
      rows: rows, columns: outputs, inner: inputs, left: .plain(stride: strideIn), rightStride: strideOut,
      stride: strideOut)
    let data = MatrixProduct(
      rows: rows, columns: inputs, inner: outputs, left: .plain(stride: strideOut), rightStride: weightStride,
      stride: strideIn)
    let weight = MatrixProduct(
      rows: outputs, columns: inputs, inner: rows, left: .transposed(stride: strideOut), rightStride: strideIn,
      stride: inputs)
    let count = Meter.count(flops: flops)
    let layer = "\(rows)×\(inputs)→\(outputs)"
    results.append(
      meter.work("forward \(layer)", count: count, flops: flops) { forward(x, turned, into: &y) })
    results.append(
      meter.work("data gradient \(layer)", count: count, flops: flops) { data(z, w, into: &dx) })
    results.append(
      meter.work("weight gradient \(layer)", count: count, flops: flops) { weight(z, x, into: &dw) })
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
