// swift-tools-version: 6.2
import PackageDescription

// Layers, lowest first; an import points to a lower layer, never sideways or up
// (docs/architecture.md):
//   0 values, 1 cores, 2 machinery, 3 contracts, 4 services, 5 programs.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(
    name: "HashTreeCollections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grpc = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grpcNIO = Target.Dependency.product(
    name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let grpcProtobuf = Target.Dependency.product(
    name: "GRPCProtobuf", package: "grpc-swift-protobuf")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(
    name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let signals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")

/// A shim or a system library that Swift cannot import by itself.
func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

func program(
    _ name: String, _ dependencies: [Target.Dependency], linkerSettings: [LinkerSetting] = []
) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + [argumentParser], swiftSettings: strict,
        linkerSettings: linkerSettings + compactRelocations)
}

/// Relocations as a bitmap take a tenth, and all of them are read when a program starts
/// (docs/decisions/0041-linker.md). ld.lld is the toolchain's own.
let compactRelocations: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"],
        .when(configuration: .release))
]

/// For a program that ends at once: loading the shared runtime is a third of its time, moving it to
/// a random address a quarter of the rest. The daemons share it, and are moved
/// (docs/decisions/0026-runtime.md, 0044-as-needed.md).
let staticRuntime: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-stdlib", "-Xlinker", "-l_FoundationCollections", "-Xlinker",
            "-l_FoundationCShims", "-Xclang-linker", "-no-pie",
        ],
        .when(configuration: .release))
]

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "gd2",
    products: [
        .executable(name: "gd2-store", targets: ["gd2-store"]),
        .executable(name: "gd2-rest", targets: ["gd2-rest"]),
        .executable(name: "gd2-pmap", targets: ["gd2-pmap"]),
        .executable(name: "gd2-brickd", targets: ["gd2-brickd"]),
        .executable(name: "glustercli", targets: ["glustercli"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.0.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(
            url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // 0 values
        library("GD2Error"),
        library("GlusterModel"),
        library("Hexadecimal"),
        library("Volfile"),
        library("XDR"),

        // 1 cores
        library("AuthorityExchange", ["GlusterModel"]),
        library("BrickSupervision", ["GlusterModel"]),
        library("GlusterXDR", ["GlusterModel", "XDR"]),
        library("Health", ["GlusterModel"]),
        library("Membership", ["GlusterModel"]),
        library("OldTopology", ["GlusterModel"]),
        library("Placement", ["GlusterModel"]),
        library("Portmap", ["GlusterModel"]),
        library("StoreSchema", ["GlusterModel"]),
        library("SunRPC", ["XDR"]),
        library("Transaction", ["GlusterModel"]),
        library("Volgen", ["GlusterModel", "Volfile", "VolumeOptions"]),
        library("VolumeOptions", ["GlusterModel"]),

        // 2 machinery
        .target(name: "CLinux"),
        .target(name: "CXlator"),
        system("CCap", pkgConfig: "libcap", apt: "libcap-dev"),
        system("CSystemd", pkgConfig: "libsystemd", apt: "libsystemd-dev"),
        library(
            "Daemon",
            [
                "CCap", "CLinux", "CSystemd", "GlusterModel", "Listening", argumentParser,
                coreMetrics, lifecycle, log, metrics, nio, nioHTTP1, nioPosix, signals, toml,
            ]),
        library("DurableFile"),
        library(
            "Certificates", ["DurableFile", "GlusterModel", "Hexadecimal", asn1, crypto, x509]),
        library("EtcdProcess", ["Certificates", "DurableFile", asn1, x509]),
        library("EventLoopTasks", [nio, nioPosix]),
        library("HelperProgram", [subprocess, systemPackage]),
        library("Listening", [log, nio]),
        library(
            "LocalGRPC",
            [
                "EventLoopTasks", "GD2Error", "Listening", grpc, grpcNIO, lifecycle, log, nio,
                nioHPACK, nioHTTP2, nioPosix,
            ]),
        library("LocalSocket", ["CLinux", "Polling", nioPosix]),
        library("Polling", ["CLinux"]),
        library("Processes", ["CLinux", "CSystemd", "Polling", nio, nioPosix]),
        library(
            "RPCTransport",
            [
                "EventLoopTasks", "Listening", "SunRPC", "XDR", lifecycle, log, nio, nioPosix,
            ]),
        library(
            "XlatorTables",
            [
                "CXlator", "DurableFile", "HelperProgram", "Hexadecimal", "VolumeOptions", crypto,
            ]),

        // 3 contracts
        library("EtcdAPI", [grpc, grpcProtobuf, protobuf], exclude: ["proto"]),
        library(
            "StoreAPI",
            [
                "AuthorityExchange", "EtcdAPI", "GD2Error", "GlusterModel", "Hexadecimal",
                "LocalGRPC", "StoreSchema", crypto, grpc, grpcNIO, grpcProtobuf, lifecycle,
                protobuf,
            ], exclude: ["store.proto"]),
        library(
            "StoreMirror",
            [
                "DurableFile", "EventLoopTasks", "GlusterModel", "Hexadecimal", "StoreAPI",
                collections, crypto, lifecycle, log,
            ]),
        library("StoreTesting", ["GlusterModel", "StoreAPI"]),
        library("NodeAPI", ["StoreAPI", grpc, grpcProtobuf, protobuf], exclude: ["node.proto"]),
        library(
            "BrickAPI",
            [
                "GD2Error", "GlusterModel", "LocalGRPC", "Transaction", grpc, grpcNIO,
                grpcProtobuf, lifecycle, protobuf,
            ],
            exclude: ["brickd.proto"]),
        library(
            "PmapAPI",
            [
                "GD2Error", "GlusterModel", "LocalGRPC", grpc, grpcNIO, grpcProtobuf, lifecycle,
                protobuf,
            ],
            exclude: ["pmap.proto"]),
        library("RESTAPI", ["GD2Error", "GlusterModel"]),

        // 4 services
        library(
            "BrickService",
            [
                "BrickAPI", "BrickSupervision", "CLinux", "Daemon", "DurableFile", "GD2Error",
                "GlusterModel", "GlusterXDR", "Hexadecimal", "LocalGRPC", "Processes", "StoreAPI",
                "StoreMirror", "StoreSchema", "SunRPC", "Transaction", "Volgen", crypto, grpc,
                lifecycle, log, nioPosix, protobuf,
            ]),
        library(
            "CLICommands",
            [
                "GD2Error", "GlusterModel", "Hexadecimal", "RESTAPI", argumentParser, crypto,
                httpClient, jwt, nio, nioHTTP1, nioPosix, nioTLS, signals,
            ]),
        library(
            "PmapService",
            [
                "BrickAPI", "CLinux", "Daemon", "GlusterModel", "GlusterXDR", "LocalGRPC",
                "LocalSocket", "OldTopology", "PmapAPI", "Polling", "Portmap", "RPCTransport",
                "StoreAPI", "StoreMirror", "StoreSchema", "Volfile", "Volgen", "XDR", crypto, grpc,
                lifecycle, log, nioPosix, protobuf,
            ]),
        library(
            "RESTService",
            [
                "BrickAPI", "Daemon", "DurableFile", "EventLoopTasks", "GD2Error", "GlusterModel",
                "Health", "Hexadecimal", "Listening", "LocalSocket", "OldTopology", "Placement",
                "PmapAPI",
                "RESTAPI", "StoreAPI",
                "StoreMirror", "StoreSchema", "Transaction", "VolumeOptions", "XlatorTables", asn1,
                crypto, httpTypes, hummingbird, hummingbirdCore, hummingbirdTLS, jwt, lifecycle,
                log, metrics, nio, nioHTTP1, nioPosix, nioTLS, x509,
            ]),
        library(
            "StoreService",
            [
                "AuthorityExchange", "BrickAPI", "Certificates", "Daemon", "DurableFile", "EtcdAPI",
                "EtcdProcess", "EventLoopTasks", "GD2Error", "GlusterModel", "HelperProgram",
                "Hexadecimal",
                "Listening", "LocalGRPC", "Membership", "NodeAPI", "StoreAPI", "StoreMirror",
                "StoreSchema", asn1, crypto, grpc, grpcNIO, lifecycle, log, metrics, nio, nioPosix,
                nioTLS, protobuf, x509,
            ]),

        // 5 programs
        program(
            "gd2-store",
            [
                "Daemon", "EtcdProcess", "GlusterModel", "StoreAPI", "StoreSchema", "StoreService",
            ]),
        program("gd2-rest", ["Daemon", "GlusterModel", "RESTService", "StoreSchema"]),
        program("gd2-pmap", ["Daemon", "GlusterModel", "PmapService", "StoreSchema"]),
        program("gd2-brickd", ["BrickService", "Daemon", "GlusterModel", "StoreSchema"]),
        program("glustercli", ["CLICommands", "GD2Error"], linkerSettings: staticRuntime),

        // Tests
        .executableTarget(
            name: "gd2-other-build",
            dependencies: [
                "BrickService", "Daemon", "GlusterModel", "PmapService", "RESTService", "StoreAPI",
                "StoreSchema", "StoreService", argumentParser, lifecycle, log,
            ], path: "Tests/OtherBuild", swiftSettings: strict),
        .executableTarget(
            name: "gd2-bench-calls",
            dependencies: [
                "BrickAPI", "EventLoopTasks", "GlusterModel", "StoreAPI", "StoreSchema",
            ], path: "Tests/bench/calls", swiftSettings: strict),
        .target(name: "Seeded", path: "Tests/Seeded", swiftSettings: strict),
        .target(name: "TemporaryFolder", path: "Tests/TemporaryFolder", swiftSettings: strict),
        tests(
            "BrickServiceTests",
            [
                "BrickService", "CLinux", "DurableFile", "GD2Error", "GlusterModel", "StoreAPI",
                "StoreMirror", "TemporaryFolder", "Transaction", log,
            ]),
        tests("AuthorityExchangeTests", ["AuthorityExchange", "GlusterModel", "Seeded"]),
        tests("CertificatesTests", ["Certificates", "TemporaryFolder", asn1, x509]),
        tests(
            "CLICommandsTests",
            ["CLICommands", "GD2Error", "GlusterModel", "RESTAPI", argumentParser]),
        tests("BrickSupervisionTests", ["BrickSupervision", "GlusterModel", "Seeded"]),
        tests(
            "DaemonTests",
            ["Daemon", "Seeded", "TemporaryFolder", argumentParser, coreMetrics, lifecycle]),
        tests("DurableFileTests", ["DurableFile", "TemporaryFolder"]),
        tests("EventLoopTasksTests", ["EventLoopTasks", nio, nioPosix]),
        tests("HealthTests", ["Health"]),
        tests("HexadecimalTests", ["Hexadecimal"]),
        tests("GlusterModelTests", ["GlusterModel"]),
        tests("GlusterXDRTests", ["GlusterXDR", "Seeded", "SunRPC", "XDR"]),
        tests(
            "LocalGRPCTests",
            [
                "EventLoopTasks", "GD2Error", "LocalGRPC", "Seeded", "TemporaryFolder", grpc,
                lifecycle, log, nio, nioEmbedded, nioHPACK, nioHTTP2, nioPosix,
            ]),
        tests("LocalSocketTests", ["LocalSocket", "TemporaryFolder", nioPosix]),
        tests("MembershipTests", ["GlusterModel", "Membership", "Seeded"]),
        tests("OldTopologyTests", ["GlusterModel", "OldTopology", "Seeded"]),
        tests("PlacementTests", ["GlusterModel", "Placement", "Seeded"]),
        tests("PmapServiceTests", ["GlusterModel", "PmapService", "RPCTransport", "Volgen"]),
        tests("PortmapTests", ["Portmap"]),
        tests("PollingTests", ["Polling"]),
        tests("ProcessesTests", ["Processes", "TemporaryFolder"]),
        tests("RESTAPITests", ["GD2Error", "RESTAPI"]),
        tests(
            "RESTServiceTests",
            [
                "BrickAPI", "GD2Error", "GlusterModel", "PmapAPI", "RESTAPI", "RESTService",
                "Seeded",
                "StoreAPI",
                "StoreMirror", "StoreSchema", "StoreTesting", "TemporaryFolder", "Transaction",
                "XlatorTables", crypto, httpTypes, hummingbird, hummingbirdCore, log, nio, protobuf,
            ]),
        tests("RPCTransportTests", ["RPCTransport", "Seeded", "SunRPC", "XDR", log]),
        tests(
            "SimulationTests",
            [
                "BrickSupervision", "GlusterModel", "Membership", "Portmap", "Seeded",
                "Transaction",
            ]),
        tests(
            "StoreMirrorTests",
            [
                "GlusterModel", "Seeded", "StoreAPI", "StoreMirror", "StoreTesting",
                "TemporaryFolder", log,
            ]),
        tests("StoreAPITests", ["GlusterModel", "StoreAPI"]),
        tests("StoreSchemaTests", ["StoreSchema"]),
        tests(
            "StoreServiceTests",
            [
                "AuthorityExchange", "Certificates", "EtcdAPI", "EtcdProcess", "GD2Error",
                "GlusterModel", "LocalGRPC", "Seeded", "StoreAPI", "StoreMirror", "StoreSchema",
                "StoreService", "TemporaryFolder", asn1, crypto, grpc, log, protobuf, x509,
            ]),
        tests("SunRPCTests", ["Seeded", "SunRPC", "XDR"]),
        tests("TemporaryFolderTests", ["TemporaryFolder"]),
        tests("TidyTests", []),
        tests("TransactionTests", ["GlusterModel", "Transaction"]),
        tests("VolfileTests", ["Seeded", "Volfile"]),
        tests(
            "VolgenTests", ["GlusterModel", "Volfile", "Volgen", "VolumeOptions"],
            exclude: ["Golden", "GoldenDaemons", "Options"]),
        tests("VolumeOptionsTests", ["GlusterModel", "Seeded", "VolumeOptions"]),
        tests("XDRTests", ["Seeded", "XDR"]),
        tests(
            "XlatorTablesTests",
            ["HelperProgram", "TemporaryFolder", "VolumeOptions", "XlatorTables"]),
    ]
)
