public import GlusterModel

/// The keys of one cluster in the store; design section 9 is the list. New key? Add it here, to the
/// caller table (StoreService) and to docs/store.md.
public struct StoreKeys: Hashable, Sendable {
    /// `/gluster/<cluster-id>/`.
    public let prefix: String
    public let cluster: ClusterID

    public init(cluster: ClusterID) {
        self.cluster = cluster
        prefix = "/gluster/\(cluster)/"
    }

    public var epoch: String { prefix + "cluster/epoch" }
    public var schemaVersion: String { prefix + "cluster/version" }
    public var builds: String { prefix + "cluster/builds/" }
    /// What the programs of a node said of their builds: JSON ``StoredBuilds``.
    public func builds(of peer: PeerID) -> String { builds + peer.description }

    /// JSON: ``StoredMembers``.
    public var members: String { prefix + "cluster/members" }
    /// The last exchange of the authorities, written by members alone: JSON
    /// ``StoredAuthorityExchange``.
    public var authorities: String { prefix + "cluster/authorities" }
    /// There while somebody has asked for an exchange that no leader has begun yet.
    public var authorityWish: String { prefix + "cluster/authority-wish" }
    /// Whose member an exchange has started anew, or is to: JSON ``StoredMemberTurn``. Written by
    /// members alone.
    public var memberTurn: String { prefix + "cluster/member-turn" }
    public var keyHolders: String { prefix + "cluster/key-holders/" }
    /// Of which authorities a peer was given keys: JSON ``StoredKeyHolder``. Written by members
    /// alone.
    public func keyHolder(_ id: PeerID) -> String { keyHolders + id.description }
    public var removedHolders: String { prefix + "cluster/removed-holders/" }
    /// There until the keys that a removed peer had are worth nothing: JSON
    /// ``StoredRemovedHolder``. Written by members alone.
    public func removedHolder(_ id: PeerID) -> String { removedHolders + id.description }
    public var tokens: String { prefix + "cluster/tokens/" }
    /// A join token: JSON ``StoredToken``.
    public func token(_ fingerprint: String) -> String { tokens + fingerprint }
    public var leavingPeers: String { prefix + "cluster/leaving/" }
    /// There while a peer is being taken out. JSON: ``StoredLeaving``.
    public func leavingPeer(_ id: PeerID) -> String { leavingPeers + id.description }
    public var removedPeers: String { prefix + "cluster/removed/" }
    /// Remembers that a peer was taken out, and is told so when it comes back.
    public func removedPeer(_ id: PeerID) -> String { removedPeers + id.description }

    public var peers: String { prefix + "peers/" }
    public func peer(_ id: PeerID) -> String { peers + id.description }

    public var volumeNames: String { prefix + "names/volume/" }
    /// Value: the volume's id as plain text. Created in the same Txn as the head.
    public func volumeName(_ name: VolumeName) -> String { volumeNames + name.description }

    public var volumes: String { prefix + "volumes/" }
    public func volumeHead(_ id: VolumeID) -> String { volumes + "\(id)/head" }
    /// JSON: ``StoredOptions``.
    public func volumeOptions(_ id: VolumeID) -> String { volumes + "\(id)/options" }
    public func generations(_ id: VolumeID) -> String { volumes + "\(id)/gen/" }
    public func generation(_ id: VolumeID, _ number: Int) -> String {
        generations(id) + "\(number)/"
    }
    /// JSON: ``StoredLayout``.
    public func generationLayout(_ id: VolumeID, _ number: Int) -> String {
        generation(id, number) + "layout"
    }
    /// JSON: ``StoredBricks``; chunk numbers have five digits, so that keys sort in order.
    public func generationBricks(_ id: VolumeID, _ number: Int, chunk: Int) -> String {
        let digits = String(chunk)
        let zeros = String(repeating: "0", count: max(0, 5 - digits.count))
        return generation(id, number) + "bricks/" + zeros + digits
    }

