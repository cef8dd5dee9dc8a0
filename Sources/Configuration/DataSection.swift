package import Files
package import Targets

/// Columns of a data file, by name or number from 0.
package struct ColumnList: Sendable, Equatable {
  /// The names or numbers as written.
  package var names: [String]

  /// A list, empty unless names are given.
  package init(_ names: [String] = []) { self.names = names }
}

extension ColumnList: KeyValue {
  package static var shape: Shape { .words }
  package init?(_ value: Value) {
    guard case .words(let words) = value else { return nil }
    names = words
  }
  package var value: Value { .words(names) }
}

extension Experiment {
  /// What is learned from: a built-in target, a file, or a simulator with a prior.
  package struct DataSection: Sendable, Equatable {
    /// The built-in law, or nil for a file.
    package var target: TargetKind?
    /// A file of rows (`.npy` or `.csv`) as written in the experiment, or nil for a built-in law.
    package var file: String?
    /// The laws of a simulator's parameters; none where `file` holds the parameters, or there is no simulator.
    package var prior = ParameterPriors()
    /// The program that makes an observation of each row of parameters, or nil for data that are there.
    package var simulator: String?
    /// Rows of parameters that one start of the simulator is given.
    package var simulatorRows = 256
    /// Seconds that one start of the simulator may take.
    package var simulatorTimeout = 3_600.0
    /// Whether the first line of a table holds names.
    package var header = TableHeader.automatic
    /// Columns of a file that condition, by name or number from 0: known wherever samples are drawn.
    package var conditions = ColumnList()
    /// Parts of equal size that the conditions make, in their order, whose order means nothing.
    package var exchangeable = 1
    /// What the numbers of a column can be.
    package var columns = ColumnKinds()
    /// The words by which cells of a table say that there is no number, beside empty cells.
    package var missing = ColumnList(["NA", "N/A", "NaN", "nan", "null", "?"])
    /// The number of grey values of the data columns that `columns` does not name; nil where these are plain numbers.
    package var levels: Int?
    /// Coordinates of a row without conditions; nil for a file that has not been opened.
    package var dimension: Int?
    /// Rows drawn from a built-in law.
    package var count = 50_000
    /// Rows kept from training.
    package var heldOut = HeldOut.fraction(0.1)
    /// Whether each coordinate is shifted and scaled to mean 0, variance 1.
    package var standardise = true
    /// Whether the report shows rows as square grey pictures.
    package var images = false

    /// The files that a run's data came from, or what stands for them in messages.
    package var origin: String {
      let rows = simulator != nil ? "simulations" : file ?? "data"
      guard case .file(let heldOut) = heldOut else { return rows }
      return "\(rows) or \(heldOut)"
    }

    /// The texts of cells in which there is nothing.
    package var missingWords: Set<String> { Set(missing.names + [""]) }

    /// Which rows are kept from training.
    package enum HeldOut: Sendable, Equatable {
      /// A seeded share of the rows, in [0, 1).
      case fraction(Double)
      /// Another file, as written in the experiment.
      case file(String)
    }

    /// The defaults.
    package init() {}
  }
}
