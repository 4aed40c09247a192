// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "akin-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "akin", path: "..")],
    targets: [
        // What the machine can do at best: the rates that measured ones are fractions of.
        .target(name: "CPeaks"),
        .executableTarget(
            name: "exact-search", dependencies: [.product(name: "Akin", package: "akin"), "CPeaks"]),
        .executableTarget(
            name: "binary-search", dependencies: [.product(name: "Akin", package: "akin")]),
        .executableTarget(
            name: "ivf-search", dependencies: [.product(name: "Akin", package: "akin"), "CPeaks"]),
        .executableTarget(name: "graph-churn", dependencies: [.product(name: "Akin", package: "akin")]),
    ],
    cLanguageStandard: .c11
)
