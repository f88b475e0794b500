/// Bounds of gd2-store.
enum Limits {
    /// etcd is on loopback, where an attempt costs nothing and a change waits for it.
    static let reconnectMinMs = 50
    static let reconnectMaxMs = 100
    /// One call to etcd; a caller's own limit is longer.
    static let etcdCallMs = 4_000
    /// Between two looks at etcd's size and health.
    static let healthEverySeconds = 10
    /// The same while etcd does not answer.
    static let healthRetrySeconds = 1
    /// Used share of the quota, in percent, from which an alarm is raised.
    static let sizeAlarmPercent: UInt64 = 80
    /// Used share of the quota, in percent, below which a full store is made to take changes again.
    static let reclaimBelowPercent: UInt64 = 70
    /// Between two attempts at it.
    static let reclaimEvery: Duration = .seconds(300)
    static let revisionsKeptWhenFull: Int64 = 10
    /// Compaction or defragmentation of a full store.
    static let reclaim: Duration = .seconds(60)
    /// The lease behind `alive/<peer>`.
    static let aliveTTLSeconds: Int64 = 10
    static let retryMs = 100
    /// Different reasons that are logged while etcd is away, and how long it has to have been
    /// reached for them to be news again.
    static let failuresLogged = 8
    static let reachedFor: Duration = .seconds(5)
    /// How often the certificates are looked at, which are renewed 30 days before their end: a
    /// clock that is set right after the boot may end them at once.
    static let certificateLookEvery = Duration.seconds(60)
    /// A member whose data is gone for so long, while others serve, is given up, so that this node
    /// gets another one. Meanwhile somebody may mount a disk.
    static let dataGone = Duration.seconds(30)
    /// How often etcd is looked for after it was told to end; half of that time in order.
    static let etcdEndPolls = 200
    static let etcdEndPollMs = 50
    /// One that was ended to start anew is expected to answer within this time.
    static let etcdStart: Duration = .seconds(15)
    /// Writes of one join, where others join or change what it rests on at the same time.
    static let joinTries = 20
    /// One probe of another node, and between two.
    static let probe = Duration.seconds(1)
    /// After so long one that never answered counts as one that is known not to.
    static let neverHeard = Duration.seconds(3)
    static let probeEvery = Duration.seconds(1)
    /// How long a search for another machine that is this peer may take.
    static let rivalSearch = Duration.seconds(2)
    /// Up to so many peers every node probes every other; beyond, only the leader does, and the
    /// others probe the voters.
    static let peersProbedByAll = 9
    /// A clock that differs by more is said.
    static let clockSkewMax = Duration.seconds(1)
    /// Between two looks at the members, and the time limit of one change of theirs.
    static let membershipEvery = Duration.seconds(1)
    static let memberChange = Duration.seconds(10)
    /// Between two looks at an exchange of authorities.
    static let exchangeEvery = Duration.seconds(1)
    /// Peers of which it is written down at one look which keys they have.
    static let holdersNoted = 20
    /// Nodes that take a new certificate start anew within so long of each other.
    static let renewalSpreadMs: Int64 = 2_000
    /// Between two looks at whether the store answers, and the time limit of one.
    static let upstreamLookEvery = Duration.milliseconds(500)
    static let upstreamLook = Duration.seconds(1)
    /// For calls that our own etcd has, before it is started anew.
    static let lastAnswers = Duration.milliseconds(300)
    /// A member that is reached through others looks that often whether its own etcd serves again.
    static let ownEtcdEvery = Duration.seconds(2)
    /// What a node keeps of the store's last changes, for those who follow it and are late: a
    /// slower one has a watch of his own until he has caught up.
    static let watchRevisions = 1_000
    static let watchBytes = 8 << 20
    /// How long somebody waits for a revision before an event is made, which tells that it is past.
    static let watchNudgeAfter = Duration.milliseconds(300)
    /// Endpoints of an external etcd, and how often each is asked how it is.
    static let endpointsMax = 16
    static let endpointLookEvery = Duration.seconds(1)
    /// Connecting and answering of another node, for what a person waits for.
    static let nodeCall = Duration.seconds(10)
    /// A node that joins waits this long for its own etcd, and looks this often.
    static let ownStoreStart = Duration.seconds(5)
    static let ownStoreLookEvery = Duration.milliseconds(100)
    /// What another node says of itself, for a read, which has to be answered within a second.
    static let nodeReport = Duration.milliseconds(600)
    /// On 24008: until TLS is there and the caller has said something, connections that have not
    /// come so far, and all of them, far below the unit's 8,192 descriptors.
    static let handshake = Duration.seconds(10)
    static let handshakesMax = 256
    static let nodeConnectionsMax = 4_096
    /// Between two messages that some were closed.
    static let refusalsSaidEvery = Duration.seconds(60)
    /// Keys whose certificates were verified and are remembered.
    static let verifiedKeysMax = 4_096
    /// Join tokens at once, and the longest life of one.
    static let tokensMax = 1_000
    static let tokenSecondsMax: UInt32 = 30 * 86_400
    static let pairSecondsMax: UInt32 = 86_400
    static let tokenUsesMax: UInt32 = 1_000
    /// So long after a node was heard it, or its etcd, may only be late: a change that needs it is
    /// not refused yet.
    static let doubt = Duration.seconds(5)
    /// How long a removal waits until the store's engine does without the peer.
    static let removal = Duration.seconds(50)
    /// Snapshots that a member keeps.
    static let snapshotsKept = 12
    /// So long an own etcd that is just started anew is waited for by what no other can do.
    static let etcdBack = Duration.seconds(10)
    static let etcdBackPoll = Duration.milliseconds(100)
    /// Between an answer and the end of this program, so that the answer arrives.
    static let gracefulExitMs = 300
    static let snapshotLookEvery = Duration.seconds(60)
    static let snapshotFirstLook = Duration.seconds(5)
    /// How long etcdctl may make a store of a snapshot, and what it may print.
    static let restore = Duration.seconds(30)
    static let restoreOutputBytes = 64 << 10
}
