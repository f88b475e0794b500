import FoundationEssentials
import Glibc

/// The processes of this host, from proc(5).
public enum ProcessTable {
    public struct Entry: Hashable, Sendable {
        public var pid: Int32
        public var words: [String]

        /// The word after `flag`.
        public func value(after flag: String) -> String? {
            words.firstIndex(of: flag).flatMap { index in
                index + 1 < words.count ? words[index + 1] : nil
            }
        }
    }

    /// How long ago a process was started; nil when there is none (proc_pid_stat(5), field 22).
    public static func age(of pid: Int32) -> Duration? {
        guard let data = ProcFile.contents(of: "/proc/\(pid)/stat"),
            // The program's name, in brackets, may contain blanks and brackets itself.
            let end = data.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = data[end...].split(separator: UInt8(ascii: " "))
        guard fields.count > 20, let ticks = Int64(String(decoding: fields[20], as: UTF8.self))
        else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        let ticksPerSecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
        return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
            - .milliseconds(ticks * 1000 / ticksPerSecond)
    }

    /// Running processes whose program is called `name`; a zombie has no words and is left out.
    public static func processes(named names: Set<String>) -> [Entry] {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.compactMap { Int32($0) }.sorted().compactMap { pid in
            guard let data = ProcFile.contents(of: "/proc/\(pid)/cmdline") else { return nil }
            // Of a host's thousands of processes few are of these names.
            let program = data.prefix { $0 != 0 }.split(separator: UInt8(ascii: "/")).last ?? []
            guard names.contains(String(decoding: program, as: UTF8.self)) else { return nil }
            let words = data.split(separator: 0, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            return Entry(pid: pid, words: words)
        }
    }

    /// The boot that this is (`/proc/sys/kernel/random/boot_id`).
    public static func bootID() -> String {
        let text = ProcFile.contents(of: "/proc/sys/kernel/random/boot_id") ?? []
        return String(decoding: text, as: UTF8.self).filter { $0 != "\n" }
    }
}
