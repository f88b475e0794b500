public import GlusterModel

/// An etcd member as the leader's etcd lists it.
public struct Member: Hashable, Sendable {
    /// etcd's member id; a member that is taken out and added again has another.
    public var id: UInt64
    /// Whose it is; nil: of no peer of this cluster.
    public var peer: PeerID?
    public var isLearner: Bool
    public var isLeader: Bool
    /// Whether etcd lists a name for it: its process ran at least once.
    public var isStarted: Bool
    /// It answers now.
    public var isHealthy: Bool
    /// `.zero` when healthy. One that never answered counts from when it was first seen.
    public var unhealthyFor: Duration
    /// Its node has given up its data and never runs it again.
    public var isGivenUp: Bool

    public init(
        id: UInt64, peer: PeerID?, isLearner: Bool = false, isLeader: Bool = false,
        isStarted: Bool = true, isHealthy: Bool = true, unhealthyFor: Duration = .zero,
        isGivenUp: Bool = false
    ) {
        self.id = id
        self.peer = peer
        self.isLearner = isLearner
        self.isLeader = isLeader
        self.isStarted = isStarted
        self.isHealthy = isHealthy
        self.unhealthyFor = unhealthyFor
        self.isGivenUp = isGivenUp
    }

    /// Whether a node that says that it runs the member `said` (0: none) may be told to run this
    /// one. One that ran has voted and acknowledged what only its data remembers: without that it
    /// must not run again, it is taken out and another is added.
    public func mayRun(where said: UInt64) -> Bool { !isStarted || said == id }

    /// Whether it counts towards a quorum now.
    var isUsable: Bool { isStarted && isHealthy }
}

/// A peer of the cluster as a candidate for voting.
public struct Candidate: Hashable, Sendable {
    public var peer: PeerID
    /// How it is called in reasons; the id when empty.
    public var name: String
    /// Its gd2-store answers. A peer whose etcd was just taken out again because it did not start
    /// is best said to be out of reach for a while, so that another is asked first.
    public var isReachable: Bool
    /// `.zero` when reachable.
    public var unreachableFor: Duration
    /// It is to be removed from the cluster.
    public var isLeaving: Bool
    /// Never replaced while that.
    public var isInMaintenance: Bool
    /// false: configured to stay a client.
    public var mayVote: Bool
    /// Only gd2-store runs there: preferred as the third voter of two data nodes.
    public var isWitness: Bool
    /// Voters in different zones are preferred; empty when unknown.
    public var zone: String

    public init(
        peer: PeerID, name: String = "", isReachable: Bool = true,
        unreachableFor: Duration = .zero, isLeaving: Bool = false, isInMaintenance: Bool = false,
        mayVote: Bool = true, isWitness: Bool = false, zone: String = ""
    ) {
        self.peer = peer
        self.name = name
        self.isReachable = isReachable
        self.unreachableFor = unreachableFor
        self.isLeaving = isLeaving
        self.isInMaintenance = isInMaintenance
        self.mayVote = mayVote
        self.isWitness = isWitness
        self.zone = zone
    }

    /// Whether it is to have a place among the members, should there be need.
    var isEligible: Bool { mayVote && !isLeaving }

    /// Whether it can be asked to run a member now.
    var isAvailable: Bool { isEligible && isReachable && !isInMaintenance }
}

public struct MembershipSettings: Hashable, Sendable {
    public static let votersMaxAllowed = [3, 5, 7]

    /// One of ``votersMaxAllowed``.
    public var votersMax: Int
    /// How long a voter or learner may be dead before another takes its place.
    public var replaceAfter: Duration

    public init(votersMax: Int = 5, replaceAfter: Duration = .seconds(600)) {
        precondition(Self.votersMaxAllowed.contains(votersMax))
        self.votersMax = votersMax
        self.replaceAfter = replaceAfter
    }
}

/// One change of etcd's membership, or why there is none.
public enum MembershipStep: Hashable, Sendable {
    /// All is as it should be.
    case nothing
    /// Something is not as it should be, and nothing can be done about it now; the reason is a
    /// clause for the operator.
    case wait(String)
    case addLearner(PeerID)
    /// etcd refuses until the learner has caught up; it is then simply tried again.
    case promote(member: UInt64, PeerID)
    /// nil: of no peer of this cluster.
    case remove(member: UInt64, PeerID?, reason: String)
    /// Before the leader's own member is taken out.
    case moveLeader(to: UInt64, PeerID)

    /// Whether the members stay as they are, for now.
    public var isIdle: Bool {
        switch self {
        case .nothing, .wait: true
        case .addLearner, .promote, .remove, .moveLeader: false
        }
    }
}
