import GlusterModel
import StoreAPI

/// What each program may read and write in the store. New key? Give it a row here.
struct AccessTable: Sendable {
    static let programs: Set<String> = ["admin", "gd2-rest", "gd2-pmap", "gd2-brickd"]
    /// As which another node's gd2-store is served.
    static let programsOfPeers: Set<String> = ["gd2-store", "gd2-rest", "gd2-pmap", "gd2-brickd"]

    /// A range of keys as etcd has it: `end` empty for the single key, `[0]` for all from `start`.
    struct KeyRange: Hashable {
        var start: [UInt8]
        var end: [UInt8]
    }

    private let prefix: String
    private let readable: [String: [String]]
    private let writable: [String: [String]]

    init(keys: StoreKeys, peer: PeerID) {
        prefix = keys.prefix
        let cluster = [
            keys.prefix + "cluster/", keys.peers, keys.prefix + "names/", keys.volumes,
            keys.prefix + "options/", keys.reported, keys.alive,
        ]
        readable = [
            "admin": [keys.prefix],
            "gd2-rest": cluster + [
                keys.transactions, keys.jobs, keys.requests, keys.locks, keys.sessions,
                keys.secrets(reader: "gd2-rest"),
            ],
            "gd2-pmap": cluster + [keys.secrets(reader: "gd2-pmap")],
            "gd2-brickd": cluster + [keys.transactions],
            // Another node's, which asks its callers what they may read.
            "gd2-store": [keys.prefix],
        ]
        writable = [
            "admin": [keys.prefix],
            "gd2-rest": [
                keys.prefix + "names/", keys.volumes, keys.prefix + "options/",
                keys.transactions, keys.jobs, keys.requests, keys.locks, keys.sessions,
            ],
            "gd2-brickd": [
                keys.reported(by: peer), keys.leftovers(of: peer), keys.fences(of: peer),
            ],
            // A node says of itself where it is, and that it is alive; removals and tokens are
            // made at whatever node somebody asks, and so is the wish for other authorities. Which
            // they are only members write, by their own etcd.
            "gd2-store": [
                keys.peers, keys.alive(peer), keys.tokens, keys.leavingPeers, keys.removedPeers,
                keys.authorityWish, keys.builds, keys.schemaVersion,
            ],
        ]
    }

    /// Why `programs` may not read `range`; nil when one of them may.
    func refusal(reading range: KeyRange, by programs: Set<String>) -> String? {
        allows(readable, range, programs) ? nil : refusal("read", range, programs)
    }

    func refusal(writing range: KeyRange, by programs: Set<String>) -> String? {
        allows(writable, range, programs) ? nil : refusal("write", range, programs)
    }

    func mayGrantLeases(_ programs: Set<String>) -> Bool {
        !programs.isDisjoint(with: ["admin", "gd2-rest", "gd2-store"])
    }

    private func allows(
        _ table: [String: [String]], _ range: KeyRange, _ programs: Set<String>
    ) -> Bool {
        programs.contains { program in
            (table[program] ?? []).contains { Self.prefix($0, contains: range) }
        }
    }

    private func refusal(
        _ verb: String, _ range: KeyRange, _ programs: Set<String>
    ) -> String {
        let key = String(decoding: range.start, as: UTF8.self)
        let who = programs.sorted().joined(separator: ", ")
        guard key.hasPrefix(prefix) else {
            return "\(who) may not \(verb) \(key): only keys below \(prefix) are this cluster's"
        }
        return "\(who) may not \(verb) \(key)\(range.end.isEmpty ? "" : " and what follows")"
    }

    private static func prefix(_ prefix: String, contains range: KeyRange) -> Bool {
        let first = Array(prefix.utf8)
        guard !range.start.lexicographicallyPrecedes(first), range.start.starts(with: first)
        else { return false }
        guard !range.end.isEmpty else { return true }
        // [0] means up to the last key of all.
        guard range.end != [0] else { return false }
        let limit = StoreKeys.rangeEnd(prefix)
        return range.end == limit || range.end.lexicographicallyPrecedes(limit)
    }
}
