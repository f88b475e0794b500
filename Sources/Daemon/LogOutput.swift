import CSystemd
import Glibc
import Logging
import Synchronization

/// Where log lines go: the journal with its fields when stderr is the journal, else text to stderr.
struct LogOutput: LogHandler {
    var metadata: Logger.Metadata = [:]
    private let label: String
    private let level: SharedLevel
    private let toJournal: Bool

    init(label: String, level: SharedLevel, toJournal: Bool) {
        self.label = label
        self.level = level
        self.toJournal = toJournal
    }

    /// One level for all loggers, so that a reload changes it everywhere.
    var logLevel: Logger.Level {
        get { level.value }
        set { level.value = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let fields = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        let values = fields.map { " \($0.0)=\($0.1)" }.joined()
        if toJournal {
            Self.sendToJournal(event.level, "\(event.message)\(values)", fields)
        } else {
            let line = Array("\(label): \(event.level): \(event.message)\(values)\n".utf8)
            line.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }
    }

    /// `JOURNAL_STREAM` is the device and inode of what systemd connected (systemd.exec(5)).
    static func stderrIsJournal(_ environment: [String: String]) -> Bool {
        var status = stat()
        guard let stream = environment["JOURNAL_STREAM"], fstat(STDERR_FILENO, &status) == 0
        else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    private static func sendToJournal(
        _ level: Logger.Level, _ message: String, _ fields: [(String, String)]
    ) {
        var lines = ["MESSAGE=\(message)", "PRIORITY=\(level.priority)"]
        for (key, value) in fields {
            let name = key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 }
            lines.append("\(String(name))=\(value)")
        }
        let buffers = lines.map { line in
            let bytes = UnsafeMutableRawBufferPointer.allocate(
                byteCount: line.utf8.count, alignment: 1)
            bytes.copyBytes(from: line.utf8)
            return iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        }
        defer { for buffer in buffers { buffer.iov_base?.deallocate() } }
        _ = sd_journal_sendv(buffers, Int32(buffers.count))
    }
}

/// The level that all loggers of the process share.
final class SharedLevel: Sendable {
    private let level: Mutex<Logger.Level>

    init(_ level: Logger.Level) { self.level = Mutex(level) }

    var value: Logger.Level {
        get { level.withLock { $0 } }
        set { level.withLock { $0 = newValue } }
    }
}

extension Logger.Level {
    /// syslog(3).
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
