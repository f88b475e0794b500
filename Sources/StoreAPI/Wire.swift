package import EtcdAPI
import FoundationEssentials
public import GRPCCore
import GlusterModel
import SwiftProtobuf

// The generated messages end here: everything else sees the model's types.

extension KeyValue {
    package init(_ wire: Mvccpb_KeyValue) {
        self.init(
            key: String(decoding: wire.key, as: UTF8.self), value: Array(wire.value),
            createRevision: wire.createRevision, modRevision: wire.modRevision, lease: wire.lease)
    }

    init(_ wire: Gd2_Store_V1_StoredValue) {
        self.init(
            key: wire.key, value: Array(wire.value), createRevision: wire.createRevision,
            modRevision: wire.modRevision, lease: wire.lease)
    }
}

extension Gd2_Store_V1_StoredValue {
    package init(_ value: KeyValue) {
        self.init()
        key = value.key
        self.value = Data(value.value)
        createRevision = value.createRevision
        modRevision = value.modRevision
        lease = value.lease
    }
}

extension Change {
    init(_ wire: Gd2_Store_V1_ChangeReply) {
        self.init(
            revision: wire.revision, puts: wire.puts.map(KeyValue.init), deletes: wire.deletes)
    }
}

extension Gd2_Store_V1_ChangeReply {
    package init(_ change: Change) {
        self.init()
        revision = change.revision
        puts = change.puts.map(Gd2_Store_V1_StoredValue.init)
        deletes = change.deletes
    }
}

extension Etcdserverpb_Compare {
    package init(_ condition: Compare) {
        self.init()
        result = .equal
        switch condition {
        case .createRevision(let key, let revision):
            self.key = Data(key.utf8)
            target = .create
            createRevision = revision
        case .modRevision(let key, let revision):
            self.key = Data(key.utf8)
            target = .mod
            modRevision = revision
        }
    }
}

extension Etcdserverpb_RequestOp {
    package init(_ operation: Operation) {
        self.init()
        switch operation {
        case .put(let key, let value, let lease):
            requestPut = .with {
                $0.key = Data(key.utf8)
                $0.value = Data(value)
                $0.lease = lease
            }
        case .delete(let key):
            requestDeleteRange = .with { $0.key = Data(key.utf8) }
        case .deletePrefix(let prefix):
            requestDeleteRange = .with {
                $0.key = Data(prefix.utf8)
                $0.rangeEnd = Data(StoreKeys.rangeEnd(prefix))
            }
        }
    }
}

/// What a service of gd2-store's answers when its own call to the store failed.
extension StoreError: RPCErrorConvertible {
    public var rpcErrorCode: RPCError.Code {
        switch self {
        case .unavailable: .unavailable
        case .timedOut: .deadlineExceeded
        case .denied: .permissionDenied
        case .compacted: .outOfRange
        case .epochChanged: .aborted
        case .invalid: .invalidArgument
        }
    }

    public var rpcErrorMessage: String { description }
}

extension StoreError {
    /// How the transport's words for that begin.
    private static let cutOff = ["Stream unexpectedly closed", "Server sent EOS"]

    /// What gd2-store, or etcd behind it, meant.
    package init(_ error: RPCError) {
        switch error.code {
        // An internal error is the transport's.
        case .unavailable, .cancelled, .resourceExhausted, .internalError:
            let isCutOff = Self.cutOff.contains { error.message.hasPrefix($0) }
            self = .unavailable(
                isCutOff ? "gd2-store ended in the middle of an answer" : error.message)
        case .deadlineExceeded: self = .timedOut
        // A failed precondition: the caller is of a build that may not work with this store.
        case .permissionDenied, .unauthenticated, .failedPrecondition:
            self = .denied(error.message)
        case .outOfRange: self = .compacted(revision: 0)
        case .aborted: self = .epochChanged(from: Epoch(0), to: Epoch(0))
        default: self = .invalid("\(error.code): \(error.message)")
        }
    }
}
