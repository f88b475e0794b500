import EtcdAPI
import FoundationEssentials
import GRPCCore
import GlusterModel
import Hexadecimal
import Logging
import ServiceLifecycle
import StoreAPI
import SwiftProtobuf

/// Puts the keys into etcd that every cluster has, and keeps `alive/<peer>`.
struct ClusterKeeper: Service {
    let etcd: Upstream
    let state: StoreState
    let configuration: StoreConfiguration
    let schema: SchemaKeeper
    /// Why the store does not answer, as far as that is known.
    let quorum: @Sendable () -> String
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await repeating("keep alive") { try await keepAlive() }
        }
    }

    /// Again and again, since etcd may be away at any time; each failure is logged once until
    /// etcd was reached for a while.
    private func repeating(_ what: String, _ body: () async throws -> Void) async {
        var logged: Set<String> = []
        while !Task.isCancelled {
            let began = ContinuousClock.now
            do { try await body() } catch {
                if ContinuousClock.now - began > Limits.reachedFor { logged = [] }
                let text = "\(error)"
                if logged.count < Limits.failuresLogged, !Task.isCancelled,
                    logged.insert(text).inserted
                {
                    log.warning(
                        "etcd not reached", metadata: ["for": "\(what)", "error": "\(text)"])
                }
            }
            do { try await Task.sleep(for: .milliseconds(Limits.retryMs)) } catch { return }
        }
    }

    private func keepAlive() async throws {
        try await checkStore()
        try await schema.begin()
        if let refusal = schema.node.schema.refusal {
            state.status.message = refusal
            return try await Task.sleep(for: Limits.membershipEvery)
        }
        try await prepareKeys()
        try rememberStore()
        state.status.available = true
        state.status.message = "the store answers"
        log.info("store answers")
        let etcd = etcd
        let lease = try await etcd.lease.leaseGrant(
            .with { $0.ttl = Limits.aliveTTLSeconds }, options: EtcdConnection.options)
        let key = state.identity.store.keys.alive(state.identity.peer)
        _ = try await etcd.kv.put(
            .with {
                $0.key = Data(key.utf8)
                $0.value = Data("{\"schema\":1}".utf8)
                $0.lease = lease.id
            }, options: EtcdConnection.options)
        defer {
            state.status.available = false
            state.status.message = quorum()
        }
        while true {
            let left = try await etcd.lease.leaseKeepAlive(options: EtcdConnection.options) {
                writer in
                try await writer.write(.with { $0.id = lease.id })
            } onResponse: { answers in
                for try await answer in answers.messages { return answer.ttl }
                return 0
            }
            guard left > 0 else {
                throw RPCError(code: .notFound, message: "the lease of \(key) has ended")
            }
            try await Task.sleep(for: .seconds(Limits.aliveTTLSeconds / 4))
            if schema.node.schema.refusal != nil { return }
        }
    }

    /// A store without the cluster would look like one without volumes, and is not begun anew.
    private func checkStore() async throws {
        let identity = state.identity
        guard identity.expectsStore, try await value(identity.store.keys.epoch) == nil else {
            return
        }
        let text = identity.emptied
        state.status.message = text
        throw RPCError(code: .failedPrecondition, message: text)
    }

    /// From here on a store without the cluster is none.
    private func rememberStore() throws {
        guard state.identity.hasStore != true else { return }
        state.identity.hasStore = true
        try state.identity.saveHasStore(directory: configuration.stateDirectory)
    }

    /// Creates what is missing, and renews this node's own record when its addresses changed.
    private func prepareKeys() async throws {
        let identity = state.identity
        let keys = identity.store.keys
        try await beginRecoveredEpoch(keys)
        guard !identity.hasJoined else {
            try await raiseEpoch(keys)
            return try await registerPeer(keys)
        }
        try await create(keys.epoch, try RecordCoding.encode(StoredEpoch(identity.epoch)))
        try await create(keys.volumeAuthSecret, Self.secret())
        try await create(keys.restTokenSecret, Self.secret())
        try await create(keys.clusterOptions, try RecordCoding.encode(StoredOptions()))
        try await raiseEpoch(keys)
        try await registerPeer(keys)
    }

    private func create(_ key: String, _ value: [UInt8]) async throws {
        // A node that founded the cluster may be no member any more, and may not write this then.
        if try await self.value(key) != nil { return }
        var request = Etcdserverpb_TxnRequest()
        request.compare = [Etcdserverpb_Compare(.createRevision(key: key, equals: 0))]
        request.success = [Etcdserverpb_RequestOp(.put(key: key, value: value))]
        let asked = request
        let reply = try await etcd.kv.txn(asked, options: EtcdConnection.options)
        if reply.succeeded { log.info("key made", metadata: ["key": "\(key)"]) }
    }

    /// A store that was restored here says so to everybody by its epoch.
    private func beginRecoveredEpoch(_ keys: StoreKeys) async throws {
        guard let epoch = state.identity.recovering else { return }
        _ = try await etcd.kv.put(
            .with {
                $0.key = Data(keys.epoch.utf8)
                $0.value = Data((try? RecordCoding.encode(StoredEpoch(epoch))) ?? [])
            }, options: EtcdConnection.options)
        state.identity.recovering = nil
        try state.identity.save(directory: configuration.stateDirectory)
        log.notice("epoch begun", metadata: ["epoch": "\(epoch)"])
    }

    private func raiseEpoch(_ keys: StoreKeys) async throws {
        guard let stored = try await value(keys.epoch) else { return }
        let epoch = try RecordCoding.decode(StoredEpoch.self, from: stored).epoch
        guard epoch > state.identity.epoch else { return }
        state.identity.epoch = epoch
        try state.identity.save(directory: configuration.stateDirectory)
        log.notice("epoch raised", metadata: ["epoch": "\(epoch)"])
        await etcd.look()
    }

    /// Renews this node's record where the node itself knows better; what an operator has set
    /// stays. A peer that was removed has none, and makes none.
    private func registerPeer(_ keys: StoreKeys) async throws {
        let key = keys.peer(state.identity.peer)
        let old = try await value(key)
        guard old != nil || !state.identity.hasJoined else { return }
        let known = try old.map { try RecordCoding.decode(Peer.self, from: $0) }
        let peer = OwnPeer.record(state.identity.peer, configuration, known: known)
        if known == peer { return }
        guard await schema.node.mayRegister(over: known?.addresses ?? []) else {
            throw RPCError(code: .failedPrecondition, message: "another machine is this peer")
        }
        let bytes =
            try old.map { try RecordCoding.encode(peer, updating: $0) }
            ?? RecordCoding.encode(peer)
        _ = try await etcd.kv.put(
            .with {
                $0.key = Data(key.utf8)
                $0.value = Data(bytes)
            }, options: EtcdConnection.options)
        log.notice(
            "own peer registered",
            metadata: [
                "peer": "\(peer.id)", "addresses": "\(peer.addresses.joined(separator: " "))",
            ])
    }

    private func value(_ key: String) async throws -> [UInt8]? {
        let reply = try await etcd.kv.range(
            .with { $0.key = Data(key.utf8) }, options: EtcdConnection.options)
        return reply.kvs.first.map { Array($0.value) }
    }

    /// 32 random bytes as hex.
    private static func secret() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return Array(bytes.hexadecimal.utf8)
    }
}
