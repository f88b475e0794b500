/// Which connections of a server have said something over TLS, and which have to go so that there
/// are never too many. Who cannot get through the handshake keeps nobody out who can.
struct ConnectionTable {
    let handshakesMax: Int
    let totalMax: Int
    /// In the handshake, the oldest first.
    private var waiting: [Int] = []
    private var proven: Set<Int> = []
    private var next = 0

    init(handshakesMax: Int, totalMax: Int) {
        self.handshakesMax = handshakesMax
        self.totalMax = totalMax
    }

    var count: Int { waiting.count + proven.count }

    /// Which one has to go for a new one, and why.
    struct Way: Hashable {
        var number: Int
        var reason: RefusalCount.Reason
    }

    /// The number of a new connection, and who makes way: the oldest in the handshake, or, where
    /// none is, the new one itself.
    mutating func accept() -> (number: Int, way: Way?) {
        let number = next
        next += 1
        let isFull = count >= totalMax
        waiting.append(number)
        guard isFull || waiting.count > handshakesMax else { return (number, nil) }
        let gone = waiting.removeFirst()
        return (number, Way(number: gone, reason: isFull ? .full : .crowded))
    }

    mutating func prove(_ number: Int) {
        guard let index = waiting.firstIndex(of: number) else { return }
        waiting.remove(at: index)
        proven.insert(number)
    }

    /// Whether it has to go: its time for the handshake is over.
    mutating func expire(_ number: Int) -> Bool {
        guard let index = waiting.firstIndex(of: number) else { return false }
        waiting.remove(at: index)
        return true
    }

    mutating func end(_ number: Int) {
        if proven.remove(number) == nil { _ = expire(number) }
    }
}

/// How many connections were closed, and why, since it was last said.
struct RefusalCount {
    enum Reason: String, CaseIterable {
        /// No handshake in time.
        case late
        /// Too many that were in the handshake.
        case crowded
        /// Too many connections.
        case full
    }

    private var counts: [Reason: Int] = [:]
    private var saidAt: ContinuousClock.Instant?

    /// What is to be said now; nil: nothing yet.
    mutating func note(
        _ reason: Reason, now: ContinuousClock.Instant, every: Duration
    ) -> [(reason: Reason, count: Int)]? {
        counts[reason, default: 0] += 1
        if let saidAt, now - saidAt < every { return nil }
        saidAt = now
        let said = Reason.allCases.compactMap { reason in
            counts[reason].map { (reason: reason, count: $0) }
        }
        counts = [:]
        return said
    }
}
