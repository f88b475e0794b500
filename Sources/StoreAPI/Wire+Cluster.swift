import GlusterModel
import SwiftProtobuf

// The messages of the Cluster service, to and from the model.

extension Duration {
    package var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension PeerState {
    init?(_ wire: Gd2_Store_V1_PeerState) {
        guard let peer = PeerID(wire.peerID) else { return nil }
        self.init(
            peer: peer, isReachable: wire.reachable, role: Role(rawValue: wire.role) ?? .client,
            clockSkew: .milliseconds(wire.clockSkewMs),
            heardAgo: wire.heardMsAgo < 0 ? nil : .milliseconds(wire.heardMsAgo),
            roundTrip: .microseconds(wire.roundTripUs), message: wire.message,
            version: wire.version)
    }
}

extension Gd2_Store_V1_PeerState {
    package init(_ state: PeerState) {
        self.init()
        peerID = state.peer.description
        reachable = state.isReachable
        role = state.role.rawValue
        clockSkewMs = state.clockSkew.milliseconds
        heardMsAgo = state.heardAgo?.milliseconds ?? -1
        roundTripUs = state.roundTrip.components.attoseconds / 1_000_000_000_000
        message = state.message
        version = state.version
    }
}

extension JoinToken {
    init(_ wire: Gd2_Store_V1_Token) {
        self.init(
            id: wire.id, created: wire.createdUnix, expires: wire.expiresUnix,
            usesLeft: Int(wire.usesLeft))
    }
}

extension Gd2_Store_V1_Token {
    package init(_ token: JoinToken) {
        self.init()
        id = token.id
        createdUnix = token.created
        expiresUnix = token.expires
        usesLeft = UInt32(clamping: token.usesLeft)
    }
}

extension StoreMember {
    init(_ wire: Gd2_Store_V1_Member) {
        self.init(
            id: wire.memberID, peer: PeerID(wire.peerID), isLearner: wire.learner,
            isLeader: wire.leader, isHealthy: wire.healthy, version: wire.version,
            databaseBytes: wire.databaseBytes, raftIndex: wire.raftIndex, message: wire.message)
    }
}

extension ExternalStore {
    init(_ wire: Gd2_Store_V1_ExternalStore) {
        self.init(
            etcdCluster: wire.etcdCluster,
            endpoints: wire.endpoints.map { endpoint in
                Endpoint(
                    url: endpoint.url, isHealthy: endpoint.asked ? endpoint.healthy : nil,
                    isLeader: endpoint.leader, version: endpoint.version,
                    databaseBytes: endpoint.databaseBytes, message: endpoint.message)
            })
    }
}

extension Gd2_Store_V1_ExternalStore {
    package init(_ store: ExternalStore) {
        self.init()
        etcdCluster = store.etcdCluster
        endpoints = store.endpoints.map { endpoint in
            .with {
                $0.url = endpoint.url
                $0.asked = endpoint.isHealthy != nil
                $0.healthy = endpoint.isHealthy ?? false
                $0.leader = endpoint.isLeader
                $0.version = endpoint.version
                $0.databaseBytes = endpoint.databaseBytes
                $0.message = endpoint.message
            }
        }
    }
}

extension Gd2_Store_V1_Member {
    package init(_ member: StoreMember) {
        self.init()
        memberID = member.id
        peerID = member.peer?.description ?? ""
        learner = member.isLearner
        leader = member.isLeader
        healthy = member.isHealthy
        version = member.version
        databaseBytes = member.databaseBytes
        raftIndex = member.raftIndex
        message = member.message
    }
}

extension StoreSnapshot {
    init(_ wire: Gd2_Store_V1_SnapshotInfo) {
        self.init(
            name: wire.name, path: wire.path, created: wire.createdUnix, bytes: wire.bytes,
            revision: wire.revision, digest: wire.digest, isDamaged: wire.damaged,
            message: wire.message)
    }
}

extension Gd2_Store_V1_SnapshotInfo {
    package init(_ snapshot: StoreSnapshot) {
        self.init()
        name = snapshot.name
        path = snapshot.path
        createdUnix = snapshot.created
        bytes = snapshot.bytes
        revision = snapshot.revision
        digest = snapshot.digest
        damaged = snapshot.isDamaged
        message = snapshot.message
    }
}
