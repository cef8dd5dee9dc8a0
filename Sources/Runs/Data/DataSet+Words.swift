internal import Networks
internal import RealFunctions
internal import Targets

extension DataSet.Description {
  /// The data columns of 0 and 1, for which a network has a head; nil where there are none that vary.
  ///
  /// The columns of a category are one block, and so are those that say which atom a number is. Every other column of 0 and 1 is a block by itself. A word that no training row has counts
  /// as half a row.
  ///
  /// - Parameter shares: the share of the training rows in which a column is 1, by column.
  /// - Returns: the columns, with the words' shares.
  func words(shares: [Double]) -> WordColumns? {
    var blocks: [Range<Int>] = []
    for (column, range) in zip(table?.columns ?? [], table?.ranges ?? []) where range.upperBound <= dimension {
      let places = column.oneOfSeveral
      if !places.isEmpty { blocks.append(range.lowerBound..<range.lowerBound + places.count) }
    }
    let grouped = Set(blocks.joined())
    for j in 0..<dimension where kind(j) == .indicator && !constantColumns[j] && !grouped.contains(j) {
      blocks.append(j..<j + 1)
    }
    guard !blocks.isEmpty else { return nil }
    let least = 0.5 / Double(max(rows, 1))
    var logPrior = [Float](repeating: 0, count: dimension)
    for block in blocks {
      for j in block {
        let share = min(max(shares[j], least), 1 - least)
        logPrior[j] = Float(block.count > 1 ? log(share) : log(share / (1 - share)))
      }
    }
    return words(blocks: blocks.sorted { $0.lowerBound < $1.lowerBound }, logPrior: logPrior)
  }

  /// Columns of words that a checkpoint kept; nil for blocks that cannot be.
  ///
  /// - Parameters:
  ///   - numbers: for each data column the number of its block, from 1 in order, or 0.
  ///   - logPrior: one number for each.
  /// - Returns: the columns.
  func words(blockNumbers numbers: [Double], logPrior: [Float]) -> WordColumns? {
    var blocks: [Range<Int>] = []
    for (j, number) in numbers.enumerated() where number != 0 {
      if number == Double(blocks.count), blocks.last?.upperBound == j {
        blocks[blocks.count - 1] = blocks[blocks.count - 1].lowerBound..<j + 1
      } else if number == Double(blocks.count + 1) {
        blocks.append(j..<j + 1)
      } else {
        return nil
      }
    }
    guard logPrior.allSatisfy(\.isFinite) else { return nil }
    return words(blocks: blocks, logPrior: logPrior)
  }

  private func words(blocks: [Range<Int>], logPrior: [Float]) -> WordColumns {
    WordColumns(
      blocks: blocks, centre: standardisation.mean.prefix(dimension).map(Float.init),
      scale: standardisation.scale.prefix(dimension).map(Float.init), logPrior: logPrior)
  }
}

extension WordColumns {
  /// For each column the number of its block, from 1, or 0.
  var blockNumbers: [Double] {
    var numbers = [Double](repeating: 0, count: logPrior.count)
    for (block, columns) in blocks.enumerated() { for j in columns { numbers[j] = Double(block + 1) } }
    return numbers
  }
}
