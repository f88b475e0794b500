public import GD2Error
import Glibc

/// The process's standard streams.
public enum StandardStreams {
    /// To be called first: keeps the numbers of streams that are closed from what is opened later,
    /// which would get the answer. Such a stream still fails as a closed one.
    public static func keep() {
        let opposite = [
            (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY),
        ]
        for (number, mode) in opposite where fcntl(number, F_GETFD) == -1 {
            // From the lowest on, so that the number that is free is this one.
            _ = open("/dev/null", mode)
        }
    }

    /// Standard output, at once and all of it. `what`: what is lost where that is impossible.
    public static func write(_ text: String, as what: String = "the answer") throws(GD2Error) {
        try write(text, to: STDOUT_FILENO, as: what)
    }

    /// One line on standard error; nobody can be told that it failed.
    public static func writeError(_ line: String) {
        try? write(line + "\n", to: STDERR_FILENO, as: "the line")
    }

    /// A reader that went away, as `head` does, has what it wanted.
    static func write(_ text: String, to output: Int32, as what: String) throws(GD2Error) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let (count, failure) = rest.withUnsafeBytes { bytes in
                let count = Glibc.write(output, bytes.baseAddress, bytes.count)
                return (count, count < 0 ? errno : 0)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch failure {
            case EINTR: continue
            case EAGAIN:
                var waiting = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
            case EPIPE: return
            default:
                let reason = String(cString: strerror(failure))
                throw GD2Error(.internal, "\(what) could not be written: \(reason)")
            }
        }
    }
}

/// Standard output, at once.
func write(_ text: String) throws(GD2Error) { try StandardStreams.write(text) }

/// One line on standard error.
func writeError(_ line: String) { StandardStreams.writeError(line) }

/// Writes an answer that cannot be had again; a failure says what there is all the same.
func writing(orElse note: String, _ body: () throws -> Void) throws {
    do { try body() } catch let error as GD2Error {
        throw GD2Error(error.code, "\(error.message): \(note)")
    }
}
