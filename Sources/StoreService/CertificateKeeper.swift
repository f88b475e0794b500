import AuthorityExchange
import Certificates
import EtcdProcess
import FoundationEssentials
import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI

/// Renews the certificates before they end, then stops this program, so that it is started with
/// them; says so when the clock is set to a time before them, in which etcd cannot be reached.
struct CertificateKeeper: Service {
    let node: NodeParts
    let local: EtcdCertificates
    let upstream: Upstream

    private var log: Logger { node.log }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isBehind = false
            while true {
                isBehind = self.checkClock(wasBehind: isBehind)
                do { try await Task.sleep(for: Limits.certificateLookEvery) } catch { return }
                do {
                    let isLocal = try self.local.prepare(now: Date())
                    let isOwn = try await self.renewOwn()
                    guard isLocal || isOwn else { continue }
                } catch {
                    self.log.error("certificates not renewed", metadata: ["error": "\(error)"])
                    continue
                }
                self.log.notice("certificates renewed")
                self.node.restart.soon()
            }
        }
    }

    /// A member signs for itself; others ask a voter.
    private func renewOwn() async throws -> Bool {
        let limit = Date().addingTimeInterval(30 * 86_400)
        if let own = node.certificates.own, own.lasts(until: limit) { return false }
        // An exchange of the authorities makes new ones anyhow.
        if let exchange = node.peers.exchange, exchange.phase != .done { return false }
        let hosts = node.peers.peer(node.own)?.addresses ?? []
        if node.certificates.nodeAuthority != nil {
            return try node.certificates.prepare(
                peer: node.own, hosts: hosts + ["localhost", "127.0.0.1"], isFounding: false,
                now: Date())
        }
        guard let voter = node.peers.otherVoters.lazy.compactMap(node.peers.peer).first else {
            throw StoreServiceError.noAuthority
        }
        try await AuthorityFollower.ask(voter, node).save(node.certificates.directory, "node")
        return true
    }

    private func checkClock(wasBehind: Bool) -> Bool {
        let now = Date()
        guard let begin = local.begin, now < begin else {
            if wasBehind { log.notice("clock is right again") }
            return false
        }
        if !wasBehind {
            log.error(
                "clock is behind the store's certificates",
                metadata: [
                    "clock": "\(now.formatted(.iso8601))",
                    "valid-from": "\(begin.formatted(.iso8601))",
                ])
        }
        return true
    }
}
