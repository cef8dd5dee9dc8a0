import Diffusion
import Foundation
import Metrics
import Sampling
import Testing

@testable import Configuration

/// Pages explain every choice that an experiment has, and quote words, numbers and names as they are.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SGM_MUTATION"] == nil)) struct PageChoicesTests {
  /// The first cells of a page's tables.
  private static func rows(of file: String) throws -> [String] {
    try Page(file).prose.filter { $0.hasPrefix("| ") }.map { String($0.dropFirst(2).prefix { $0 != "|" }) }
  }

  /// Keys whose choices each need a row that says when to take them, with the page.
  private static let explained: [(key: String, page: String)] = [
    ("process.kind", "docs/choosing.md"), ("network.output", "docs/choosing.md"),
    ("network.input", "docs/choosing.md"), ("training.objective", "docs/choosing.md"),
    ("training.time_law", "docs/choosing.md"), ("sampling.sampler", "docs/choosing.md"),
    ("sampling.observing", "docs/choosing.md"), ("evaluation.metrics", "docs/judging.md"),
  ]
  /// Keys whose choices a page names, wherever.
  private static let named: [(key: String, page: String)] = [
    ("process.schedule", "docs/choosing.md"), ("network.reverse_form", "docs/choosing.md"),
    ("training.time_grid", "docs/choosing.md"), ("sampling.grid", "docs/choosing.md"),
    ("sampling.reverse_variance", "docs/judging.md"), ("evaluation.baseline", "docs/judging.md"),
  ]

  /// The words that a key takes.
  private static func words(of key: String) throws -> [String] {
    switch try #require(ExperimentKey.all.first { $0.path == key }).shape {
    case .choice(let words), .choices(let words): words
    default: []
    }
  }

  @Test("each choice has its row on the page that says when to take it", arguments: explained)
  func choices(key: String, page: String) throws {
    let words = try Self.words(of: key)
    #expect(words.count > 1)
    let rows = try Self.rows(of: page)
    for word in words where word != "automatic" {
      #expect(rows.contains { $0.contains("`\(word)`") }, "\(page) has no row for \(key) \(word)")
    }
    // A word that is no choice has no row.
    #expect(!rows.contains { $0.contains("`\(words[0])x`") })
  }

  @Test("each choice of smaller matters is named", arguments: named)
  func smallChoices(key: String, page: String) throws {
    let words = try Self.words(of: key)
    #expect(words.count > 1)
    let text = try Page(page).text
    for word in words where word != "none" {
      #expect(text.contains("`\(word)`") || text.contains(": \(word)`"), "\(page) does not name \(key) \(word)")
    }
  }

  @Test("each weight of the loss has its row")
  func weights() throws {
    let rows = try Self.rows(of: "docs/choosing.md")
    for weight in LossWeight.allCases { #expect(rows.contains { $0.contains("`\(weight.rawValue)`") }, "\(weight)") }
  }

  @Test("each recipe of a published method is in the table of methods")
  func recipes() throws {
    let page = try Page("docs/choosing.md").text
    let recipes = try FileManager.default.contentsOfDirectory(atPath: repository + "/launch/experiments/methods")
      .filter { $0.hasSuffix(".yaml") }
    #expect(recipes.count > 10)
    for recipe in recipes { #expect(page.contains("`launch/experiments/methods/\(recipe)`"), "\(recipe)") }
  }

  @Test("each shipped experiment stands in the pages")
  func experiments() throws {
    let pages = try Page.all().map(\.text).joined()
    let experiments = try FileManager.default.contentsOfDirectory(atPath: repository + "/launch/experiments")
      .filter { $0.hasSuffix(".yaml") }
    #expect(experiments.count > 5)
    for name in experiments { #expect(pages.contains("launch/experiments/\(name)"), "no page names \(name)") }
  }

  /// A command of a page on a shipped experiment: the file and its settings.
  private static func commands(in text: String) -> [(file: String, settings: [String])] {
    text.replacingOccurrences(of: "\\\n", with: " ")
      .matches(of: /sgm-train (launch\/experiments\/[\w\/.-]+\.yaml)([^`\n|#&]*)/).map { command in
        let settings = command.2.matches(of: /--set (?:'([^']*)'|(\S+))/).map { String($0.1 ?? $0.2 ?? "") }
        return (String(command.1), settings)
      }
  }

  @Test("each command that trains a shipped experiment has settings that the experiment takes")
  func settings() throws {
    // docs/extending.md has words that only its diffs bring.
    let commands = try Page.all().filter { $0.path != "docs/extending.md" }.flatMap { Self.commands(in: $0.text) }
    #expect(commands.count > 5)
    #expect(commands.contains { $0.settings.count > 2 })
    for command in commands {
      let file = repository + "/" + command.file
      #expect(throws: Never.self, "\(command)") { try Experiment(contentsOf: file, settings: command.settings) }
    }
    let wrong = Self.commands(in: "sgm-train launch/experiments/mg25.yaml --set training.steps=many")[0]
    #expect(throws: (any Error).self) {
      try Experiment(contentsOf: repository + "/" + wrong.file, settings: wrong.settings)
    }
  }

  @Test("metrics and samplers in commands are those of the program")
  func words() throws {
    let samplers = Set(SamplerChoice.allCases.map(\.rawValue) + ["NAME", "probability-flow-midpoint"])
    let metrics = Set(Metric.allCases.map(\.rawValue) + ["skewness"])
    var seen = 0
    for page in try Page.all() {
      for match in page.text.matches(of: /--metrics ([a-z0-9,-]+)/) {
        for word in match.1.split(separator: ",") { #expect(metrics.contains(String(word)), "\(page.path): \(word)") }
        seen += 1
      }
      for match in page.text.matches(of: /--sampler ([A-Za-z0-9-]+)/) {
        #expect(samplers.contains(String(match.1)), "\(page.path): \(match.1)")
        seen += 1
      }
    }
    #expect(seen > 10)
  }

  @Test("a number that a page gives as a key's default is the default")
  func defaults() throws {
    let experiment = Experiment()
    var seen = 0
    for page in try Page.all() where page.path != "docs/CHANGELOG.md" {
      let text = page.text.replacingOccurrences(of: "\n", with: " ")
      let stated = /`([a-z]+\.[a-z_0-9]+)`(?: steps)?(?: \(|, by default )([0-9][0-9,.e-]*[0-9]|[0-9])/
      for match in text.matches(of: stated) {
        guard let key = ExperimentKey.all.first(where: { $0.path == match.1 }) else { continue }
        let number = Double(match.2.filter { $0 != "," })
        let actual = Double(spelled(key.get(experiment), as: key.shape).filter { $0 != "_" })
        #expect(number == actual, "\(page.path): \(match.1) is \(actual.map { "\($0)" } ?? "no number")")
        seen += 1
      }
    }
    #expect(seen > 1)
  }

  @Test("functions that docs/one-step.md names are in the sources")
  func names() throws {
    let sources = try Page.sources()
    let names = try Page("docs/one-step.md").text.matches(of: /`([a-z]+[A-Z]\w*|[a-z]+\(\))`/).map { String($0.1) }
    #expect(names.count > 3)
    for name in names { #expect(sources.contains("func " + name.filter { !"()".contains($0) }), "\(name)") }
  }

  @Test("docs/install.md names each package that the script installs, and each library that Swift needs")
  func packages() throws {
    let script = try String(contentsOfFile: repository + "/launch/install-dependencies.sh", encoding: .utf8)
    let list = script.components(separatedBy: "packages=(\n")[1].components(separatedBy: "\n)")[0]
    let names = list.split(separator: "\n").flatMap { $0.prefix { $0 != "#" }.split(separator: " ") }.map(String.init)
    let libraries = script.matches(of: /\.so\.\d+:([a-z0-9-]+)/).map { String($0.1) }
    #expect(names.count > 5)
    #expect(libraries.count > 2)
    let page = try Page("docs/install.md").text
    for name in names + libraries { #expect(page.contains(name), "\(name)") }
  }
}
