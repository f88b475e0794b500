import Glibc

/// What libFuzzer calls with bytes that it made up, and valid bytes that it begins with. Where a
/// parser traps, or a claim about it does not hold, the process ends, and the bytes are kept.
struct FuzzTarget {
    let seeds: @Sendable () -> [[UInt8]]
    let run: @Sendable ([UInt8]) -> Void

    static let all: [String: FuzzTarget] = [
        "dict": FuzzTarget(seeds: DictTarget.seeds, run: DictTarget.run),
        "first-bytes": FuzzTarget(seeds: FirstBytesTarget.seeds, run: FirstBytesTarget.run),
        "gluster": FuzzTarget(seeds: GlusterTarget.seeds, run: GlusterTarget.run),
        "json": FuzzTarget(seeds: JSONTarget.seeds, run: JSONTarget.run),
        "names": FuzzTarget(seeds: NamesTarget.seeds, run: NamesTarget.run),
        "options": FuzzTarget(seeds: OptionsTarget.seeds, run: OptionsTarget.run),
        "records": FuzzTarget(seeds: RecordsTarget.seeds, run: RecordsTarget.run),
        "rpc": FuzzTarget(seeds: RPCTarget.seeds, run: RPCTarget.run),
        "stored": FuzzTarget(seeds: StoredTarget.seeds, run: StoredTarget.run),
        "volfile": FuzzTarget(seeds: VolfileTarget.seeds, run: VolfileTarget.run),
        "volume": FuzzTarget(seeds: VolumeTarget.seeds, run: VolumeTarget.run),
        "xdr": FuzzTarget(seeds: XDRTarget.seeds, run: XDRTarget.run),
        "xlators": FuzzTarget(seeds: XlatorsTarget.seeds, run: XlatorsTarget.run),
    ]

    /// The one that `FUZZ_TARGET` names; without it all are listed, and the process ends.
    static let chosen: FuzzTarget = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = all[name] else {
            print(all.keys.sorted().joined(separator: " "))
            exit(0)
        }
        return target
    }()

    /// Each seed becomes a file below `folder`.
    func writeSeeds(to folder: String) {
        for (number, seed) in seeds().enumerated() {
            guard let file = fopen("\(folder)/seed-\(number)", "w") else {
                fatalError("\(folder): \(String(cString: strerror(errno)))")
            }
            fwrite(seed, 1, seed.count, file)
            fclose(file)
        }
    }
}

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer
) -> CInt {
    let target = FuzzTarget.chosen
    if let folder = getenv("FUZZ_SEEDS") {
        target.writeSeeds(to: String(cString: folder))
        exit(0)
    }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// What holds for every input. With -O a `precondition` would not say what did not.
func check(
    _ holds: Bool, _ claim: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
) {
    guard holds else { fatalError("does not hold: \(claim())", file: file, line: line) }
}

/// For what threw though it was made of what had been accepted.
func never(
    _ error: any Error, _ claim: String, file: StaticString = #fileID, line: UInt = #line
) -> Never {
    fatalError("does not hold: \(claim): \(error)", file: file, line: line)
}

extension [UInt8] {
    /// The same bytes, not from 0 on.
    var shifted: ArraySlice<UInt8> { ([0, 0, 0] + self)[3...] }

    var text: String { String(decoding: self, as: UTF8.self) }

    /// What stands between bytes that are in no text.
    var texts: [String] {
        split(separator: 0xff, omittingEmptySubsequences: false).map { Array($0).text }
    }

    init(texts: [String]) { self = Array(texts.map { Array($0.utf8) }.joined(separator: [0xff])) }
}

extension String {
    /// Without Unicode's equivalences.
    func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
