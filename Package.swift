// swift-tools-version: 6.2
import PackageDescription

#if arch(x86_64)
  // Without target flags a fused multiply-add is a libm call. `SGM_MARCH=native` overrides at build.
  let march = Context.environment["SGM_MARCH"] ?? "x86-64-v3"
  let swiftTarget = ["-Xcc", "-march=\(march)"]
  let cTarget = ["-march=\(march)"]
#else
  let swiftTarget: [String] = []
  let cTarget: [String] = []
#endif

let swift: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  // Without the errno convention of C a square root is one instruction, also in vectors; else it is a libm call.
  .unsafeFlags(swiftTarget + ["-Xcc", "-fno-math-errno"]),
]
// Contraction would let the compiler choose where to round: bits must not depend on it.
let c: [CSetting] = [.unsafeFlags(cTarget + ["-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"])]

// What `--version` names; a tree that is no git repository has none.
let commit: String = {
  guard let git = Context.gitInformation else { return "unknown" }
  return git.currentCommit.prefix(12) + (git.hasUncommittedChanges ? " with changes" : "")
}()

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func tool(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies + ["Commands", argumentParser], swiftSettings: swift)
}

/// Tests without loops over numbers of their own need no optimiser, which takes longer than they run.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], isOptimised: Bool = true
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, resources: resources,
    swiftSettings: swift + (isOptimised ? [] : [.unsafeFlags(["-Onone"])]))
}

// What other packages may import. The modules above these know experiment files and run folders: they belong to the programs.
let library = [
  "Communication", "Diffusion", "LinearAlgebra", "Metrics", "Networks", "Randomness", "RealFunctions", "Sampling",
  "Targets", "Theory", "Training",
]

