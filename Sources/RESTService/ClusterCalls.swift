import GD2Error
import GlusterModel
import StoreAPI

/// What gd2-store does for the cluster; ``ClusterClient`` asks the one of this node.
protocol ClusterCalls: Sendable {
    func peers() async throws(GD2Error) -> [PeerState]
    func addPeer(
        _ address: String, code: String, metadata: [String: String]
    ) async throws(GD2Error) -> PeerID
    func removePeer(_ peer: PeerID, force: Bool, isDryRun: Bool) async throws(GD2Error) -> String
    func editPeer(
        _ peer: PeerID, name: String?, addresses: [String]?, metadata: [String: String],
        removingMetadata: [String]
    ) async throws(GD2Error)

    func createToken(
        validFor: Duration, uses: Int
    ) async throws(GD2Error) -> (token: JoinToken, secret: String)
    func tokens() async throws(GD2Error) -> [JoinToken]
    func revokeToken(_ id: String) async throws(GD2Error)
    func pair(validFor: Duration) async throws(GD2Error) -> (code: String, expires: Int64)
    func join(token: String) async throws(GD2Error) -> (ClusterID, PeerID)
    func check(_ change: CheckedChange) async throws(GD2Error) -> String

    func members() async throws(GD2Error) -> StoreMembers
    func nodes() async throws(GD2Error) -> [AskedNode]
    func saveSnapshot() async throws(GD2Error) -> StoreSnapshot
    func snapshots() async throws(GD2Error) -> [StoreSnapshot]
    func recover(snapshot: String?, isDryRun: Bool) async throws(GD2Error) -> String
    func authorities() async throws(GD2Error) -> StoreAuthorities
    func exchangeAuthorities(isDryRun: Bool) async throws(GD2Error) -> String

    func callBrick(
        of peer: PeerID, method: String, message: [UInt8], timeout: Duration
    ) async throws(GD2Error) -> [UInt8]
}

extension ClusterClient: ClusterCalls {}
