import FoundationEssentials
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
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError(call: "open \(temporary)", code: errno) }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, secret, secret.count) == secret.count else {
            throw SystemError(call: "write \(temporary)", code: errno)
        }
        // Without the group, or the right to give a file to it, it stays root's.
        if let group = UserDatabase.group(named: adminGroup),
            fchown(descriptor, .max, group.id) == 0
        {
            fchmod(descriptor, 0o640)
        }
        guard rename(temporary, path) == 0 else {
            throw SystemError(call: "rename \(path)", code: errno)
        }
    }
}

/// A call that the system refused.
struct SystemError: Error, CustomStringConvertible {
    var call: String
    var code: Int32

    var description: String { "\(call): \(String(cString: strerror(code)))" }
}
