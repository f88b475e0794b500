import FoundationEssentials
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOSSL
import ServiceLifecycle
import Synchronization

/// Holds what HTTPS is served with, and reads it anew after a reload and before our own certificate
/// ends, for connections that come then.
final class TLSKeeper: Service {
    private let state: Mutex<TLSConfiguration>
    private let certificate: Mutex<ServerCertificate>
    private let host = ProcessInfo.processInfo.hostName
    private let log: Logger

    init(_ configuration: RESTConfiguration, log: Logger) throws {
        let first = ServerCertificate(configuration: configuration)
        state = Mutex(try first.tls(now: Date(), hostName: host))
        certificate = Mutex(first)
        self.log = log
    }

    var configuration: TLSConfiguration { state.withLock(\.self) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Limits.certificateLookEvery)) != nil {
                self.refresh()
            }
        }
    }

    func reload(_ configuration: RESTConfiguration) {
        certificate.withLock { $0 = ServerCertificate(configuration: configuration) }
        refresh()
    }

    private func refresh() {
        let source = certificate.withLock(\.self)
        do {
            let new = try source.tls(now: Date(), hostName: host)
            state.withLock { $0 = new }
        } catch {
            // The old one still serves.
            log.error("certificate not read", metadata: ["error": "\(error)"])
        }
    }
}
