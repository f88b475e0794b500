import FoundationEssentials
import Synchronization

/// The nodes that an operator at this node has asked to join, by the fingerprints of the keys that
/// they were handed. Each may join once, here: nobody else has to know of it, so it does not stand
/// in the store as a token does.
final class Invitations: Sendable {
    private let open = Mutex<[String: Date]>([:])

    /// Lets the holder of the key join until then.
    func add(_ fingerprint: String, until: Date) { open.withLock { $0[fingerprint] = until } }

    func isOpen(_ fingerprint: String, now: Date) -> Bool {
        open.withLock { ($0[fingerprint] ?? .distantPast) > now }
    }

    func end(_ fingerprint: String) { open.withLock { $0[fingerprint] = nil } }

    /// Runs `body` for the one that joins by it; false: it was used or is over. It is used up
    /// unless `body` throws.
    func use<Value>(
        _ fingerprint: String, now: Date, _ body: () async throws -> Value
    ) async throws -> Value? {
        let until = open.withLock { open in
            let until = open.removeValue(forKey: fingerprint)
            return (until ?? .distantPast) > now ? until : nil
        }
        guard let until else { return nil }
        do { return try await body() } catch {
            add(fingerprint, until: until)
            throw error
        }
    }
}
