import CXlator
import FoundationEssentials
import Glibc

/// Reads all xlators of a folder, each in a process of its own: what one of them does when it is
/// loaded stays there. For a program that does nothing else, since it forks.
public enum FolderReader {
    public static func read(_ folder: XlatorFolder) -> XlatorTable {
        let clock = ContinuousClock()
        let end = clock.now + Limits.folderTime
        var xlators: [XlatorTable.Xlator] = []
        var failures: [XlatorTable.Failure] = []
        for library in folder.libraries() {
            do throws(LibraryError) {
                guard clock.now < end else { throw .notReached }
                xlators.append(try read(library, clock))
            } catch {
                failures.append(
                    XlatorTable.Failure(xlator: library.name, error: error.description))
            }
        }
        return XlatorTable(folder: folder.path, xlators: xlators, failures: failures)
    }

    private static func read(
        _ library: XlatorFolder.Library, _ clock: ContinuousClock
    ) throws(LibraryError) -> XlatorTable.Xlator {
        var ends: [Int32] = [0, 0]
        guard gd2_xlator_pipe(&ends, 1) == 0 else { throw .fork(errno: errno) }
        let child = gd2_xlator_fork(Limits.xlatorCPUSeconds, Limits.xlatorMemoryBytes)
        if child == 0 {
            close(ends[0])
            answer(library, to: ends[1])
        }
        let code = errno
        close(ends[1])
        defer { close(ends[0]) }
        guard child > 0 else { throw .fork(errno: code) }
        let answered = Result { () throws(LibraryError) in
            try collect(from: ends[0], until: clock.now + Limits.xlatorTime, clock)
        }
        // It may hang in a destructor, or have closed its end and gone on.
        kill(child, SIGKILL)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard case .success(let bytes) = answered, let kind = bytes.first else {
            if case .failure(let error) = answered { throw error }
            let signal = status & 0x7f
            throw signal == 0 ? .exit(status >> 8 & 0xff) : .signal(signal)
        }
        guard kind == Kind.options.rawValue else {
            throw .notLoaded(String(decoding: bytes.dropFirst(), as: UTF8.self))
        }
        do throws(XlatorTableError) {
            var xlator = try XlatorTable.Xlator(parsing: Array(bytes.dropFirst()))
            (xlator.name, xlator.aliases) = (library.name, library.aliases)
            return xlator
        } catch { throw .damaged(error) }
    }

    /// The first byte of a child's answer.
    private enum Kind: UInt8 {
        case options = 0x6f
        case error = 0x65
    }

    /// The whole life of a child.
    private static func answer(_ library: XlatorFolder.Library, to descriptor: Int32) -> Never {
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        for standard in 0...2 as ClosedRange<Int32> { dup2(nothing, standard) }
        var bytes: [UInt8]
        do {
            let xlator = try LibraryReader.read(library)
            bytes = [Kind.options.rawValue] + Array(try JSONEncoder().encode(xlator))
        } catch let error as LibraryError {
            bytes = [Kind.error.rawValue] + Array(error.description.utf8)
        } catch {
            bytes = [Kind.error.rawValue] + Array("\(error)".utf8)
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { _exit(1) }
            rest = rest.dropFirst(count)
        }
        // Without the library's destructors.
        _exit(0)
    }

    private static func collect(
        from descriptor: Int32, until end: ContinuousClock.Instant, _ clock: ContinuousClock
    ) throws(LibraryError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let left = (end - clock.now) / .milliseconds(1)
            guard left > 0 else { throw .timedOut }
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Int32(left.rounded(.up))) > 0 else { continue }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= Limits.xlatorBytes else { throw .tooLong }
        }
    }
}
