import CLinux
import Glibc
import NIOPosix
import Polling

/// Takes connected sockets from a ``DescriptorSender``.
public struct DescriptorReceiver: Sendable {
    static let accepted: UInt8 = 1
    static let full: UInt8 = 0

    private let listener: Int32
    private let done = StopFlag()

    /// Takes the ownership of `listener`, a listening SEQPACKET socket.
    public init(listening listener: Int32) { self.listener = listener }

    /// The sockets that come, for as long as the stream is read. At most `limit` wait; more are
    /// refused, which their sender answers with "too busy". What is no connected stream socket is
    /// closed and told to `refused`, on a thread of this receiver.
    public func connections(
        limit: Int, refused: @escaping @Sendable (DescriptorFault) -> Void = { _ in }
    ) -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Int32.self, bufferingPolicy: .bufferingOldest(limit))
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        let done = done
        continuation.onTermination = { _ in done.set() }
        pool.submit { state in
            guard case .active = state else { return }
            acceptForEver(continuation, done, refused)
            continuation.finish()
            close(listener)
            pool.shutdownGracefully { _ in }
        }
        return stream
    }

    /// Takes no more; what was taken is still given.
    public func stop() { done.set() }

    private func acceptForEver(
        _ continuation: AsyncStream<Int32>.Continuation, _ done: StopFlag,
        _ refused: (DescriptorFault) -> Void
    ) {
        while !done.isSet {
            var polled = [listener, done.waker.descriptor].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            let count = poll(&polled, nfds_t(polled.count), done.waker.timeoutMs)
            guard count > 0, polled[0].revents != 0 else { continue }
            let sender = accept(listener, nil, nil)
            guard sender >= 0 else {
                // Without a free descriptor poll(2) would say so again at once.
                if errno == EMFILE || errno == ENFILE { usleep(20_000) }
                continue
            }
            _ = fcntl(sender, F_SETFD, FD_CLOEXEC)
            do { try receive(from: sender, continuation) } catch { refused(error) }
            close(sender)
        }
    }

    private func receive(
        from sender: Int32, _ continuation: AsyncStream<Int32>.Continuation
    ) throws(DescriptorFault) {
        // A sender that connects and says nothing must not stop the others.
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(
            sender, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let descriptor = gd2_receive_descriptor(sender)
        guard descriptor >= 0 else { return }
        // A sender that waited too long has told the client so: the request must not run now.
        var other = pollfd(fd: sender, events: 0, revents: 0)
        guard poll(&other, 1, 0) == 0 else {
            close(descriptor)
            return
        }
        do { try DescriptorFault.check(descriptor) } catch {
            close(descriptor)
            // It is dealt with: its sender has no more to do.
            acknowledge(sender, Self.accepted)
            throw error
        }
        // Who looks at its first byte must not wait for one.
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var answer = Self.accepted
        if case .enqueued = continuation.yield(descriptor) {
        } else {
            answer = Self.full
            close(descriptor)
        }
        acknowledge(sender, answer)
    }

    private func acknowledge(_ sender: Int32, _ answer: UInt8) {
        var answer = answer
        Glibc.send(sender, &answer, 1, Int32(MSG_NOSIGNAL))
    }
}
