import FoundationEssentials
import Logging
import ServiceLifecycle
import Synchronization
import VolumeOptions
import XlatorTables

/// The option table in force: the one of the installed xlators as soon as that was read, and until
/// then, or where no GlusterFS is installed, the one that is built in.
final class InstalledOptionTable: Service {
    private let table = Mutex(OptionTable.standard)
    private let folder: String
    private let cache: TableCache
    private let helper: TableHelper
    private let log: Logger

    /// `folder` empty: where GlusterFS is installed.
    init(folder: String, cache: TableCache, helper: TableHelper = TableHelper(), log: Logger) {
        self.folder = folder
        self.cache = cache
        self.helper = helper
        self.log = log
    }

    var current: OptionTable { table.withLock { $0 } }

    func run() async {
        await cancelWhenGracefulShutdown {
            var tried: (stamp: XlatorFolder.Stamp?, times: Int) = (nil, 0)
            while !Task.isCancelled {
                let folder = self.found()
                let stamp = folder?.stamp()
                if stamp != tried.stamp { tried = (stamp, 0) }
                if tried.times < XlatorTables.Limits.tries {
                    let isDone = await self.read(folder, stamp)
                    tried.times = isDone ? XlatorTables.Limits.tries : tried.times + 1
                }
                try? await Task.sleep(for: XlatorTables.Limits.lookEvery)
            }
        }
    }

    private func found() -> XlatorFolder? {
        folder.isEmpty ? .installed() : XlatorFolder(path: folder)
    }

    /// Whether it need not be tried again before the files change.
    private func read(_ folder: XlatorFolder?, _ stamp: XlatorFolder.Stamp?) async -> Bool {
        guard let folder, let stamp else {
            table.withLock { $0 = .standard }
            log.info("built-in option table in use", metadata: ["reason": "no xlators found"])
            return true
        }
        do {
            if let table = try cache.load(for: stamp) {
                use(table, stamp, from: "cache")
                return true
            }
        } catch {
            log.warning(
                "option table cache not used",
                metadata: ["file": "\(cache.path)", "error": "\(error)"])
        }
        do {
            let table = try await helper.table(of: folder)
            for failure in table.failures {
                log.warning(
                    "xlator not read",
                    metadata: ["xlator": "\(failure.xlator)", "error": "\(failure.error)"])
            }
            use(table, stamp, from: "xlators")
            // An incomplete one may be complete the next time.
            if table.failures.isEmpty { try cache.save(table, for: stamp) }
            return true
        } catch is CancellationError {
            return false
        } catch {
            log.warning(
                "option tables of xlators not read",
                metadata: ["folder": "\(folder.path)", "error": "\(error)"])
            return false
        }
    }

    private func use(_ installed: XlatorTable, _ stamp: XlatorFolder.Stamp, from source: String) {
        let merged = OptionTable.standard.merging(installed.options)
        table.withLock { $0 = merged }
        log.info(
            "option table of installed xlators in use",
            metadata: [
                "version": "\(stamp.version)", "source": "\(source)",
                "xlators": "\(installed.xlators.count)",
            ])
    }
}
