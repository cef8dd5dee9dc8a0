internal import Configuration
internal import Training

/// Where every row of a source belongs: to a shard, or to the held-out rows.
struct RowPlaces {
  /// For each row: its position among the training rows, or −1 − its place among the held-out rows.
  let places: [Int32]
  /// Which positions among the training rows are whose.
  let assignment: ShardAssignment

  /// The places that an experiment's seed gives.
  ///
  /// - Parameters:
  ///   - isHeldOut: for each row, whether it is held out.
  ///   - experiment: gives the shards and the seed.
  init(_ isHeldOut: [Bool], _ experiment: Experiment) {
    let training = isHeldOut.indices.lazy.filter { !isHeldOut[$0] }.map { UInt32($0) }
    let rows = Array(training)
    assignment = ShardAssignment(rows: rows.count, shards: experiment.training.shards, seed: experiment.seed)
    var places = [Int32](repeating: 0, count: isHeldOut.count)
    for (position, index) in assignment.order.enumerated() { places[Int(rows[Int(index)])] = Int32(position) }
    var next: Int32 = 0
    for row in isHeldOut.indices where isHeldOut[row] {
      next += 1
      places[row] = -next
    }
    self.places = places
  }
}
