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
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func tool(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies + ["Commands", argumentParser], swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: swift)
}

let package = Package(
  name: "sgm-train",
  // Exact: warnings are errors here, and a later version must not break a build overnight.
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
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
    .target(name: "CMachine", cSettings: c + [.define("SGM_COMMIT", to: "\"\(commit)\"")]),
    // 1
    module("Communication", ["CMPI", "CMachine"]),
    module("RealFunctions"),
    module("LinearAlgebra", ["CXSMM"]),
    module("Randomness", ["LinearAlgebra", "RealFunctions"]),
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
      "Experiments",
      [
        "Communication", "CMachine", "Diffusion", "LinearAlgebra", "Metrics", "Networks", "Randomness",
        "Sampling", "Targets", "Theory", "Training", logging, yams,
      ]),
    // 6
    module("Commands", ["Communication", "Experiments", argumentParser]),
    tool("sgm-train", ["Communication", "Experiments", "LinearAlgebra", "Training"]),
    tool("sgm-sample", ["Communication", "Experiments"]),
    tool("sgm-evaluate", ["Experiments"]),
    tool("sgm-theory", ["Experiments"]),
    tool("sgm-report", ["Experiments"]),
    tool(
      "sgm-bench",
      [
        "Communication", "CMachine", "Diffusion", "Experiments", "LinearAlgebra", "Metrics", "Networks", "Randomness",
        "Sampling", "Targets", "Training",
      ]),
    tests("RealFunctionsTests", ["RealFunctions"]),
    tests("LinearAlgebraTests", ["CXSMM", "LinearAlgebra"]),
    tests("RandomnessTests", ["LinearAlgebra", "Randomness"], resources: [.copy("Fixtures")]),
    tests("CommunicationTests", ["Communication"]),
    tests("NetworksTests", ["LinearAlgebra", "Networks", "Randomness"]),
    tests("DiffusionTests", ["Diffusion", "LinearAlgebra"], resources: [.copy("Fixtures")]),
    tests("TargetsTests", ["Diffusion", "LinearAlgebra", "Randomness", "Targets"], resources: [.copy("Fixtures")]),
    tests("SamplingTests", ["Diffusion", "LinearAlgebra", "Randomness", "Sampling", "Targets"]),
    tests(
      "TrainingTests",
      ["Communication", "Diffusion", "LinearAlgebra", "Networks", "Randomness", "Training", "sgm-bench"],
      resources: [.copy("Fixtures")]),
    tests(
      "MetricsTests", ["Communication", "Diffusion", "LinearAlgebra", "Metrics", "Randomness", "Targets"],
      resources: [.copy("Fixtures")]),
    tests(
      "TheoryTests", ["Diffusion", "LinearAlgebra", "Randomness", "Sampling", "Targets", "Theory"]),
    tests(
      "ExperimentsTests",
      [
        "Communication", "Diffusion", "Experiments", "LinearAlgebra", "Metrics", "Networks", "Randomness", "Targets",
        "Training",
      ]),
    tests(
      "FuzzTests", ["Experiments", "LinearAlgebra", "Networks", "Targets", "Training"], resources: [.copy("Seeds")]),
    tests("LaunchTests", []),
  ],
  cxxLanguageStandard: .cxx17
)
