import Testing

/// The rules of the house that a machine can check (docs/architecture.md, CONTRIBUTING.md).
@Suite struct TidyTests {
    private let manifest: Manifest
    private let sources: [SourceTree.File]
    private let tests: [SourceTree.File]

    init() throws {
        manifest = Manifest(try SourceTree.text("Package.swift"))
        sources = try SourceTree.files(below: "Sources")
        tests = try SourceTree.files(below: "Tests")
    }

    @Test func everyTargetHasALayerAndEveryFolderATarget() {
        #expect(manifest.layers["GlusterModel"] == 0)
        #expect(manifest.layers["gd2-brickd"] == 5)
        #expect(Set(manifest.layers.values) == Set(0...5))
        for file in sources {
            #expect(manifest.layers[file.target] != nil, "\(file) is in no layer of Package.swift")
        }
    }

    @Test func noFileIsLongerThan400LinesNorWiderThan100Columns() {
        for file in sources + tests {
            #expect(file.lines.count <= 401, "\(file) has \(file.lines.count - 1) lines")
            for (number, line) in file.lines.enumerated()
            where line.utf8.count > 100 && line.count > 100 {
                Issue.record("\(file):\(number + 1) has \(line.count) columns")
            }
        }
    }

    @Test func nothingStandsInTheSourcesThatTheHouseForbids() {
        let forbidden = [
            "fatalError(", "try!", "@unchecked Sendable", "FIXME", "Task {", "Task{", "Task(",
            "Task.detached", "Task.init", "Task.immediate",
        ]
        for file in sources {
            let text = file.lines.joined(separator: "\n")
            for word in forbidden where text.contains(word) {
                for (number, line) in file.lines.enumerated() where has(line, word) {
                    Issue.record("\(file):\(number + 1): \(line)")
                }
            }
        }
    }

    /// Whether `word` stands there by itself: `addTask {` is no `Task {`.
    private func has(_ line: Substring, _ word: String) -> Bool {
        line.ranges(of: word).contains { range in
            guard range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || before == "_")
        }
    }

    /// To wake a task waits for whoever cancels it, and his handler may wait for the same lock.
    @Test func nobodyIsWokenUnderALock() {
        for file in sources {
            var depth: Int?
            var now = 0
            for (number, line) in file.lines.enumerated() {
                if depth == nil, line.contains("withLock") { depth = now }
                now += line.count { $0 == "{" } - line.count { $0 == "}" }
                let wakes = [".yield(", ".finish()", ".resume("].contains { line.contains($0) }
                if depth != nil, wakes, !line.contains("// Nobody reads yet") {
                    Issue.record("\(file):\(number + 1): \(line)")
                }
                if depth.map({ now <= $0 }) == true { depth = nil }
            }
        }
    }

    /// Imports within a layer, which the layers do not allow, and why they are there.
    private static let sideways: [String: Set<String>] = [
        "Daemon": ["Listening"],  // All that listens stops in the same order.
        "Certificates": ["DurableFile"],  // Files are replaced in one way.
        "EtcdProcess": ["Certificates", "DurableFile"],
        "LocalGRPC": ["EventLoopTasks", "Listening"],
        "LocalSocket": ["Polling"],  // Threads in poll(2) are woken in one way.
        "Processes": ["Polling"],
        "RPCTransport": ["EventLoopTasks", "Listening"],
        "XlatorTables": ["DurableFile", "HelperProgram"],
        "Volgen": ["VolumeOptions"],  // The option map says which xlator an option is of.
        "StoreAPI": ["EtcdAPI"],  // The gateway passes etcd's own messages.
        "StoreMirror": ["StoreAPI"],  // A view is of what that contract gives.
        "StoreTesting": ["StoreAPI"],  // An implementation of it for tests.
    ]

    @Test func importsPointToLowerLayers() {
        for file in sources {
            let layer = manifest.layers[file.target] ?? 0
            for name in imports(of: file) {
                guard let other = manifest.layers[name], other >= layer else { continue }
                #expect(
                    other == layer && Self.sideways[file.target]?.contains(name) == true,
                    "\(file) of layer \(layer) imports \(name) of layer \(other)")
            }
        }
    }

    @Test func theListOfSidewaysImportsIsNotLongerThanNeeded() {
        for (target, names) in Self.sideways {
            let imported = sources.filter { $0.target == target }.flatMap(imports)
            #expect(names.isSubset(of: imported), "\(target) does not import all of \(names)")
        }
    }

    @Test func valuesAndCoresDoNoInputOrOutput() {
        let forbidden: Set = [
            "Foundation", "FoundationEssentials", "Glibc", "Logging", "Synchronization",
        ]
        for file in sources where (manifest.layers[file.target] ?? 2) < 2 {
            for name in imports(of: file) {
                #expect(!forbidden.contains(name), "\(file) imports \(name)")
                #expect(
                    manifest.layers[name] != nil, "\(file) imports \(name), which is from outside")
            }
        }
    }

    /// Targets below the services that have no tests of their own, and what tests them instead.
    private static let untested: [String: String] = [
        "BrickAPI": "a contract; e2e",
        "EtcdProcess": "starts etcd; e2e and hosts",
        "HelperProgram": "runs programs; XlatorTablesTests",
        "StoreTesting": "itself for tests; StoreMirrorTests",
    ]

    @Test func whatLiesBelowTheServicesHasTests() {
        let tested = Set(manifest.targets.filter { $0.kind == .tests }.map(\.name))
        for target in manifest.targets where target.kind == .library && (target.layer ?? 4) < 4 {
            let lines = sources.filter { $0.target == target.name }.map(logicLines).reduce(0, +)
            let has = tested.contains(target.name + "Tests")
            if Self.untested[target.name] != nil {
                #expect(!has, "\(target.name) has tests: take it off the list")
            } else {
                #expect(has || lines <= 50, "\(target.name) has \(lines) lines and no tests")
            }
        }
    }

    private func imports(of file: SourceTree.File) -> [String] {
        let access: Set<Substring> = ["public", "package", "internal", "private", "fileprivate"]
        return file.lines.compactMap { line in
            guard line.utf8.count < 100, line.contains("import ") else { return nil }
            let words = line.split(separator: " ").drop { $0.hasPrefix("@") || access.contains($0) }
            return words.count == 2 && words.first == "import" ? words.last.map(String.init) : nil
        }
    }

    /// Lines that are neither empty nor a comment nor an import.
    private func logicLines(_ file: SourceTree.File) -> Int {
        let imported = imports(of: file).count
        return file.lines.count { line in
            let code = line.drop { $0 == " " }
            return !code.isEmpty && !code.hasPrefix("//")
        } - imported
    }
}
