import GlusterModel
import StoreAPI
import Testing

@testable import StoreService

@Suite struct AccessTableTests {
    private static let own = PeerID(high: 1, low: 1)
    private static let other = PeerID(high: 2, low: 2)
    private static let keys = StoreKeys(cluster: ClusterID(high: 9, low: 9))
    private static let volume = VolumeID(high: 3, low: 3)
    private static let txn = TransactionID(high: 4, low: 4)
    private let table = AccessTable(keys: keys, peer: own)

    /// A key; who may read it, who may write it. `admin` may both.
    @Test(
        arguments: [
            (keys.epoch, ["gd2-rest", "gd2-pmap", "gd2-brickd"], []),
            (keys.peer(own), ["gd2-rest", "gd2-pmap", "gd2-brickd"], []),
            (keys.authorities, ["gd2-rest", "gd2-pmap", "gd2-brickd"], []),
            (keys.alive(own), ["gd2-rest", "gd2-pmap", "gd2-brickd"], []),
            (keys.volumeNames + "gv0", ["gd2-rest", "gd2-pmap", "gd2-brickd"], ["gd2-rest"]),
            (keys.volumeHead(volume), ["gd2-rest", "gd2-pmap", "gd2-brickd"], ["gd2-rest"]),
            (keys.volumeOptions(volume), ["gd2-rest", "gd2-pmap", "gd2-brickd"], ["gd2-rest"]),
            (keys.clusterOptions, ["gd2-rest", "gd2-pmap", "gd2-brickd"], ["gd2-rest"]),
            (
                keys.volumeReport(volume, by: own), ["gd2-rest", "gd2-pmap", "gd2-brickd"],
                ["gd2-brickd"]
            ),
            (
                keys.stepReport(txn, step: 0, by: own), ["gd2-rest", "gd2-pmap", "gd2-brickd"],
                ["gd2-brickd"]
            ),
            (keys.volumeReport(volume, by: other), ["gd2-rest", "gd2-pmap", "gd2-brickd"], []),
            (keys.stepReport(txn, step: 0, by: other), ["gd2-rest", "gd2-pmap", "gd2-brickd"], []),
            (keys.transaction(txn), ["gd2-rest", "gd2-brickd"], ["gd2-rest"]),
            (keys.lock("volume/gv0"), ["gd2-rest"], ["gd2-rest"]),
            (keys.jobCancel(JobID(high: 6, low: 6)), ["gd2-rest"], ["gd2-rest"]),
            (keys.request("00"), ["gd2-rest"], ["gd2-rest"]),
            (keys.session(IncarnationID(high: 5, low: 5)), ["gd2-rest"], ["gd2-rest"]),
            (keys.restTokenSecret, ["gd2-rest"], []), (keys.volumeAuthSecret, ["gd2-pmap"], []),
            (keys.prefix + "no-such/key", [], []), ("/gluster/another/peers/x", [], []),
            ("/", [], []),
        ] as [(String, Set<String>, Set<String>)])
    func whoMayReadAndWriteAKey(key: String, readers: Set<String>, writers: Set<String>) {
        let range = AccessTable.KeyRange(start: Array(key.utf8), end: [])
        for program in ["gd2-rest", "gd2-pmap", "gd2-brickd", "nobody"] {
            let (reads, writes) = (
                table.refusal(reading: range, by: [program]),
                table.refusal(writing: range, by: [program])
            )
            #expect((reads == nil) == readers.contains(program), "\(program) reads \(key)")
            #expect((writes == nil) == writers.contains(program), "\(program) writes \(key)")
            if let reads { #expect(reads.contains(program) && reads.contains(key)) }
        }
        let isOurs = key.hasPrefix(Self.keys.prefix)
        #expect((table.refusal(reading: range, by: ["admin"]) == nil) == isOurs)
        #expect((table.refusal(writing: range, by: ["admin"]) == nil) == isOurs)
        #expect(table.refusal(reading: range, by: []) != nil)
    }

    /// Another node's gd2-store, which asks its own callers what they may read.
    @Test(
        arguments: [
            (keys.peer(own), true), (keys.alive(own), true), (keys.alive(other), false),
            (keys.token("x"), true), (keys.leavingPeer(other), true), (keys.members, false),
            (keys.authorityWish, true), (keys.authorities, false), (keys.memberTurn, false),
            (keys.keyHolder(own), false), (keys.removedHolder(other), false),
            (keys.epoch, false), (keys.volumeHead(volume), false),
            (keys.volumeReport(volume, by: own), false), (keys.restTokenSecret, false),
        ])
    func aPeersStoreReadsAllAndWritesOfPeersAlone(key: String, writes: Bool) {
        let range = AccessTable.KeyRange(start: Array(key.utf8), end: [])
        #expect(table.refusal(reading: range, by: ["gd2-store"]) == nil)
        #expect((table.refusal(writing: range, by: ["gd2-store"]) == nil) == writes)
    }

    @Test func aRangeIsReadOnlyWhenAllOfItMayBe() {
        func mayRead(_ start: String, _ end: [UInt8], _ program: String) -> Bool {
            let range = AccessTable.KeyRange(start: Array(start.utf8), end: end)
            return table.refusal(reading: range, by: [program]) == nil
        }
        let keys = Self.keys
        #expect(mayRead(keys.volumes, StoreKeys.rangeEnd(keys.volumes), "gd2-pmap"))
        #expect(mayRead(keys.volumes + "x", StoreKeys.rangeEnd(keys.volumes), "gd2-pmap"))
        // Up to the next prefix, everything of the cluster, and everything there is.
        #expect(!mayRead(keys.volumes, StoreKeys.rangeEnd(keys.volumes) + [0], "gd2-pmap"))
        #expect(!mayRead(keys.prefix, StoreKeys.rangeEnd(keys.prefix), "gd2-rest"))
        #expect(!mayRead(keys.volumes, [0], "gd2-rest"))
        #expect(mayRead(keys.prefix, StoreKeys.rangeEnd(keys.prefix), "admin"))
        #expect(!mayRead(keys.prefix, [0], "admin"))
        // What only begins alike is another key.
        #expect(!mayRead(String(keys.volumes.dropLast()) + "2/x", [], "gd2-rest"))
        #expect(!mayRead(String(keys.volumes.dropLast()), [], "gd2-rest"))
    }

    @Test func onlyWhoHoldsLocksIsGivenLeases() {
        #expect(table.mayGrantLeases(["gd2-rest"]))
        #expect(table.mayGrantLeases(["admin", "gd2-brickd"]))
        #expect(!table.mayGrantLeases(["gd2-pmap"]))
        #expect(!table.mayGrantLeases(["gd2-brickd"]))
        #expect(!table.mayGrantLeases([]))
    }

    @Test func aRefusalSaysWhoAndWhat() {
        let range = AccessTable.KeyRange(
            start: Array(Self.keys.peers.utf8), end: StoreKeys.rangeEnd(Self.keys.peers))
        #expect(
            table.refusal(writing: range, by: ["gd2-rest"])
                == "gd2-rest may not write \(Self.keys.peers) and what follows")
        let foreign = AccessTable.KeyRange(start: Array("/x".utf8), end: [])
        #expect(
            table.refusal(writing: foreign, by: ["admin"])?.contains(Self.keys.prefix) == true)
    }
}