let package = Package(
  name: "sgm-train",
  products: library.map { .library(name: $0, targets: [$0]) },
  // Exact: warnings are errors here, and a later version must not break a build overnight.
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"),
  ],
  targets: [
    // 0: the C edges.
    .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    // libxsmm.a names a BLAS for products that it has no code for; libxsmmnoblas.a is none, as nothing here asks for one.
    .target(
      name: "CXSMM", cSettings: c,
      linkerSettings: ["xsmm", "xsmmnoblas", "dl", "m", "pthread", "rt"].map {
        .linkedLibrary($0, .when(platforms: [.linux], traits: nil))
      }),
    .target(name: "CLEMON", cxxSettings: [.unsafeFlags(cTarget + ["-O2", "-Wall", "-Wextra", "-Werror"])]),
    .target(name: "CHDF5", cSettings: c),
    .target(name: "CMachine", cSettings: c + [.define("SGM_COMMIT", to: "\"\(commit)\"")]),
    // 1
    module("Communication", ["CMPI", "CMachine"]),
    module("RealFunctions"),
    module("LinearAlgebra", ["CXSMM", "RealFunctions"]),
    module("Randomness", ["LinearAlgebra", "RealFunctions"]),
    module("Files", ["CHDF5", "CMachine", "Communication", "LinearAlgebra"]),
    // 2
    module("Networks", ["LinearAlgebra", "Randomness", "RealFunctions"]),
    module("Diffusion", ["LinearAlgebra", "RealFunctions"]),
    module("Targets", ["Diffusion", "LinearAlgebra", "Randomness", "RealFunctions"]),
    // 3
    module(
      "Training", ["Communication", "Diffusion", "LinearAlgebra", "Networks", "Randomness", "RealFunctions"]),
    module("Sampling", ["Diffusion", "LinearAlgebra", "Randomness", "RealFunctions"]),
    // 4
    module(
      "Metrics",
      [
        "CLEMON", "Communication", "Diffusion", "LinearAlgebra", "Networks", "Randomness", "RealFunctions", "Sampling",
      ]),
    module(
      "Theory",
      [
        "Communication", "Diffusion", "LinearAlgebra", "Metrics", "Randomness", "RealFunctions", "Sampling", "Targets",
      ]),
    // 5
    module(
      "Configuration",
      [
        "Diffusion", "Files", "LinearAlgebra", "Metrics", "Networks", "RealFunctions", "Sampling", "Targets",
        "Training",
        yams,
      ]),
    module("Reports", ["Files", "Metrics"]),
    // 6
    module(
      "Runs",
      [
        "CMachine", "Communication", "Configuration", "Diffusion", "Files", "LinearAlgebra", "Metrics", "Networks",
        "Randomness", "RealFunctions", "Reports", "Sampling", "Targets", "Training",
      ]),
    module(
      "Studies",
      [
        "Communication", "Configuration", "Diffusion", "Files", "LinearAlgebra", "Metrics", "Networks", "Randomness",
        "RealFunctions", "Reports", "Runs", "Sampling", "Targets", "Theory", "Training",
      ]),
    // 7
    module("Commands", ["CMachine", "Communication", "Files", "LinearAlgebra", argumentParser]),
    tool("sgm-train", ["Communication", "Configuration", "Files", "LinearAlgebra", "Runs", "Training"]),
    tool("sgm-sample", ["Communication", "Files", "Runs"]),
    tool("sgm-evaluate", ["Configuration", "Runs"]),
    tool("sgm-theory", ["Studies"]),
    tool("sgm-report", ["Runs"]),
    tool(
      "sgm-bench",
      [
        "CMachine", "Communication", "Configuration", "Diffusion", "Files", "LinearAlgebra", "Metrics", "Networks",
        "Randomness", "Runs", "Sampling", "Targets", "Training",
      ]),
    // What tests share; no product has it.
    .target(
      name: "TestSupport", dependencies: ["Communication", "Diffusion", "Files", "LinearAlgebra", "Randomness"],
      path: "Tests/TestSupport", swiftSettings: swift),
    tests("RealFunctionsTests", ["RealFunctions"]),
    tests("LinearAlgebraTests", ["CXSMM", "LinearAlgebra"]),
    tests("RandomnessTests", ["LinearAlgebra", "Randomness", "TestSupport"], resources: [.copy("Fixtures")]),
    tests("CommunicationTests", ["CMachine", "Communication", "TestSupport"], isOptimised: false),
    tests("NetworksTests", ["LinearAlgebra", "Networks", "Randomness", "TestSupport"]),
    tests("DiffusionTests", ["Diffusion", "LinearAlgebra"], resources: [.copy("Fixtures")]),
    tests(
      "TargetsTests", ["Diffusion", "LinearAlgebra", "Randomness", "Targets", "TestSupport"],
      resources: [.copy("Fixtures")]),
    tests(
      "SamplingTests",
      [
        "Communication", "Diffusion", "LinearAlgebra", "Networks", "Randomness", "Sampling", "Targets", "TestSupport",
        "Training",
      ]),
    tests(
      "TrainingTests",
      [
        "Communication", "Diffusion", "LinearAlgebra", "Networks", "Randomness", "Sampling", "TestSupport", "Training",
        "sgm-bench",
      ],
      resources: [.copy("Fixtures")]),
    tests(
      "MetricsTests",
      ["Communication", "Diffusion", "LinearAlgebra", "Metrics", "Randomness", "Sampling", "Targets", "TestSupport"],
      resources: [.copy("Fixtures")]),
    tests(
      "TheoryTests",
      [
        "Communication", "Diffusion", "LinearAlgebra", "Metrics", "Randomness", "Sampling", "Targets", "TestSupport",
        "Theory",
      ]),
    .target(name: "CWrites", path: "Tests/CWrites", cSettings: c),
    tests("FilesTests", ["CWrites", "Communication", "Files", "LinearAlgebra", "TestSupport"], isOptimised: false),
    tests(
      "ConfigurationTests",
      ["Configuration", "Diffusion", "Files", "Metrics", "Networks", "Sampling", "Targets", "TestSupport", "Training"],
      isOptimised: false),
    tests("LandingTests", library.map { .byName(name: $0) }, isOptimised: false),
    tests("ReportsTests", ["Files", "Metrics", "Reports", "TestSupport"], isOptimised: false),
    tests(
      "RunsTests",
      [
        "Communication", "Configuration", "Diffusion", "Files", "LinearAlgebra", "Metrics", "Networks", "Randomness",
        "Reports", "Runs", "Sampling", "Targets", "TestSupport", "Training",
      ], isOptimised: false),
    tests("StudiesTests", ["Communication", "Files", "Studies", "TestSupport"], isOptimised: false),
    tests(
      "FuzzTests",
      ["Configuration", "Files", "LinearAlgebra", "Networks", "Runs", "Targets", "TestSupport", "Training"],
      resources: [.copy("Seeds")]),
    tests("LaunchTests", ["TestSupport"], isOptimised: false),
  ],
  cxxLanguageStandard: .cxx17
)

// With SGM_TESTS, names of test targets and commas, the package is these and what they stand on: less to build.
if let wanted = Context.environment["SGM_TESTS"] {
  var (left, kept) = (wanted.split(separator: ",").map(String.init), Set<String>())
  while let name = left.popLast() {
    guard let target = package.targets.first(where: { $0.name == name }), kept.insert(name).inserted else { continue }
    for case .byNameItem(let name, _) in target.dependencies { left.append(name) }
  }
  package.targets.removeAll { !kept.contains($0.name) }
  package.products = []
}
