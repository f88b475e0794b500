public import GlusterModel

/// Whether this machine may act as the peer whose state it has, or another machine does so already:
/// a full copy of a node's state is that node to everybody. Decision 0035.
///
/// Asked are the addresses at which the state was last used, where they are not this machine's, and
/// the other peers, which say where the peer answers them. Only a run that answered itself, at an
/// address that is not this machine's, makes a refusal: what others remember may be over.
public struct IdentityClaim: Sendable {
    /// Where a node answers others.
    public struct Place: Hashable, Sendable {
        public var host: String
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// Another run of the same peer id.
    public struct Rival: Hashable, Sendable {
        public var place: Place

        public init(place: Place) { self.place = place }
    }

    public enum Question: Hashable, Sendable {
        /// Which run of this peer id answers there?
        case place(Place)
        /// Where does this peer id answer you?
        case peer(PeerID)
    }

    /// What another peer knows of this one.
    public enum Word: Hashable, Sendable {
        /// This run answers it at that place.
        case answers(run: String, at: Place)
        case answersNot
        /// It did not ask yet, or does not ask.
        case unknown
    }

    public enum Event: Sendable {
        /// Nil: nobody answers there, or another peer does. An older version has an empty id.
        case run(String?, at: Place)
        /// Nil word: the peer does not answer. `isCurrent`: it follows the store.
        case word(Word?, from: PeerID, isCurrent: Bool)
        /// The etcd of that peer answers.
        case memberRuns(PeerID)
        /// A peer that follows the store says whose etcds vote.
        case voters(Set<PeerID>)
        /// A peer that follows the store says what this peer registered last; empty: unknown.
        case registered([String])
        /// Nobody is waited for any longer.
        case timeUp
    }

    public enum Verdict: Hashable, Sendable {
        case wait
        case serve
        case refuse(Rival)
    }

    private let run: String
    private let own: Set<String>
    private var places: [Place: Bool] = [:]
    private var silentPeers: Set<PeerID>
    private var hasWord = false
    private var isTimeUp = false
    private var rival: Rival?
    private var membersUp: Set<PeerID> = []
    /// Nil: nobody who follows the store has said.
    private var voters: Set<PeerID>?
    private var isElsewhere: Bool

    /// `run`: this run's own id. `own`: this machine's addresses. `isDoubtful`: another machine may
    /// have been this peer since this one was, as far as this one knows.
    public init(
        run: String, own: Set<String>, recorded: [Place], peers: Set<PeerID>,
        isDoubtful: Bool = false
    ) {
        self.run = run
        self.own = own
        isElsewhere = isDoubtful
        silentPeers = peers
        for place in recorded where !isOwn(place) { places[place] = false }
    }

    /// What to ask first, all at once.
    public var questions: [Question] {
        places.keys.map(Question.place) + silentPeers.map(Question.peer)
    }

    public var verdict: Verdict {
        if let rival { return .refuse(rival) }
        // In doubt all are heard, which tells whether the others have a quorum.
        let isHeard = silentPeers.isEmpty || hasWord && !isElsewhere
        return isTimeUp || (isHeard && places.values.allSatisfy { $0 }) ? .serve : .wait
    }

    /// Returns what to ask next.
    public mutating func take(_ event: Event) -> [Question] {
        switch event {
        case .run(let run, let place):
            places[place] = true
            if let run, run != self.run { rival = rival ?? Rival(place: place) }
            return []
        case .word(let word, let peer, let isCurrent):
            silentPeers.remove(peer)
            switch word {
            case .answers(let run, let place):
                hasWord = hasWord || isCurrent
                guard run != self.run, !isOwn(place), places[place] == nil else { return [] }
                places[place] = false
                return [.place(place)]
            case .answersNot:
                hasWord = hasWord || isCurrent
                return []
            case .unknown, nil: return []
            }
        case .memberRuns(let peer):
            membersUp.insert(peer)
            return []
        case .voters(let voters):
            self.voters = voters
            return []
        case .registered(let addresses):
            if !addresses.isEmpty, own.isDisjoint(with: addresses) { isElsewhere = true }
            return []
        case .timeUp:
            isTimeUp = true
            return []
        }
    }

    /// Whether another machine has been this peer since this one was, or may have been: then what
    /// this one's etcd remembers of its votes is of the past, and is not to be used where the
    /// others' are a quorum without it. `recordedVoters`: whose etcds vote as last known here.
    public func isOutdated(own: PeerID, recordedVoters: Set<PeerID>) -> Bool {
        let voters = voters ?? recordedVoters
        let others = voters.subtracting([own])
        return isElsewhere && membersUp.intersection(others).count >= voters.count / 2 + 1
    }

    private func isOwn(_ place: Place) -> Bool {
        own.contains(place.host) || place.host.hasPrefix("127.") || place.host == "::1"
    }
}
