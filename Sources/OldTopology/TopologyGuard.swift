public import GlusterModel

/// Decides whether a client may be given a volume's topology while this node's view of the store
/// is not current (decision 0029): only where it cannot have moved, the view was current a moment
/// ago, or a peer with bricks of the volume has confirmed it lately and none knows better.
public struct TopologyGuard: Sendable {
    /// How well this node's view is known to be the newest.
    public enum Freshness: Hashable, Sendable {
        case current
        /// `age`: since when it is not; nil when it never was in this run.
        case stale(age: Duration?)
    }

    public enum Verdict: Hashable, Sendable {
        case serve
        /// These peers are to be asked, and ``answered(_:by:now:)`` is to follow in any case.
        case ask([PeerID])
        /// Others ask already, or have just asked.
        case wait
    }

    private struct Record {
        var confirmed: (topology: ViewedTopology, until: Duration)?
        var isAsking = false
        var askAgainAt: Duration?
        /// What each peer said last; nil: nothing.
        var answers: [PeerID: KnownGeneration?] = [:]
        var isReported = false
    }

    private var records: [VolumeID: Record] = [:]

    public init() {}

    /// Whether ``decide(on:freshness:now:)`` would say `serve`.
    public func allows(
        _ topology: ViewedTopology, freshness: Freshness, now: Duration
    ) -> Bool {
        switch freshness {
        case .current: return true
        case .stale(let age?) where age <= Limits.grace: return true
        case .stale: break
        }
        guard topology.canHaveMoved else { return true }
        guard let known = records[topology.volume]?.confirmed else { return false }
        return known.topology == topology && now < known.until
    }

    public mutating func decide(
        on topology: ViewedTopology, freshness: Freshness, now: Duration
    ) -> Verdict {
        if allows(topology, freshness: freshness, now: now) { return .serve }
        var record = records[topology.volume] ?? Record()
        if record.isAsking { return .wait }
        if let next = record.askAgainAt, now < next { return .wait }
        record.isAsking = true
        records[topology.volume] = record
        return .ask(topology.asked)
    }

    /// Takes what the peers said that ``decide(on:freshness:now:)`` had asked for. One confirmation
    /// is enough; one that knows better outweighs all.
    public mutating func answered(
        _ topology: ViewedTopology, by answers: [PeerID: KnownGeneration?], now: Duration
    ) {
        var record = records[topology.volume] ?? Record()
        record.isAsking = false
        record.askAgainAt = now + Limits.askEvery
        record.answers = answers
        let findings = answers.compactMapValues { $0.map(topology.compared) }
        let isConfirmed =
            findings.contains { $0.key != topology.own && $0.value == .confirmed }
            && !findings.values.contains(.contradicted)
        record.confirmed = isConfirmed ? (topology, now + Limits.confirmationKept) : nil
        if isConfirmed { record.isReported = false }
        records[topology.volume] = record
    }

    /// A client was refused: what the peers had said when this is the first time since the volume
    /// was last served, else nil.
    public mutating func refused(
        _ topology: ViewedTopology
    ) -> [PeerID: KnownGeneration?]? {
        guard records[topology.volume]?.isReported != true else { return nil }
        records[topology.volume, default: Record()].isReported = true
        return records[topology.volume]?.answers ?? [:]
    }

    /// The view is current: all that was found out before is of no use any more.
    public mutating func viewIsCurrent() { records = [:] }
}
