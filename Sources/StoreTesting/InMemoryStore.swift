import GlusterModel
public import StoreAPI

/// A store within one process, with etcd's semantics: one revision a Txn that changes something,
/// watches from any revision that is not compacted, leases that take their keys with them.
/// Leases end by ``revokeLease(_:)`` or ``expireLease(_:)`` alone: no clock runs here.
public actor InMemoryStore: KeyValueStore {
    /// What one revision did, to all keys.
    private struct Entry {
        var revision: Int64
        var puts: [KeyValue]
        var deletes: [String]
    }

    private var current: StoreIdentity
    private var values: [String: KeyValue] = [:]
    private var history: [Entry] = []
    private var compacted: Int64 = 0
    private var leases: Set<Int64> = []
    private var leaseNext: Int64 = 1
    private var waiters: [Int: AsyncStream<Void>.Continuation] = [:]
    private var waiterNext = 0
    private var outage: String?
    private var isIdentityKnown = false

    /// The store's revision: 1 when nothing was written, as in etcd.
    public private(set) var revision: Int64 = 1

    public init(identity: StoreIdentity) { current = identity }

    public func identity() throws -> StoreIdentity {
        if !isIdentityKnown { try checkAvailable() }
        return current
    }

    public func list(prefix: String) throws -> RangeResult {
        try checkAvailable()
        let found = values.values.filter { $0.key.hasPrefix(prefix) }
        return RangeResult(values: found.sorted { $0.key < $1.key }, revision: revision)
    }

    public func get(_ key: String) throws -> KeyValue? {
        try checkAvailable()
        return values[key]
    }

    public func txn(
        if conditions: [Compare], then operations: [StoreAPI.Operation]
    ) throws -> TxnResult {
        try checkAvailable()
        try checkLimits(conditions, operations)
        guard conditions.allSatisfy(holds) else {
            return TxnResult(succeeded: false, revision: revision)
        }
        var entry = Entry(revision: revision + 1, puts: [], deletes: [])
        for operation in operations { try carryOut(operation, in: &entry) }
        commit(entry)
        return TxnResult(succeeded: true, revision: revision)
    }

    public func watch(
        prefixes: [String], after start: Int64, _ body: @Sendable (Change) async throws -> Void
    ) async throws {
        try checkAvailable()
        let epoch = current.epoch
        let (wakeups, wakeup) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let waiter = waiterNext
        waiterNext += 1
        waiters[waiter] = wakeup
        defer { waiters[waiter] = nil }
        var seen = start
        wakeup.yield()
        for await _ in wakeups {
            while seen < revision || seen == start {
                try checkAvailable()
                guard current.epoch == epoch else {
                    throw StoreError.epochChanged(from: epoch, to: current.epoch)
                }
                guard seen >= compacted else { throw StoreError.compacted(revision: compacted) }
                let change = nextChange(after: seen, below: prefixes)
                seen = change.revision
                try await body(change)
                if seen == start { break }
            }
            try checkAvailable()
            guard current.epoch == epoch else {
                throw StoreError.epochChanged(from: epoch, to: current.epoch)
            }
        }
        throw CancellationError()
    }

    public func grantLease(ttl: Duration) throws -> Int64 {
        try checkAvailable()
        defer { leaseNext += 1 }
        leases.insert(leaseNext)
        return leaseNext
    }

    public func keepAlive(lease: Int64) async throws {
        let (wakeups, wakeup) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let waiter = waiterNext
        waiterNext += 1
        waiters[waiter] = wakeup
        defer { waiters[waiter] = nil }
        wakeup.yield()
        for await _ in wakeups {
            try checkAvailable()
            guard leases.contains(lease) else {
                throw StoreError.invalid("lease \(lease) does not exist")
            }
        }
        throw CancellationError()
    }

    public func revokeLease(_ lease: Int64) throws {
        try checkAvailable()
        guard leases.contains(lease) else {
            throw StoreError.invalid("lease \(lease) does not exist")
        }
        expireLease(lease)
    }
}

