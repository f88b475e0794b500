import Foundation
import GlusterModel
import TemporaryFolder
import Testing

@testable import StoreService

@Suite struct NodeIdentityTests {
    private static func identity(_ epoch: UInt64, recovering: UInt64? = nil) -> NodeIdentity {
        var identity = NodeIdentity(
            cluster: ClusterID(high: 1, low: 1), peer: PeerID(high: 2, low: 2),
            epoch: Epoch(epoch))
        identity.recovering = recovering.map { Epoch($0) }
        return identity
    }

    private static func put(_ name: String, in folder: String) throws {
        let path = URL(filePath: folder + "/" + name)
        try FileManager.default.createDirectory(
            at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: path)
    }

    /// A new one would end all bricks of the one that was.
    @Test(
        arguments: [
            "member.json", "role.json", "place.json", "voters.json", "view", "etcd/member/snap/db",
            "etcd-epoch-2/member/snap/db", "aside/member/snap/db",
            "pki/00000000-0000-0001-0000-000000000001/node.key",
        ])
    func anIdentityThatIsGoneIsNotMadeAnew(name: String) throws {
        try TemporaryFolder.with { folder in
            try Self.put(name, in: folder)
            let found = #expect(throws: StoreServiceError.self) {
                try NodeIdentity.prepare(directory: folder)
            }
            guard case .lostIdentity(_, trace: let trace)? = found else {
                Issue.record("\(String(describing: found))")
                return
            }
            #expect((folder + "/" + name).hasPrefix(trace))
            #expect(found?.description.contains("\(folder)/identity.json is missing") == true)
            #expect(found?.description.contains("remove all that is in \(folder)") == true)
            #expect(!FileManager.default.fileExists(atPath: folder + "/identity.json"))
        }
    }

    /// The first start ended before it was written; disks and snapshots were put there by hand.
    @Test(
        arguments: [
            "identity.json.new", "etcd/lost+found/x", "snapshots/a.db", "pki/client-ca.key",
        ]
    )
    func whatMayBeThereBeforeTheFirstStartIsNoTrace(name: String) throws {
        try TemporaryFolder.with { folder in
            try Self.put(name, in: folder)
            let identity = try NodeIdentity.prepare(directory: folder)
            #expect(try NodeIdentity.prepare(directory: folder) == identity)
        }
    }

    @Test func aStoreThatHasLostTheClusterIsNone() {
        var identity = Self.identity(1)
        #expect(identity.epoch(ofStoreSaying: nil, isDirect: true) == Epoch(1))
        identity.hasStore = true
        for isDirect in [true, false] {
            #expect(identity.epoch(ofStoreSaying: nil, isDirect: isDirect) == nil)
            #expect(identity.epoch(ofStoreSaying: Epoch(1), isDirect: isDirect) == Epoch(1))
        }
        identity.hasStore = nil
        identity.joined = true
        #expect(identity.epoch(ofStoreSaying: nil, isDirect: false) == nil)
    }

    @Test func thatTheStoreHasTheClusterIsKeptUnlessItIsAnotherByNow() throws {
        try TemporaryFolder.with { folder in
            let identity = try NodeIdentity.prepare(directory: folder)
            try identity.saveHasStore(directory: folder)
            #expect(try NodeIdentity.prepare(directory: folder).expectsStore)
            let next = NodeIdentity.founding(identity.peer)
            try next.save(directory: folder)
            try identity.saveHasStore(directory: folder)
            #expect(try NodeIdentity.prepare(directory: folder) == next)
        }
    }

    @Test(
        arguments: [
            (3, nil, 3, 3), (3, nil, 4, 4), (3, nil, 2, nil), (3, nil, nil, 3), (3, 3, 2, 3),
        ] as [(UInt64, UInt64?, UInt64?, UInt64?)])
    func aStoreOfThePastIsNone(
        own: UInt64, recovering: UInt64?, stored: UInt64?, found: UInt64?
    ) {
        let epoch = Self.identity(own, recovering: recovering)
            .epoch(ofStoreSaying: stored.map { Epoch($0) }, isDirect: true)
        #expect(epoch?.number == found)
    }

    /// Old voters may be a quorum of the old store still while this node's new etcd starts.
    @Test(
        arguments: [(3, 3, 2, nil), (3, nil, 2, nil), (3, 3, 3, 3), (3, nil, nil, 3)]
            as [(UInt64, UInt64?, UInt64?, UInt64?)])
    func whoRecoversTakesNoOldStoreOfOthersForItsNewOne(
        own: UInt64, recovering: UInt64?, stored: UInt64?, found: UInt64?
    ) {
        let epoch = Self.identity(own, recovering: recovering)
            .epoch(ofStoreSaying: stored.map { Epoch($0) }, isDirect: false)
        #expect(epoch?.number == found)
    }
}
