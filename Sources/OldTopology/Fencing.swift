public import GlusterModel

/// Whether a brick may be taken from a volume while nodes that hold the volume are out of reach:
/// only where somebody says of each of them that no client will get anything from it before it has
/// seen the change (decision 0043).
public struct Fencing: Hashable, Sendable {
    /// A node with bricks of the volume as it is now.
    public struct Holder: Hashable, Sendable {
        public var peer: PeerID
        public var name: String
        public var contact: Contact

        public init(peer: PeerID, name: String, contact: Contact) {
            self.peer = peer
            self.name = name
            self.contact = contact
        }
    }

    public enum Contact: Hashable, Sendable {
        /// It answers, and follows the store, so that it sees the change.
        case follows
        /// It answers, and does not reach the store.
        case hasNoStore
        /// For so many seconds, where that is known.
        case silent(seconds: Int64?, why: String)

        public var isSilent: Bool {
            if case .silent = self { return true }
            return false
        }
    }

    public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// They hold the volume, are silent, and nobody fences them.
        case unfenced([Holder])
        /// They answer, and do not follow the store.
        case withoutStore([Holder])
        /// They are to be fenced and answer.
        case fencedAnswers([Holder])
        /// They are to be fenced and hold nothing of the volume.
        case fencedElsewhere([String])

        public var description: String {
            switch self {
            case .unfenced(let holders):
                let flags = holders.map { "--fence \($0.name)" }.joined(separator: " ")
                let isOne = holders.count == 1
                let (has, they, them) =
                    isOne ? ("has", "it", "it") : ("have", "they", "them")
                return "\(Refusal.list(holders)), and \(has) bricks of the volume: started again "
                    + "alone, or cut off from the others, \(they) would give clients the old "
                    + "topology, and what these write would be lost. Either start \(them) first, "
                    + "or power \(them) off, or make sure that no client reaches \(them), and say "
                    + "so with \(flags)"
            case .withoutStore(let holders):
                let names = holders.map(\.name).joined(separator: ", ")
                return
                    "\(names) \(holders.count == 1 ? "answers, and does" : "answer, and do") not "
                    + "reach the store, so the change would be missed there: see glustercli "
                    + "cluster status, on that node systemctl status gd2-store, and try again"
            case .fencedAnswers(let holders):
                let names = holders.map(\.name).joined(separator: ", ")
                return "\(names) \(holders.count == 1 ? "answers" : "answer"), so nothing is to be "
                    + "fenced there: leave --fence out; a node is fenced only while it is off or "
                    + "out of reach"
            case .fencedElsewhere(let names):
                return "\(names.joined(separator: ", ")) "
                    + "\(names.count == 1 ? "has" : "have") no brick of the volume, so there is "
                    + "nothing to fence: leave --fence out"
            }
        }

        private static func list(_ holders: [Holder]) -> String {
            holders.map { holder in
                guard case .silent(let seconds, let why) = holder.contact else {
                    return holder.name
                }
                let since = seconds.map { " since \($0) s" } ?? ""
                return "\(holder.name) does not answer\(since)" + (why.isEmpty ? "" : " (\(why))")
            }.joined(separator: ", ")
        }
    }

    /// Those that a change has to be recorded as fenced.
    public let fenced: [Holder]
    /// Those that have to follow the store when the change is made.
    public let following: [Holder]

    /// `fences`: who is to be fenced, with the name under which that was asked.
    public init(
        of holders: [Holder], fences: [PeerID: String]
    ) throws(Refusal) {
        let known = Set(holders.map(\.peer))
        let strangers = fences.filter { !known.contains($0.key) }.values.sorted()
        guard strangers.isEmpty else { throw .fencedElsewhere(strangers) }
        let sorted = holders.sorted { ($0.name, $0.peer) < ($1.name, $1.peer) }
        let answering = sorted.filter { !$0.contact.isSilent && fences[$0.peer] != nil }
        guard answering.isEmpty else { throw .fencedAnswers(answering) }
        let unfenced = sorted.filter { $0.contact.isSilent && fences[$0.peer] == nil }
        guard unfenced.isEmpty else { throw .unfenced(unfenced) }
        let lost = sorted.filter { $0.contact == .hasNoStore }
        guard lost.isEmpty else { throw .withoutStore(lost) }
        fenced = sorted.filter { fences[$0.peer] != nil }
        following = sorted.filter { fences[$0.peer] == nil }
    }
}
