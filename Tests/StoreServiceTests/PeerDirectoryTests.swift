import GlusterModel
import StoreAPI
import StoreMirror
import TemporaryFolder
import Testing

@testable import StoreService

/// Whom a node takes for the members of the store, whoever tells it so and when.
@Suite struct PeerDirectoryTests {
    private let cluster = ClusterID(high: 1, low: 1)
    private let own = PeerID(high: 0, low: 1)
    private let first = PeerID(high: 0, low: 2)
    private let second = PeerID(high: 0, low: 3)

    private func member(_ peer: PeerID) -> StoredMembers.Member {
        .init(id: 0, peer: peer, isLearner: false)
    }

    private func view(
        _ members: [PeerID], _ freshness: MirrorView.Freshness
    ) throws -> MirrorView {
        let identity = StoreIdentity(cluster: cluster, peer: own, epoch: Epoch(1))
        let stored = StoredMembers(members: members.map(member))
        let value = KeyValue(
            key: identity.keys.members, value: try RecordCoding.encode(stored), createRevision: 1,
            modRevision: 1)
        return MirrorView(
            identity: identity, revision: 1, values: MirroredValues([value]), freshness: freshness)
    }

    /// An answer to a probe may come after the store was reached.
    @Test func whatAnotherTellsCountsWhileTheStoreIsNotFollowed() throws {
        let directory = PeerDirectory(own: own, cluster: cluster, voters: [])
        directory.learn([member(first)])
        #expect(directory.isMember(first))
        directory.update(try view([second], .current))
        directory.learn([member(first)])
        #expect(directory.otherVoters == [second])
        directory.update(try view([second], .stale(age: .zero)))
        directory.learn([member(first)])
        #expect(directory.otherVoters == [first])
    }

    /// Two peers tell of a recovery, and the second has to wait longer for this node's etcd to end:
    /// what the store said meanwhile stays.
    @Test func anEpochIsFollowedOnce() throws {
        try TemporaryFolder.with { folder in
            let state = StoreState(identity: try NodeIdentity.prepare(directory: folder))
            let directory = PeerDirectory(own: own, cluster: cluster, voters: [])
            let next = Epoch(state.identity.epoch.number + 1)
            let isFirst = state.advance(to: next) {
                directory.members = StoredMembers(members: [member(first)])
            }
            #expect(isFirst)
            directory.update(try view([first, second], .current))
            let isSecond = state.advance(to: next) {
                directory.members = StoredMembers(members: [member(second)])
            }
            #expect(!isSecond && state.identity.epoch == next)
            #expect(directory.isMember(first))
        }
    }
}