    /// Cluster-wide options (GD1's `volume set all`): JSON ``StoredOptions``.
    public var clusterOptions: String { prefix + "options/cluster" }

    public var optionGroups: String { prefix + "options/groups/" }
    /// An own group of options: JSON ``StoredOptionGroup``.
    public func optionGroup(_ name: String) -> String { optionGroups + name }

    public var reported: String { prefix + "reported/" }
    public func reported(by peer: PeerID) -> String { reported + "\(peer)/" }
    public func volumeReport(_ volume: VolumeID, by peer: PeerID) -> String {
        reported(by: peer) + "volumes/\(volume)"
    }
    /// Result of one step of a transaction on one node; written by that node's gd2-brickd.
    public func stepReport(_ txn: TransactionID, step: Int, by peer: PeerID) -> String {
        reported(by: peer) + "txns/\(txn)/\(step)"
    }

    public var alive: String { prefix + "alive/" }
    /// The only key with a lease of gd2-store's.
    public func alive(_ peer: PeerID) -> String { alive + peer.description }

    public var transactions: String { prefix + "txns/" }
    public func transaction(_ id: TransactionID) -> String { transactions + id.description }

    /// Below ``transactions``, so that whoever may read and write those may do so here, in earlier
    /// versions too, which take them for no journals.
    public var leftovers: String { transactions + "left/" }
    public func leftovers(of peer: PeerID) -> String { leftovers + "\(peer)/" }
    /// JSON: `Leftover`. Written by a coordinator, removed by that peer's gd2-brickd.
    public func leftover(_ id: TransactionID, step: Int, of peer: PeerID) -> String {
        leftovers(of: peer) + "\(id)-\(step)"
    }

    /// Below ``transactions`` for the same reason.
    public var fences: String { transactions + "fences/" }
    public func fences(of peer: PeerID) -> String { fences + "\(peer)/" }
    /// JSON: ``StoredFence``. Written by a coordinator, removed by that peer's gd2-brickd.
    public func fence(_ peer: PeerID, _ volume: VolumeID) -> String {
        fences(of: peer) + volume.description
    }

    public var jobs: String { prefix + "jobs/" }
    /// JSON: `JobRecord`. A transaction's is written together with its journal.
    public func job(_ id: JobID) -> String { jobs + id.description }
    /// Says that the job's transaction is to be undone; its commit compares the absence.
    public func jobCancel(_ id: JobID) -> String { job(id) + "/cancel" }

    public var requests: String { prefix + "requests/" }
    /// `hash` is the hex SHA-256 of a request's idempotency key. JSON: what was asked with it, and
    /// the answer or the job. On the session's lease until the work has begun.
    public func request(_ hash: String) -> String { requests + hash }

    public var locks: String { prefix + "locks/" }
    /// `object` is `volume/<name>` and the like. JSON: who holds it since when; lease of the
    /// holder.
    public func lock(_ object: String) -> String { locks + object }

    public var sessions: String { prefix + "sessions/" }
    /// One run of one gd2-rest, kept alive by its lease.
    public func session(_ id: IncarnationID) -> String { sessions + id.description }

    /// Readable by the program `reader` alone.
    public func secrets(reader: String) -> String { prefix + "secrets/\(reader)/" }
    /// 32 random bytes (hex) from which gd2-pmap derives each volume's trusted-client credentials.
    public var volumeAuthSecret: String { secrets(reader: "gd2-pmap") + "volume-auth" }
    /// The HMAC secret of GD2's REST tokens (hex).
    public var restTokenSecret: String { secrets(reader: "gd2-rest") + "token" }

    /// The exclusive end of the range of all keys that begin with `prefix`.
    public static func rangeEnd(_ prefix: String) -> [UInt8] {
        var bytes = Array(prefix.utf8)
        while let last = bytes.last {
            if last < 0xff {
                bytes[bytes.count - 1] = last + 1
                return bytes
            }
            bytes.removeLast()
        }
        return [0]
    }
}
