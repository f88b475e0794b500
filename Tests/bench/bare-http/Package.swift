// swift-tools-version: 6.2
import PackageDescription

// What GET /v1/volumes/NAME is measured by (Tests/bench/run); a package of its own, so that no
// other build builds it.
let package = Package(
    name: "bare-http",
    dependencies: [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: [])
    ],
    targets: [
        .executableTarget(
            name: "bare-http",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird")])
    ])
