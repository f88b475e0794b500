import GlusterModel
import Membership

/// Members and peers of a table's row; peer n is called "hn" and its member has the id n.
struct Cluster: CustomStringConvertible {
    var members: [Member] = []
    var candidates: [Candidate] = []
    var settings = MembershipSettings()

    static func peer(_ number: Int) -> PeerID { PeerID(high: 0, low: UInt64(number)) }

    /// Peers 1 to `peers`, of which `voters` vote and `learners` learn; the first voter leads.
    init(peers: Int, voters: [Int], learners: [Int] = []) {
        candidates = (0..<peers).map { Candidate(peer: Self.peer($0 + 1), name: "h\($0 + 1)") }
        members = voters.map { Member(id: UInt64($0), peer: Self.peer($0)) }
        if !members.isEmpty { members[0].isLeader = true }
        members += learners.map {
            Member(id: UInt64($0), peer: Self.peer($0), isLearner: true)
        }
    }

    /// The member of peer `number` has not answered for so long.
    func dead(_ number: Int, _ seconds: Int = 1_000) -> Self {
        member(number) {
            $0.isHealthy = false
            $0.unhealthyFor = .seconds(seconds)
        }
    }

    /// The peer, and its member if it has one.
    func gone(_ number: Int, _ seconds: Int = 1_000) -> Self {
        dead(number, seconds).peer(number) {
            $0.isReachable = false
            $0.unreachableFor = .seconds(seconds)
        }
    }

    /// The node of member `number` has given up its data.
    func givenUp(_ number: Int) -> Self {
        dead(number, 0).member(number) { $0.isGivenUp = true }
    }

    func leaving(_ number: Int) -> Self { peer(number) { $0.isLeaving = true } }
    func maintained(_ number: Int) -> Self { peer(number) { $0.isInMaintenance = true } }

    func member(_ number: Int, _ change: (inout Member) -> Void) -> Self {
        var copy = self
        for index in copy.members.indices where copy.members[index].id == UInt64(number) {
            change(&copy.members[index])
        }
        return copy
    }

    func peer(_ number: Int, _ change: (inout Candidate) -> Void) -> Self {
        var copy = self
        for index in copy.candidates.indices
        where copy.candidates[index].peer == Self.peer(number) {
            change(&copy.candidates[index])
        }
        return copy
    }

    func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }

    var next: MembershipStep {
        MembershipPlan.next(members: members, candidates: candidates, settings: settings)
    }

    func refusal(_ number: Int, force: Bool = false) -> String? {
        MembershipPlan.refusal(
            removing: Self.peer(number), members: members, candidates: candidates, force: force)
    }

    var description: String { "\(members) of \(candidates)" }
}

/// A step without its words.
enum Deed: Hashable {
    case nothing
    case wait
    case add(Int)
    case promote(Int)
    case remove(Int)
    case lead(Int)

    init(_ step: MembershipStep) {
        switch step {
        case .nothing: self = .nothing
        case .wait: self = .wait
        case .addLearner(let peer): self = .add(Int(peer.low))
        case .promote(let member, _): self = .promote(Int(member))
        case .remove(let member, _, _): self = .remove(Int(member))
        case .moveLeader(let member, _): self = .lead(Int(member))
        }
    }
}
