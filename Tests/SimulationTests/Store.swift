import GlusterModel
import Transaction

/// What stands in the store, decoded.
enum Stored: Hashable {
    case session
    /// Of a session, for one transaction.
    case lock(IncarnationID, TransactionID)
    case journal(TransactionRecord)
    /// That there is a job of this number, which stays.
    case job
    case left(Leftover)
    case name(VolumeID)
    case head(SimulatedVolume)
}

struct SimulatedVolume: Hashable {
    var id: VolumeID
    var name: VolumeName
    var isStarted = false
    var bricks: [Brick]
}

enum Keys {
    static let transactions = "txns/"
    static let heads = "heads/"
    static let locks = "locks/"
    static func transaction(_ id: TransactionID) -> String { "\(transactions)\(id)" }
    static let leftovers = "left/"
    static func leftover(_ left: Leftover) -> String {
        "\(leftovers)\(left.peer)/\(left.transaction)-\(left.number)"
    }
    static func head(_ id: VolumeID) -> String { "\(heads)\(id)" }
    static func name(_ name: VolumeName) -> String { "names/\(name)" }
    static func lock(_ object: String) -> String { "\(locks)\(object)" }
    static func job(_ id: TransactionID) -> String { "jobs/\(id)" }
    static func session(_ id: IncarnationID) -> String { "sessions/\(id)" }
}

enum Condition {
    /// 0: there is no such key.
    case created(String, Int64)
    case modified(String, Int64)
}

enum Write {
    case put(String, Stored, lease: Int = 0)
    case delete(String)
}

struct Written {
    var succeeded: Bool
    var revision: Int64
}

struct StoreEntry: Hashable {
    var value: Stored
    var created: Int64
    var modified: Int64
    var lease: Int
}

/// All keys at one revision.
struct Snapshot {
    var revision: Int64 = 1
    var entries: [String: StoreEntry] = [:] {
        didSet { isRead = false }
    }
    /// What most ask for, read once for all copies.
    private(set) var journals: [TransactionRecord] = []
    private(set) var volumes: [SimulatedVolume] = []
    private(set) var leftovers: [Leftover] = []
    private var isRead = true

    func under(_ prefix: String) -> [StoreEntry] {
        entries.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }.map(\.value)
    }

    mutating func read() {
        guard !isRead else { return }
        journals = under(Keys.transactions).compactMap {
            if case .journal(let record) = $0.value { return record.locked(at: $0.created) }
            return nil
        }
        volumes = under(Keys.heads).compactMap {
            if case .head(let volume) = $0.value { return volume }
            return nil
        }
        leftovers = under(Keys.leftovers).compactMap {
            if case .left(let left) = $0.value { return left }
            return nil
        }
        isRead = true
    }
}

/// etcd's key space: Txns one after the other, leases that take their keys along.
final class Store {
    private struct Lease {
        var ttl: Duration
        var end: Duration
    }

    private(set) var current = Snapshot()
    private let history: History
    private var leases: [Int: Lease] = [:]
    private var leaseNext = 1
    /// Called after each change.
    var changed: () -> Void = {}

    init(history: History) { self.history = history }

    func txn(_ conditions: [Condition], _ writes: [Write], _ end: History.End?) -> Written {
        guard conditions.allSatisfy(holds), writes.allSatisfy(isPossible) else {
            return Written(succeeded: false, revision: current.revision)
        }
        current.revision += 1
        for write in writes { carryOut(write) }
        if let end { history.transactionEnded(end) }
        current.read()
        changed()
        return Written(succeeded: true, revision: current.revision)
    }

    private func holds(_ condition: Condition) -> Bool {
        switch condition {
        case .created(let key, let revision): (current.entries[key]?.created ?? 0) == revision
        case .modified(let key, let revision): (current.entries[key]?.modified ?? 0) == revision
        }
    }

    /// etcd refuses the whole when a lease has ended.
    private func isPossible(_ write: Write) -> Bool {
        if case .put(_, _, let lease) = write { return lease == 0 || leases[lease] != nil }
        return true
    }

    private func carryOut(_ write: Write) {
        switch write {
        case .put(let key, let value, let lease):
            let created = current.entries[key]?.created ?? current.revision
            current.entries[key] = StoreEntry(
                value: value, created: created, modified: current.revision, lease: lease)
        case .delete(let key): current.entries[key] = nil
        }
    }

    // MARK: Leases

    func grant(_ ttl: Duration, now: Duration) -> Int {
        defer { leaseNext += 1 }
        leases[leaseNext] = Lease(ttl: ttl, end: now + ttl)
        return leaseNext
    }

    func keepAlive(_ lease: Int, now: Duration) -> Bool {
        guard let found = leases[lease] else { return false }
        leases[lease]?.end = now + found.ttl
        return true
    }

    /// A new leader gives each its whole time again.
    func renewAll(now: Duration) {
        for (id, lease) in leases { leases[id]?.end = now + lease.ttl }
    }

    func expire(now: Duration) {
        let ended = leases.filter { $0.value.end <= now }.map(\.key)
        guard !ended.isEmpty else { return }
        for lease in ended { leases[lease] = nil }
        current.revision += 1
        current.entries = current.entries.filter { !ended.contains($0.value.lease) }
        current.read()
        changed()
    }
}
