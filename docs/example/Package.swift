// swift-tools-version: 6.2
import PackageDescription

let library: [Target.Dependency] = ["Diffusion", "LinearAlgebra", "Sampling", "Targets"].map {
  .product(name: $0, package: "sgm-train")
}

let package = Package(
  name: "example",
  dependencies: [.package(name: "sgm-train", path: "../..")],
  targets: [.executableTarget(name: "example", dependencies: library)])
