import EtcdAPI
import FoundationEssentials
import GRPCCore
import SwiftProtobuf
import Synchronization

/// One endpoint of the external etcd, and what it said last.
final class ExternalEndpoint: Sendable {
    struct Seen: Sendable {
        /// Nil: it did not answer the last look.
        var status: Etcdserverpb_StatusResponse?
        /// Why it does not serve; nil: it does.
        var problem: String? = "it was not asked yet"
        /// Whether it serves, but is not the etcd that has this cluster.
        var isRefused = false
    }

    let url: EndpointURL
    let gate = EndpointGate()
    let connection: EtcdConnection
    private let seen = Mutex(Seen())
    /// Why its certificate was refused last.
    private let refusal: CertificateRefusal

    init(_ url: EndpointURL, _ tls: EndpointTLS) throws {
        let refusal = CertificateRefusal()
        self.url = url
        self.refusal = refusal
        connection = try EtcdConnection(
            endpoint: url, security: tls.security(to: url) { refusal.reason = $0 }, gate: gate)
    }

    var last: Seen { seen.withLock { $0 } }

    /// Why it does not serve; nil: it does.
    var problem: String? { last.problem }

    /// Asks it how it is, which each etcd answers for itself, and for `key`, which takes a quorum.
    /// Nil: the second was not answered.
    func look(reading key: String) async -> Etcdserverpb_RangeResponse? {
        await EndpointGate.$isLooking.withValue(true) {
            var options = EtcdConnection.options
            options.timeout = Limits.upstreamLook
            let status: Etcdserverpb_StatusResponse
            do {
                status = try await connection.maintenance.status(.init(), options: options)
                refusal.reason = nil
            } catch {
                failed(error, nil)
                return nil
            }
            do {
                let reply = try await connection.kv.range(
                    .with { $0.key = Data(key.utf8) }, options: options)
                served(status)
                return reply
            } catch {
                failed(error, status)
                return nil
            }
        }
    }

    /// False: that is news.
    func refuse(_ reason: String) -> Bool {
        let isKnown = gate.reason == reason
        gate.reason = reason
        seen.withLock { seen in
            seen.problem = reason
            seen.isRefused = true
        }
        return isKnown
    }

    private func served(_ status: Etcdserverpb_StatusResponse) {
        let alarms = status.errors.joined(separator: ", ")
        let next = Seen(status: status, problem: alarms.isEmpty ? nil : alarms)
        seen.withLock { $0 = next }
    }

    private func failed(_ error: any Error, _ status: Etcdserverpb_StatusResponse?) {
        var next = Seen(status: status, problem: refusal.reason ?? CallFailure.text(error))
        if let status {
            // It is an etcd that answers: what else can be the matter is its quorum or our rights.
            if status.leader == 0 { next.problem = "it has no leader" }
        } else if (error as? RPCError)?.code != .deadlineExceeded {
            // Another may come back at its address.
            gate.reason = next.problem
        }
        let final = next
        seen.withLock { $0 = final }
    }
}

private final class CertificateRefusal: Sendable {
    private let text = Mutex<String?>(nil)

    var reason: String? {
        get { text.withLock { $0 } }
        set { text.withLock { $0 = newValue } }
    }
}
