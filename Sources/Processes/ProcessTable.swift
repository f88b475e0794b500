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

    /// Running processes whose program is called `name`; a zombie has no words and is left out.
    public static func processes(named names: Set<String>) -> [Entry] {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.compactMap { Int32($0) }.sorted().compactMap { pid in
            guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
                return nil
            }
            let words = data.split(separator: 0, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            guard let program = words.first?.split(separator: "/").last,
                names.contains(String(program))
            else { return nil }
            return Entry(pid: pid, words: words)
        }
    }

    /// The boot that this is (`/proc/sys/kernel/random/boot_id`).
    public static func bootID() -> String {
        let data = FileManager.default.contents(atPath: "/proc/sys/kernel/random/boot_id")
        return String(decoding: data ?? Data(), as: UTF8.self).filter { $0 != "\n" }
    }
}