/// What a test does to the store from outside.
extension InMemoryStore {
    /// Ends a lease as if nobody had kept it alive, outage or not.
    public func expireLease(_ lease: Int64) {
        leases.remove(lease)
        let keys = values.values.filter { $0.lease == lease }.map(\.key).sorted()
        for key in keys { values[key] = nil }
        commit(Entry(revision: revision + 1, puts: [], deletes: keys))
        wakeAll()
    }

    /// While `reason` is not nil every call throws `.unavailable(reason)`, and watches end; only
    /// whose store it is may be known still, as to a gd2-store without a way to etcd.
    public func setOutage(_ reason: String?, isIdentityKnown: Bool = false) {
        outage = reason
        self.isIdentityKnown = isIdentityKnown
        wakeAll()
    }

    /// Forgets what happened up to and including `revision`; a watch from before it throws.
    public func compact(to revision: Int64) {
        compacted = max(compacted, min(revision, self.revision))
        history.removeAll { $0.revision <= compacted }
    }

    /// As after a restore: the epoch goes up and every watch ends.
    public func raiseEpoch() {
        current.epoch = Epoch(current.epoch.number + 1)
        wakeAll()
    }
}

extension InMemoryStore {
    private func checkAvailable() throws {
        if let outage { throw StoreError.unavailable(outage) }
    }

    private func checkLimits(_ conditions: [Compare], _ operations: [StoreAPI.Operation]) throws {
        guard max(conditions.count, operations.count) <= Limits.txnOperationsMax else {
            throw StoreError.invalid("more than \(Limits.txnOperationsMax) operations in one Txn")
        }
        var written: Set<String> = []
        for case .put(let key, let value, let lease) in operations {
            guard value.count <= Limits.valueBytesMax else {
                throw StoreError.invalid(
                    "the value of \(key) has \(value.count) bytes, at most "
                        + "\(Limits.valueBytesMax) are possible")
            }
            guard written.insert(key).inserted else {
                throw StoreError.invalid("duplicate key \(key) given in one Txn")
            }
            guard lease == 0 || leases.contains(lease) else {
                throw StoreError.invalid("lease \(lease) does not exist")
            }
        }
    }

    private func holds(_ condition: Compare) -> Bool {
        switch condition {
        case .createRevision(let key, let expected): values[key]?.createRevision ?? 0 == expected
        case .modRevision(let key, let expected): values[key]?.modRevision ?? 0 == expected
        }
    }

    private func carryOut(_ operation: StoreAPI.Operation, in entry: inout Entry) throws {
        switch operation {
        case .put(let key, let value, let lease):
            let new = KeyValue(
                key: key, value: value,
                createRevision: values[key]?.createRevision ?? entry.revision,
                modRevision: entry.revision, lease: lease)
            values[key] = new
            entry.deletes.removeAll { $0 == key }
            entry.puts.append(new)
        case .delete(let key):
            remove(key, in: &entry)
        case .deletePrefix(let prefix):
            for key in values.keys.filter({ $0.hasPrefix(prefix) }).sorted() {
                remove(key, in: &entry)
            }
        }
    }

    private func remove(_ key: String, in entry: inout Entry) {
        guard values.removeValue(forKey: key) != nil else { return }
        entry.puts.removeAll { $0.key == key }
        entry.deletes.append(key)
    }

    private func commit(_ entry: Entry) {
        guard !entry.puts.isEmpty || !entry.deletes.isEmpty else { return }
        revision = entry.revision
        history.append(entry)
        wakeAll()
    }

    private func wakeAll() {
        for waiter in waiters.values { waiter.yield() }
    }

    /// The next revision below `prefixes`, or an empty change that says how far nothing happened.
    private func nextChange(after seen: Int64, below prefixes: [String]) -> Change {
        func isBelow(_ key: String) -> Bool { prefixes.contains { key.hasPrefix($0) } }
        for entry in history where entry.revision > seen {
            let puts = entry.puts.filter { isBelow($0.key) }
            let deletes = entry.deletes.filter(isBelow)
            if !puts.isEmpty || !deletes.isEmpty {
                return Change(revision: entry.revision, puts: puts, deletes: deletes)
            }
        }
        return Change(revision: max(revision, seen), puts: [], deletes: [])
    }
}
