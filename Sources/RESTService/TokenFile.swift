import DurableFile
import Glibc
import Logging
import ServiceLifecycle
import StoreAPI
import StoreMirror

/// Writes the secret that tokens are signed with where GD2's clients look for it: `auth` in the
/// state directory, readable by root and the admin group alone.
struct TokenFile: Service {
    let path: String
    let adminGroup: String
    let mirror: StoreMirror
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var written: [UInt8]?
            for await view in mirror.changes() {
                guard let key = view.identity?.keys.restTokenSecret,
                    let secret = view.values[key]?.value, secret != written
                else { continue }
                written = secret
                do { try write(secret) } catch {
                    log.warning("token secret not written", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    private func write(_ secret: [UInt8]) throws {
        try DurableFile.replace(path, with: secret) { descriptor in
            // Without the group, or the right to give a file to it, it stays root's.
            if let group = UserDatabase.group(named: adminGroup),
                fchown(descriptor, .max, group.id) == 0
            {
                fchmod(descriptor, 0o640)
            }
        }
    }
}
