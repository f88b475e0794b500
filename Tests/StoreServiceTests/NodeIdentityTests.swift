import GlusterModel
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
