import EtcdAPI
import GRPCCore
import Logging
import ServiceLifecycle
import StoreAPI
import SwiftProtobuf

/// Remembers that this node's etcd has run, and looks whether it still has its data: without it
/// none is started, which would look like a cluster without volumes.
struct MemberDataKeeper: Service {
    let node: NodeParts
    let etcd: EtcdConnection
    let upstream: Upstream

    /// What is known of a loss.
    private struct Loss {
        var text: String
        var since: ContinuousClock.Instant
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var loss: Loss?
            var failed = ""
            while !Task.isCancelled {
                do {
                    loss = try await self.look(loss)
                    failed = ""
                } catch {
                    if failed != "\(error)", !Task.isCancelled {
                        self.node.log.warning(
                            "file of state not written", metadata: ["error": "\(error)"])
                    }
                    failed = "\(error)"
                }
                do { try await Task.sleep(for: Limits.membershipEvery) } catch { return }
            }
        }
    }

    private func look(_ known: Loss?) async throws -> Loss? {
        try await node.role.mendRoleFile()
        guard let text = await node.role.dataLoss else {
            try await noteRun()
            return nil
        }
        let loss = known ?? Loss(text: text, since: .now)
        if known?.text != text {
            node.log.error("data of the store is gone", metadata: ["error": "\(text)"])
        }
        // Other members have all that it had, and what it has voted for is of no matter once they
        // have taken it out.
        let isServed = upstream.answers && !upstream.answersDirectly
        if isServed, .now - loss.since > Limits.dataGone {
            node.log.notice("lost data of the store given up")
            try await node.role.discard()
        } else if !node.state.status.available {
            node.state.status.message = text
        }
        return Loss(text: text, since: loss.since)
    }

    private func noteRun() async throws {
        guard let record = await node.role.record, record.member != nil, record.hasRun != true
        else { return }
        var options = EtcdConnection.options
        options.timeout = Limits.upstreamLook
        guard let status = try? await etcd.maintenance.status(.init(), options: options),
            status.header.memberID != 0
        else { return }
        try await node.role.noteRun(of: status.header.memberID)
    }
}
