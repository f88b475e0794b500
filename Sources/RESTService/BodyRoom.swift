import GD2Error
import Synchronization

/// The memory for bodies of requests, all together. Small ones have room of their own: a few large
/// ones keep no change of some words out.
final class BodyRoom: Sendable {
    private struct Taken {
        var small = 0
        var large = 0

        /// The part of the room where a body of so many bytes is.
        subscript(of bytes: Int) -> Int {
            get { bytes <= Limits.smallBodyBytes ? small : large }
            set {
                if bytes <= Limits.smallBodyBytes { small = newValue } else { large = newValue }
            }
        }
    }

    private let taken = Mutex(Taken())
    private let limit: Int

    /// `atMost`: bytes of large bodies, and as many of small ones.
    init(atMost limit: Int = Limits.bodiesBytes) { self.limit = limit }

    /// Gives a body of `before` bytes room for `bytes`; false where there is none.
    fileprivate func take(_ bytes: Int, insteadOf before: Int) -> Bool {
        taken.withLock { taken in
            var next = taken
            next[of: before] -= before
            next[of: bytes] += bytes
            // What shrinks always fits.
            guard bytes < before || (next.small <= limit && next.large <= limit) else {
                return false
            }
            taken = next
            return true
        }
    }
}

/// What one body has of the room, until it is given back.
struct BodyShare {
    private let room: BodyRoom
    private var bytes = 0

    init(of room: BodyRoom) { self.room = room }

    /// Before so much of the body is in memory.
    mutating func grow(to bytes: Int) throws(GD2Error) {
        guard bytes > self.bytes else { return }
        guard room.take(bytes, insteadOf: self.bytes) else {
            throw GD2Error(
                .unavailable,
                "the bodies of other requests take all the memory that there is for them: "
                    + "send this one again in a moment")
        }
        self.bytes = bytes
    }

    mutating func giveBack() {
        _ = room.take(0, insteadOf: bytes)
        bytes = 0
    }
}
