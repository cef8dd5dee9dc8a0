import Communication
import Configuration
import Files
import LinearAlgebra
import Networks
import Training

/// The canonical tree's exchange and the gathering of parameters against MPI_Allreduce of as many numbers.
func treeExchange(_ meter: Meter, _ communicator: Communicator) throws -> [Measurement] {
  guard communicator.size > 1 else { return [] }
  let parameters = ParameterLayout(Case.larger.model.network).count
  let tree = CanonicalTree(shards: 16)
  guard communicator.size <= tree.shards else { return [] }
  let exchange = TreeExchange(communicator: communicator, tree: tree, parameters: parameters, block: 4096)
  let gradients = randomMatrix(exchange.local.slotCount, parameters)
  let ours = try meter.seconds(count: 20) {
    _ = try unsafe exchange.complete(gradients.pointer, stride: parameters)
    try unsafe exchange.gather(gradients.pointer)
  }
  let theirs = try meter.seconds(count: 20) {
    try unsafe communicator.allReduceForComparison(gradients.pointer, count: parameters)
  }
  return [
    Measurement(name: "MPI_Allreduce, \(parameters) numbers", value: theirs * 1e3, unit: "ms"),
    Measurement(
      name: "tree exchange, \(parameters) numbers", value: ours * 1e3, unit: "ms",
      ratio: (ours / theirs, "MPI_Allreduce's time")),
  ]
}
