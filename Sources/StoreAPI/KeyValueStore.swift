public import GlusterModel

/// One key with its value, as etcd's mvccpb.KeyValue.
public struct KeyValue: Hashable, Sendable {
    public var key: String
    public var value: [UInt8]
    public var createRevision: Int64
    public var modRevision: Int64
    public var lease: Int64

    public init(
        key: String, value: [UInt8], createRevision: Int64, modRevision: Int64, lease: Int64 = 0
    ) {
        self.key = key
        self.value = value
        self.createRevision = createRevision
        self.modRevision = modRevision
        self.lease = lease
    }
}

/// A condition of a Txn.
public enum Compare: Hashable, Sendable {
    /// The key exists with this create revision; 0 says that it does not exist.
    case createRevision(key: String, equals: Int64)
    case modRevision(key: String, equals: Int64)
}

/// A change in a Txn.
public enum Operation: Hashable, Sendable {
    /// `lease` 0 means none.
    case put(key: String, value: [UInt8], lease: Int64)
    case delete(key: String)
    case deletePrefix(String)

    public static func put(key: String, value: [UInt8]) -> Operation {
        .put(key: key, value: value, lease: 0)
    }
}

public struct TxnResult: Hashable, Sendable {
    /// Whether all conditions held and the operations were carried out.
    public var succeeded: Bool
    /// The store's revision after it.
    public var revision: Int64

    public init(succeeded: Bool, revision: Int64) {
        self.succeeded = succeeded
        self.revision = revision
    }
}

public struct RangeResult: Hashable, Sendable {
    public var values: [KeyValue]
    /// The store's revision at which this is true.
    public var revision: Int64

    public init(values: [KeyValue], revision: Int64) {
        self.values = values
        self.revision = revision
    }
}

/// Everything that one revision changed below the watched prefixes.
public struct Change: Hashable, Sendable {
    public var revision: Int64
    public var puts: [KeyValue]
    public var deletes: [String]

    public init(revision: Int64, puts: [KeyValue], deletes: [String]) {
        self.revision = revision
        self.puts = puts
        self.deletes = deletes
    }
}

/// Where the store is: what every answer of it carries.
public struct StoreIdentity: Hashable, Sendable, Codable {
    public var cluster: ClusterID
    /// The node that this store runs on.
    public var peer: PeerID
    public var epoch: Epoch

    public init(cluster: ClusterID, peer: PeerID, epoch: Epoch) {
        self.cluster = cluster
        self.peer = peer
        self.epoch = epoch
    }

    public var keys: StoreKeys { StoreKeys(cluster: cluster) }
}

public enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// gd2-store or etcd does not answer: nothing is known to have happened.
    case unavailable(String)
    /// No answer in time: a change may have been carried out.
    case timedOut
    /// The caller table forbids it.
    case denied(String)
    /// The asked revision is gone: list anew.
    case compacted(revision: Int64)
    /// The cluster was restored or recovered: list anew.
    case epochChanged(from: Epoch, to: Epoch)
    /// The request breaks a limit, or the answer could not be read.
    case invalid(String)

    public var description: String {
        switch self {
        case .unavailable(let why): "the store does not answer: \(why)"
        case .timedOut: "the store did not answer in time"
        case .denied(let why): "the store refused: \(why)"
        case .compacted(let revision): "revision \(revision) was compacted away"
        case .epochChanged(let old, let new): "the store's epoch went from \(old) to \(new)"
        case .invalid(let why): "the store could not read the request: \(why)"
        }
    }
}

/// The store as the daemons use it. `StoreClient` speaks to gd2-store over `store.sock`;
/// `StoreTesting.InMemoryStore` behaves the same within one process.
///
/// Every call has a deadline and throws ``StoreError``.
public protocol KeyValueStore: Sendable {
    func identity() async throws -> StoreIdentity

    /// All keys that begin with `prefix`, at one revision, in key order; pages itself.
    func list(prefix: String) async throws -> RangeResult

    func get(_ key: String) async throws -> KeyValue?

    /// Carries out `operations` at once if all of `conditions` hold.
    func txn(if conditions: [Compare], then operations: [Operation]) async throws -> TxnResult

    /// Calls `body` with every change below `prefixes` after `revision`, one whole revision at a
    /// time and in order, until it throws or the task is cancelled. A change without puts and
    /// deletes says that nothing happened below `prefixes` up to its revision; one comes as soon as
    /// the watch has caught up. Throws `.compacted`, `.epochChanged` or `.unavailable` when the
    /// stream ends; does not re-open it by itself.
    func watch(
        prefixes: [String], after revision: Int64,
        _ body: @Sendable (Change) async throws -> Void
    ) async throws

    /// A new lease's id. It ends `ttl` after the last ``keepAlive(lease:)``.
    func grantLease(ttl: Duration) async throws -> Int64
    /// Keeps a lease until the task is cancelled; throws when it was lost.
    func keepAlive(lease: Int64) async throws
    func revokeLease(_ lease: Int64) async throws
}
