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
        .library(name: "AkinCUDA", targets: ["AkinCUDA"]),
        .library(name: "AkinStore", targets: ["AkinStore"]),
        .library(name: "AkinServer", targets: ["AkinServer"]),
        .library(name: "AkinCluster", targets: ["AkinCluster"]),
        .executable(name: "akin", targets: ["AkinCommand"]),
        .executable(name: "akin-store-check", targets: ["AkinStoreCheck"]),
        .executable(name: "akin-cluster-check", targets: ["AkinClusterCheck"]),
        .executable(name: "akin-server", targets: ["AkinServerCommand"]),
        .executable(name: "akin-cuda-check", targets: ["AkinCUDACheck"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // The server only.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
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

        // NVIDIA GPUs. The driver and NVRTC are opened at run time; kernels/ travels inside the program as text.
        .target(
            name: "CAkinCUDA", exclude: ["kernels"],
            linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "AkinCUDA", dependencies: ["Akin", "CAkinCUDA"], swiftSettings: settings),
        // What holds on every device, run by the tests on a stand-in and by this program on a GPU.
        .target(
            name: "AkinCUDACases", dependencies: ["AkinCUDA", "Akin"], path: "Tests/AkinCUDACases",
            swiftSettings: settings),
        .executableTarget(
            name: "AkinCUDACheck",
            dependencies: [
                "AkinCUDA", "AkinCUDACases", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // Collections that last: vectors in segments, payloads in SQLite.
        .systemLibrary(
            name: "CSimdJSON", pkgConfig: "simdjson",
            providers: [.apt(["libsimdjson-dev"]), .brew(["simdjson"])]),
        .target(name: "CAkinJSON", dependencies: ["CSimdJSON"]),
        .target(
            name: "AkinStore",
            dependencies: [
                "Akin", "CAkinJSON", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: settings),

        // Kills a process that writes to a store and sees what it left; measures stores.
        .executableTarget(name: "AkinStoreCheck", dependencies: ["AkinStore", "Akin"], swiftSettings: settings),

        // Collections over HTTP. The page for browsers travels inside the program as text.
        .target(name: "CAkinPage", exclude: ["files"]),
        .target(
            name: "AkinServer",
            dependencies: [
                "Akin", "AkinStore", "AkinVision", "CAkinPage",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),

        // Collections over several machines.
        .systemLibrary(
            name: "CNATS", pkgConfig: "libnats",
            providers: [.apt(["libnats-dev"]), .brew(["cnats"])]),
        .target(
            name: "AkinCluster",
            dependencies: [
                "Akin", "AkinServer", "AkinStore", "AkinVision", "CNATS",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),

        .executableTarget(
            name: "AkinServerCommand",
            dependencies: [
                "Akin", "AkinCluster", "AkinServer", "AkinStore", "AkinVision",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),

        // Breaks a cluster in many ways and looks at every answer; measures clusters.
        .executableTarget(
            name: "AkinClusterCheck",
            dependencies: [
                "Akin", "AkinCluster", "AkinServer", "AkinStore", "AkinVision",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // The program.
        .executableTarget(
            name: "AkinCommand",
            dependencies: [
                "Akin", "AkinVision", "AkinCUDA",
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
            name: "AkinStoreTests",
            dependencies: [
                "AkinStore", "AkinStoreCheck", "AkinTestSupport", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AkinServerTests",
            dependencies: [
                "AkinServer", "AkinStore", "AkinVision", "AkinTestSupport",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AkinClusterTests",
            dependencies: [
                "AkinCluster", "AkinServer", "AkinStore", "AkinTestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AkinVisionTests", dependencies: ["AkinVision", "AkinTestSupport"], swiftSettings: settings),
        // A driver whose devices are made of host memory.
        .target(name: "CAkinFakeCUDA", dependencies: ["CAkinCUDA"], path: "Tests/CAkinFakeCUDA"),
        // A grid of thread blocks on the host, and the kernels compiled for it.
        .target(
            name: "AkinHostModel", path: "Tests/AkinHostModel",
            cxxSettings: [.headerSearchPath("."), .headerSearchPath("../../Sources/CAkinCUDA/kernels")]),
        .testTarget(
            name: "AkinCUDATests",
            dependencies: ["AkinCUDA", "AkinCUDACases", "AkinHostModel", "CAkinFakeCUDA", "AkinTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "AkinCommandTests",
            dependencies: [
                "AkinCommand", "AkinServerCommand", "FirstSearch", "Akin", "AkinVision", "AkinTestSupport",
            ],
            swiftSettings: settings),
    ],
    cLanguageStandard: .c11,
    cxxLanguageStandard: .cxx20
)
