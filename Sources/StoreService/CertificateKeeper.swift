import EtcdProcess
import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle

/// Renews the certificates before they end, then stops this program, so that it is started with
/// them; says so when the clock is set to a time before them, in which etcd cannot be reached.
struct CertificateKeeper: Service {
    let certificates: EtcdCertificates
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isBehind = false
            while true {
                isBehind = self.checkClock(wasBehind: isBehind)
                do { try await Task.sleep(for: Limits.certificateLookEvery) } catch { return }
                do {
                    guard try self.certificates.prepare(now: Date()) else { continue }
                } catch {
                    self.log.error("certificates not renewed", metadata: ["error": "\(error)"])
                    continue
                }
                self.log.notice("certificates renewed, starting anew")
                kill(getpid(), SIGTERM)
            }
        }
    }

    private func checkClock(wasBehind: Bool) -> Bool {
        let now = Date()
        guard let begin = certificates.begin, now < begin else {
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
