internal import LinearAlgebra
internal import Randomness

/// Which streams a batch draws from.
struct DrawStreams {
  let times: RandomStream
  let noise: RandomStream
  let probes: RandomStream
  let tails: RandomStream
  /// Of the noise in latents.
  let latents: RandomStream
  /// The noise that levels get, and the stream of its numbers.
  let dequantisation: (noise: Dequantisation, stream: RandomStream)?
  /// The conditions whose order means nothing, and the stream of their orders.
  let conditionOrder: (parts: ExchangeableConditions, stream: RandomStream)?

  /// Streams for times, normals, the signs of probes, the scales of heavy tails and the noise in latents: the last three are
  /// those of the noise's step unless others are given.
  init(
    times: RandomStream, noise: RandomStream, probes: RandomStream? = nil, tails: RandomStream? = nil,
    latents: RandomStream? = nil, dequantisation: (noise: Dequantisation, stream: RandomStream)? = nil,
    conditionOrder: (parts: ExchangeableConditions, stream: RandomStream)? = nil
  ) {
    (self.dequantisation, self.conditionOrder) = (dequantisation, conditionOrder)
    (self.times, self.noise) = (times, noise)
    self.latents = latents ?? RandomStream(seed: noise.seed, purpose: .latent, step: noise.step)
    self.tails = tails ?? RandomStream(seed: noise.seed, purpose: .tailScale, step: noise.step)
    self.probes = probes ?? RandomStream(seed: noise.seed, purpose: .probe, step: noise.step)
  }
}

/// What every objective draws for the rows of a set: the data, the times, and normals, by global index.
@safe struct RowDraws: ~Copyable {
  /// d, and the columns after them that condition.
  let dimension, conditions: Int
  let rows: Int
  /// The times of all sets' rows.
  private(set) var times: [TimeSampler.Draw]
  /// One set's normals, `[rows, numbers]`.
  var noise: Matrix
  /// One set's data, `[rows, dimension + conditions]`.
  private(set) var clean: Matrix
  private var uniforms: [Double]
  /// Where one set's data lie.
  private var addresses: [UnsafePointer<Float>]

  init(dimension: Int, conditions: Int, rows: Int, sets: Int, normals: Int) {
    (self.dimension, self.conditions, self.rows) = (dimension, conditions, rows)
    times = [TimeSampler.Draw](repeating: .init(time: 0), count: rows * sets)
    noise = Matrix(rows: rows, columns: normals)
    clean = Matrix(rows: rows, columns: dimension + conditions)
    uniforms = [Double](repeating: 0, count: rows)
    unsafe addresses = [UnsafePointer](repeating: UnsafePointer(clean.pointer), count: rows)
  }

  /// Draws one set.
  mutating func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, times sampler: TimeSampler,
    data: (Int) -> UnsafePointer<Float>
  ) {
    var span = uniforms.mutableSpan
    streams.times.uniforms(firstIndex: firstIndex, into: &span)
    streams.noise.fillNormals(&noise, firstIndex: firstIndex)
    // Rows lie anywhere in memory: fetched one after another without work between, they come many at a time.
    for row in 0..<rows { unsafe addresses[row] = data(row) }
    for row in 0..<rows {
      unsafe (clean.pointer + row * clean.columns).update(from: addresses[row], count: clean.columns)
    }
    if let (noise, stream) = streams.dequantisation { noise.add(to: &clean, firstIndex: firstIndex, stream) }
    if let (parts, stream) = streams.conditionOrder { parts.shuffle(&clean, firstIndex: firstIndex, stream) }
    for row in 0..<rows {
      times[set * rows + row] = sampler.draw(sampler.quantile(uniforms[row], row: firstIndex + UInt64(row)))
    }
  }

  /// x_0 of a row.
  @unsafe func data(_ row: Int) -> UnsafePointer<Float> { unsafe UnsafePointer(clean.pointer + row * clean.columns) }

  /// The normals of a row.
  @unsafe func normals(_ row: Int) -> UnsafePointer<Float> { unsafe UnsafePointer(noise.pointer + row * noise.columns) }

  /// Writes a row's conditions behind the state.
  @unsafe func copyConditions(_ row: Int, behind state: UnsafeMutablePointer<Float>, columns: Int) {
    guard conditions > 0 else { return }
    unsafe (state + columns).update(from: data(row) + dimension, count: conditions)
  }
}

/// Sums of (t L)² and numbers of rows in each cell of the history, set by set.
struct CellSums {
  private(set) var sums: [Double]

  init(sets: Int) { sums = [Double](repeating: 0, count: sets * 2 * TimeHistory.cells) }

  /// The sums of one set.
  func set(_ set: Int) -> ArraySlice<Double> { sums[set * 2 * TimeHistory.cells..<(set + 1) * 2 * TimeHistory.cells] }

  mutating func clear(set: Int) {
    for i in set * 2 * TimeHistory.cells..<(set + 1) * 2 * TimeHistory.cells { sums[i] = 0 }
  }

  /// Adds a row's loss, which carries the draw's weight.
  mutating func add(_ loss: Double, _ draw: TimeSampler.Draw, set: Int) {
    let first = set * 2 * TimeHistory.cells + draw.cell
    // The law's density is one in ln t, before a time was moved to a state.
    let size = (draw.before ?? draw.time) * loss / draw.weight
    sums[first] += size * size
    sums[first + TimeHistory.cells] += 1
  }
}
