internal import Files
import Glibc

/// One picture: a gnuplot script and its data, kept in the run's `plots` folder to be edited and run again.
package struct Plot {
  /// The file name without ending: lower-case letters, digits and hyphens.
  package let name: String
  /// What the picture shows, for readers who cannot see it.
  package let description: String
  /// The size in pixels on the page; the picture has twice as many each way.
  package let width: Int
  let height: Int
  /// Commands after the terminal and the common style; they read `NAME.dat`.
  let commands: [String]
  /// Blocks of rows of numbers; gnuplot's `index i` is block i.
  package let blocks: [[[Double]]]
  /// Rows to skip between drawn ones where the picture is not made of pixels, to keep at most 3,000 points.
  package var stride: Int {
    let rows = blocks.reduce(0) { $0 + $1.count }
    return max(1, (rows + 2999) / 3000)
  }

  /// A text as a gnuplot string: in single quotes nothing is replaced, neither commands nor variables nor macros.
  ///
  /// A quote becomes the typographic one: gnuplot 5.4 misreads its own doubled quote at the start of a string.
  package static func quoted(_ text: String) -> String {
    let line = text.unicodeScalars.map { scalar -> Unicode.Scalar in
      scalar == "'" ? "’" : scalar.properties.generalCategory == .control ? " " : scalar
    }
    return "'" + String(String.UnicodeScalarView(line)) + "'"
  }

  /// A text as a gnuplot string for an axis or a key: shortened, where a long one would be cut off.
  package static func label(_ text: String) -> String {
    quoted(text.count > 26 ? String(text.prefix(25)) + "…" : text)
  }

  /// About `count` ticks at round numbers on an axis.
  ///
  /// gnuplot's own choice runs into itself in small pictures.
  package static func ticks(_ axis: String, from low: Float, to high: Float, count: Int) -> String {
    let rough = (Double(high) - Double(low)) / Double(count)
    guard rough > 0, rough.isFinite else { return "set \(axis)tics autofreq" }
    let decade = pow(10, log10(rough).rounded(.down))
    return "set \(axis)tics \([1, 2, 5, 10].map { $0 * decade }.first { $0 >= rough } ?? rough)"
  }

  /// The colours of the first, second, … series: mid-tones that read on white and on black.
  package static func colour(_ index: Int) -> String {
    let tones = ["2f7dc4", "d07a2d", "3a9a5c", "a45fb8", "b89a1e", "c4525c"]
    return tones[index % tones.count]
  }

  /// The whole script, for pixels or for an SVG of few points.
  func script(pixels: Bool) -> String {
    let terminal =
      pixels
      ? "pngcairo transparent noenhanced font 'sans,10' fontscale 1.8 linewidth 2 size \(2 * width),\(2 * height)"
      : "svg noenhanced font 'sans,10' size \(width),\(height)"
    let style = """
      # Run again with: gnuplot \(name).gp
      set terminal \(terminal)
      set output \(Self.quoted(name + (pixels ? ".png" : ".svg")))
      every = \(pixels ? 1 : stride)
      set border linecolor rgb '#7d7d7d'
      set tics textcolor rgb '#7d7d7d'
      set key textcolor rgb '#7d7d7d'
      set grid linecolor rgb '#b07d7d7d' linetype 1 linewidth 0.5

      """
    return style + commands.joined(separator: "\n") + "\n"
  }

  /// The data file: numbers in columns, two empty lines between blocks.
  package var data: String {
    blocks.map { block in
      block.map { $0.map { $0.isFinite ? "\($0)" : "NaN" }.joined(separator: " ") }.joined(separator: "\n")
    }.joined(separator: "\n\n\n") + "\n"
  }
}
