/// How often a member's etcd says that it leads, and after which silence it wants to lead itself.
public enum RaftTimes: String, Hashable, Sendable {
    /// Short ones, by which a member that nobody contests serves at once after its start.
    case alone
    /// etcd's own.
    case several

    /// What `member`, which runs with `now`, is to run with; another answer than `now` is a new
    /// start of its etcd.
    ///
    /// A lone voter keeps its short times when learners come: nobody answers while it starts anew.
    /// A leader among several with short times gives up where it should not, but starting it anew
    /// costs the store a second as long as too few others vote.
    public static func of(
        _ member: Member, running now: RaftTimes?, among members: [Member], peers: Int
    ) -> RaftTimes {
        if peers == 1 { return .alone }
        guard now == .alone else { return .several }
        let voters = members.filter { !$0.isLearner }
        let others = voters.count { $0.isHealthy && $0.id != member.id }
        return voters.count >= 3 && others > voters.count / 2 ? .several : .alone
    }
}
