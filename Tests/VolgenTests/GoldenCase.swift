import FoundationEssentials
import GlusterModel
import Testing
import Volgen

/// A volume as real glusterd 10.3 stored it, with the volfiles that it made of it.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    let name: String
    let volume: Volume
    let context: VolgenContext
    let hosts: [PeerID: String]
    private let folder: String

    var testDescription: String { name }

    static let folder =
        #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Golden"

    static func all() throws -> [GoldenCase] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            .map { try GoldenCase($0) }
    }

    init(_ name: String, in parent: String = Self.folder) throws {
        self.name = name
        folder = parent + "/" + name
        let info = try Self.pairs(folder + "/info")
        let values = Dictionary(info) { first, _ in first }
        var generator = SystemRandomNumberGenerator()
        var hosts: [PeerID: String] = [:]
        var bricks: [Brick] = []
        var decommissioned: Set<Int> = []
        let layout = Self.layout(values)
        for (key, value) in info where key.hasPrefix("brick-") && Int(key.dropFirst(6)) != nil {
            let record = Dictionary(try Self.pairs(folder + "/bricks/" + value)) { $1 }
            let host = record["hostname"] ?? ""
            guard let peer = PeerID(record["uuid"] ?? "") else { continue }
            hosts[peer] = host
            let number = Int(record["brick-id"]?.split(separator: "-").last ?? "") ?? bricks.count
            if record["decommissioned"] == "1" { decommissioned.insert(number) }
            bricks.append(
                Brick(
                    id: BrickID(using: &generator), peer: peer,
                    path: try BrickPath(validating: record["path"] ?? ""), index: number,
                    isArbiter: layout.hasArbiter
                        && bricks.count % layout.bricksCount == layout.bricksCount - 1))
        }
        let options = values.filter { $0.key.contains(".") && !$0.key.hasPrefix("rdma") }
        let id = VolumeID(values["volume-id"] ?? "") ?? VolumeID(high: 0, low: 0)
        let topology = Topology(
            layout: layout, bricks: bricks, thinArbiter: try Self.thinArbiter(folder, values))
        let state = [VolumeState.created, .started, .stopped][Int(values["status"] ?? "") ?? 1]
        let head = VolumeHead(
            id: id, name: try VolumeName(validating: Self.volumeName(in: folder)), state: state,
            generation: 1, bricksCount: bricks.count, digest: "")
        volume = Volume(head: head, topology: topology, options: options)
        self.hosts = hosts
        var context = VolgenContext(
            hosts: hosts,
            credentials: TrustedCredentials(
                username: values["username"] ?? "", password: values["password"] ?? ""),
            sharedBrickCounts: try Self.sharedBrickCounts(folder, bricks, hosts))
        context.decommissioned = decommissioned
        context.quotaVersion = Int(values["quota-version"] ?? "") ?? 0
        if let parent = values["parent_volname"], parent != "N/A" {
            context.snapshot = SnapshotOrigin(
                name: String(name.split(separator: "-").last ?? ""),
                origin: try VolumeName(validating: parent))
        }
        self.context = context
    }

    /// The node whose files these are, n1; nil where it has no brick of the volume.
    var node: PeerID? { hosts.first { $0.value == "n1" }?.key }

    /// The volfile of a daemon of that node, which has several volumes.
    static func text(_ file: String) -> String? {
        FileManager.default.contents(atPath: folder + "Daemons/" + file)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The volfile that glusterd wrote; nil when it wrote none.
    func text(_ file: String) -> String? {
        FileManager.default.contents(atPath: folder + "/" + file)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The names of the volfiles that glusterd wrote.
    func files() throws -> Set<String> {
        Set(
            try FileManager.default.contentsOfDirectory(atPath: folder)
                .filter { $0.hasSuffix(".vol") })
    }

    func brickFile(_ brick: Brick) -> String {
        "\(volume.name).\(hosts[brick.peer] ?? "").\(brick.path.dashed).vol"
    }

    /// For what role each of glusterd's volfiles is.
    var roles: [String: VolfileRole] {
        let name = volume.name
        var roles: [String: VolfileRole] = [
            "\(name).tcp-fuse.vol": .client, "trusted-\(name).tcp-fuse.vol": .client,
            "\(name)-shd.vol": .selfHeal, "\(name)-rebalance.vol": .rebalance,
            "\(name).gfproxyd.vol": .gfproxyd,
            "trusted-\(name).tcp-gfproxy-fuse.vol": .gfproxyClient,
            "\(name)-snapd.vol": .snapd,
        ]
        for brick in volume.topology.bricks {
            let file = brickFile(brick)
            roles[file] = .brick(index: brick.index)
            let crawl = "\(name).client" + file.dropFirst(name.description.utf8.count)
            roles[crawl] = .quotaCrawl(index: brick.index)
        }
        return roles
    }

    /// Mounts elsewhere alone are not trusted.
    func audience(of file: String) -> Audience {
        Audience(isTrusted: file != "\(volume.name).tcp-fuse.vol")
    }

    private static func pairs(_ path: String) throws -> [(String, String)] {
        let text = String(
            decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
    }

    private static func thinArbiter(
        _ folder: String, _ values: [String: String]
    ) throws -> ThinArbiter? {
        guard let file = values["ta-brick-0"] else { return nil }
        let record = Dictionary(try pairs(folder + "/bricks/" + file)) { $1 }
        return .elsewhere(
            host: record["hostname"] ?? "",
            path: try BrickPath(validating: record["path"] ?? ""))
    }

    private static func volumeName(in folder: String) throws -> String {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        let client = files.first { $0.hasSuffix(".tcp-fuse.vol") && !$0.hasPrefix("trusted-") }
        return client.map { String($0.dropLast(".tcp-fuse.vol".count)) } ?? ""
    }

    private static func layout(_ values: [String: String]) -> SubvolumeLayout {
        func number(_ key: String) -> Int { Int(values[key] ?? "") ?? 0 }
        if number("disperse_count") > 0 {
            return .disperse(
                bricks: number("disperse_count"), redundancy: number("redundancy_count"))
        }
        if number("replica_count") > 1 {
            let arbiter = number("arbiter_count") > 0
            return .replicate(copies: number("replica_count") - (arbiter ? 1 : 0), arbiter: arbiter)
        }
        return .distribute
    }

    /// The golden files are of n1; its bricks shared a file system, others are counted as 0.
    private static func sharedBrickCounts(
        _ folder: String, _ bricks: [Brick], _ hosts: [PeerID: String]
    ) throws -> [Int: Int] {
        let local = bricks.filter { hosts[$0.peer] == "n1" }
        return Dictionary(uniqueKeysWithValues: local.map { ($0.index, local.count) })
    }
}

extension SubvolumeLayout {
    fileprivate var hasArbiter: Bool {
        if case .replicate(_, true) = self { return true }
        return false
    }
}
