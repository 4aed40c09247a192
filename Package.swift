// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "akin",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Akin", targets: ["Akin"]),
        .library(name: "AkinVision", targets: ["AkinVision"]),
        .executable(name: "akin", targets: ["AkinCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
    ],
    targets: [
        // The engine: no images, no servers, no databases.
        .target(name: "CAkinKernels"),
        // Eigenvectors and singular vectors only; declared by hand, so no headers of a particular LAPACK are needed.
        .systemLibrary(
            name: "CLAPACK", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"])]),
        .target(
            name: "Akin", dependencies: ["CAkinKernels", "CLAPACK"], swiftSettings: settings,
            linkerSettings: [.linkedFramework("Accelerate", .when(platforms: [.macOS]))]),

        // Pictures in, vectors and answers out.
        .systemLibrary(
            name: "CLibJPEG", pkgConfig: "libjpeg",
            providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(
            name: "CLibPNG", pkgConfig: "libpng",
            providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "CLibWebP", pkgConfig: "libwebpdemux",
            providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
        .target(name: "CAkinImage", dependencies: ["CLibJPEG", "CLibPNG", "CLibWebP"]),
        .target(name: "CAkinORT", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "AkinVision", dependencies: ["Akin", "CAkinImage", "CAkinORT"], swiftSettings: settings),

        // The program.
        .executableTarget(
            name: "AkinCommand",
            dependencies: [
                "Akin", "AkinVision",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // Small programs that show one thing each; the tests build and run them.
        .executableTarget(
            name: "FirstSearch", dependencies: ["Akin"], path: "Examples/FirstSearch", swiftSettings: settings),

        // Oracles and seeded data that several test targets share.
        .target(
            name: "AkinTestSupport", dependencies: ["Akin"], path: "Tests/AkinTestSupport", swiftSettings: settings),
        .testTarget(
            name: "AkinTests", dependencies: ["Akin", "CAkinKernels", "AkinTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "AkinVisionTests", dependencies: ["AkinVision", "AkinTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "AkinCommandTests",
            dependencies: ["AkinCommand", "FirstSearch", "Akin", "AkinVision", "AkinTestSupport"],
            swiftSettings: settings),
    ],
    cLanguageStandard: .c11
)
