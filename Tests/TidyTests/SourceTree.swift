import FoundationEssentials

/// The package's Swift sources that a person writes: generated files and the option map are not.
struct SourceTree {
    struct File: CustomStringConvertible {
        /// Below the package's root.
        let path: String
        let lines: [Substring]
        var description: String { path }
        /// `Volgen` of `Sources/Volgen/Volgen.swift`.
        var target: String { String(path.split(separator: "/")[1]) }
    }

    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(3).joined(separator: "/")

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: root + "/" + path, encoding: .utf8)
    }

    static func files(below folder: String) throws -> [File] {
        try FileManager.default.subpathsOfDirectory(atPath: root + "/" + folder).sorted()
            .filter { $0.hasSuffix(".swift") && !isGenerated($0) }
            .map { path in
                let text = try text(folder + "/" + path)
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                return File(path: folder + "/" + path, lines: lines)
            }
    }

    private static func isGenerated(_ path: String) -> Bool {
        path.hasSuffix(".pb.swift") || path.hasSuffix(".grpc.swift") || path.contains("OptionRows+")
    }
}

/// What Package.swift says of targets.
struct Manifest {
    enum Kind: String { case library, program, system, tests, target }

    struct Target {
        let name: String
        let kind: Kind
        /// 0 to 5, from the comments of the list; nil for tests.
        let layer: Int?
        /// Whether it is a shim in C, which stands for the system it wraps.
        var isShim: Bool { kind == .system || kind == .target }
    }

    let targets: [Target]
    let layers: [String: Int]

    init(_ text: String) {
        let list = text.split(separator: "targets: [\n").last ?? ""
        var layer: Int?
        var targets: [Target] = []
        var kind: Kind?
        for line in list.split(separator: "\n") {
            if let comment = line.firstMatch(of: /^\s*\/\/ (\S+)/) {
                layer = Int(comment.1)
                continue
            }
            if let call = line.firstMatch(of: /^        \.?(library|program|system|tests|target)\(/)
            {
                kind = Kind(rawValue: String(call.1))
            }
            guard let found = kind, let name = line.firstMatch(of: /"([^"]+)"/) else { continue }
            targets.append(Target(name: String(name.1), kind: found, layer: layer))
            kind = nil
        }
        self.targets = targets
        layers = Dictionary(
            uniqueKeysWithValues: targets.compactMap { target in
                guard let layer = target.layer, !target.isShim else { return nil }
                return (target.name, layer)
            })
    }
}
