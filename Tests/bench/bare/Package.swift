// swift-tools-version: 6.2
import PackageDescription

// What GET /v1/volumes/NAME and GETSPEC are measured by (Tests/bench/run); a package of its own, so
// that no other build builds it.
let package = Package(
    name: "bare",
    dependencies: [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .executableTarget(
            name: "bare-http",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird")]),
        .executableTarget(
            name: "bare-rpc",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
    ])
