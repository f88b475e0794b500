import Logging
import ServiceLifecycle
import StoreAPI
import StoreSchema

/// What the next version writes and this one does not know: a field of each volume's options that
/// does no harm to an older reader, and one that would, behind a gate.
struct Notes: Service {
    static let gate = FeatureGate("notes", schema: 3)

    let store: StoreClient
    let build: SuiteBuild
    let log: Logger

    private struct Options: Codable {
        var schema: Int
        var note: String?
        var gatedNote: String?
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var logged = ""
            while !Task.isCancelled {
                do { try await write() } catch {
                    if "\(error)" != logged {
                        log.notice("no notes", metadata: ["error": "\(error)"])
                    }
                    logged = "\(error)"
                }
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
            }
        }
    }

    private func write() async throws {
        let keys = try await store.identity().keys
        let found = try await store.list(prefix: keys.volumes).values.filter {
            $0.key.hasSuffix("/options")
        }
        for value in found {
            try await change(value) { if $0.note == nil { $0.note = build.version } }
        }
        try await FeatureGates(store: store, build: build).require(Self.gate)
        for value in found { try await change(value) { $0.gatedNote = build.version } }
    }

    /// One that is changed by somebody else meanwhile is tried again with the next look.
    private func change(_ value: KeyValue, _ body: (inout Options) -> Void) async throws {
        var options = try RecordCoding.decode(Options.self, from: value.value)
        body(&options)
        let bytes = try RecordCoding.encode(options, updating: value.value)
        guard bytes != value.value else { return }
        _ = try await store.txn(
            if: [.modRevision(key: value.key, equals: value.modRevision)],
            then: [.put(key: value.key, value: bytes)])
    }
}
