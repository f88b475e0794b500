import Glibc
import LocalSocket
import Logging
import NIOPosix
import Polling
import RPCTransport
import ServiceLifecycle

/// Accepts on the shared port and looks at the first bytes of each connection without taking them:
/// SunRPC stays here, HTTP and TLS go to gd2-rest by descriptor.
struct FrontDoor: Service {
    let listener: Int32
    let firstByteSeconds: Int
    let sender: DescriptorSender
    let peers: TCPPeer
    let server: RPCServer
    let log: Logger

    func run() async throws {
        let (accepted, continuation) = AsyncStream.makeStream(
            of: Int32.self, bufferingPolicy: .bufferingOldest(Limits.connectionsWaiting))
        let (closing, stop) = (StopFlag(), StopFlag())
        let threads = NIOThreadPool(numberOfThreads: 1)
        let handover = NIOThreadPool(numberOfThreads: Limits.handoverThreads)
        threads.start()
        handover.start()
        let (door, log, sender) = (self, log, sender)
        threads.submit { state in
            guard case .active = state else { return }
            var loop = PeekLoop(
                listener: door.listener, firstByteSeconds: door.firstByteSeconds, log: log)
            let handedOver = OpenConnections(atMost: Limits.connectionsWaiting)
            loop.run(accepting: closing, until: stop) { descriptor, kind in
                switch kind {
                case .sunRPC:
                    if case .dropped(let descriptor) = continuation.yield(descriptor) {
                        close(descriptor)
                    }
                case .http, .tls:
                    guard handedOver.enter() else {
                        close(descriptor)
                        return
                    }
                    handover.submit { _ in
                        Self.handOver(descriptor, isPlain: kind == .http, sender, log)
                        handedOver.leave()
                    }
                case .unknown: close(descriptor)
                }
            }
            continuation.finish()
        }
        await withDiscardingTaskGroup { group in
            group.addTask {
                guard (try? await gracefulShutdown()) != nil else { return }
                // Who comes now waits in the queue of systemd's socket for the next run; who was
                // let in is answered.
                closing.set()
                try? await Task.sleep(for: Limits.drainTime)
                stop.set()
            }
            let open = OpenConnections(atMost: RPCTransport.Limits.connectionsMax)
            for await descriptor in accepted {
                let peer = peers.of(descriptor)
                guard open.enter() else {
                    log.warning("too many connections", metadata: ["client": "\(peer)"])
                    close(descriptor)
                    continue
                }
                group.addTask {
                    await server.serve(descriptor: descriptor, peer: peer)
                    open.leave()
                }
            }
            group.cancelAll()
        }
        try await handover.shutdownGracefully()
        try await threads.shutdownGracefully()
        close(listener)
    }

    private static func handOver(
        _ descriptor: Int32, isPlain: Bool, _ sender: DescriptorSender, _ log: Logger
    ) {
        defer { close(descriptor) }
        do { try sender.send(descriptor) } catch {
            log.warning("HTTP connection not handed over", metadata: ["error": "\(error)"])
            guard isPlain else { return }
            let body = #"{"errors":[{"code":1,"message":"gd2-rest does not answer"}]}"#
            let text =
                "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                + body
            let bytes = Array(text.utf8)
            _ = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
        }
    }
}

/// poll(2) on the listener and on connections that have not said yet what they speak.
struct PeekLoop {
    private let listener: Int32
    private let limit: Duration
    private let log: Logger
    private let waitingMax = OpenConnections.bounded(Limits.connectionsWaiting)
    private var waiting: [Int32: ContinuousClock.Instant] = [:]
    /// Until then nothing is accepted: there are no descriptors.
    private var pausedUntil: ContinuousClock.Instant?
    private let clock = ContinuousClock()
    /// POLLRDHUP (poll(2)) is beside: the other end writes no more.
    private static let readable = Int16(POLLIN) | 0x2000

    init(listener: Int32, firstByteSeconds: Int, log: Logger) {
        self.listener = listener
        self.log = log
        limit = .seconds(firstByteSeconds)
    }

    /// Gives each connection away with what it speaks. A descriptor belongs to `give` from then on.
    mutating func run(
        accepting closing: StopFlag, until stop: StopFlag, give: (Int32, FirstBytes) -> Void
    ) {
        while !stop.isSet {
            if let end = pausedUntil, end <= clock.now { pausedUntil = nil }
            let isClosing = closing.isSet
            // What is readable for good is not polled again.
            let doors = [
                isClosing || pausedUntil != nil ? -1 : listener,
                isClosing ? -1 : closing.waker.descriptor, stop.waker.descriptor,
            ]
            var polled = doors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            polled += waiting.keys.map { pollfd(fd: $0, events: Self.readable, revents: 0) }
            let count = poll(&polled, nfds_t(polled.count), timeoutMs([closing, stop]))
            guard count >= 0 else { continue }
            for entry in polled.dropFirst(doors.count) where entry.revents != 0 {
                // Who will say no more cannot make itself understood.
                let isLast = entry.revents & ~Int16(POLLIN) != 0
                look(entry.fd, isLast: isLast, give)
            }
            closeOverdue()
            // Last: a descriptor that was closed here may come back as another connection.
            if polled[0].revents != 0, !closing.isSet { acceptAll(give) }
        }
        for descriptor in waiting.keys { close(descriptor) }
    }

    /// Until somebody has said nothing for too long, or connections are accepted again.
    private func timeoutMs(_ flags: [StopFlag]) -> Int32 {
        let last = flags.map(\.waker.timeoutMs).max() ?? -1
        let ends = [waiting.values.min().map { $0 + limit }, pausedUntil].compactMap { $0 }
        guard let end = ends.min() else { return last }
        // Never just before.
        let left = (end - clock.now) / .milliseconds(1) + 1
        let longest = last < 0 ? Int32.max : last
        return Int32(min(max(left, 0), Double(longest)))
    }

    private mutating func acceptAll(_ give: (Int32, FirstBytes) -> Void) {
        for _ in 0..<Limits.acceptsAtOnce {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else {
                if errno == EMFILE || errno == ENFILE { pause() }
                return
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            var on: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, 4)
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
            waiting[descriptor] = clock.now
            look(descriptor, isLast: false, give)
        }
        makeRoom()
    }

    /// Who has said nothing for longest makes way: silent connections keep nobody out.
    private mutating func makeRoom() {
        guard waiting.count > waitingMax else { return }
        let oldest = waiting.sorted { $0.value < $1.value }
        for (descriptor, _) in oldest.prefix(waiting.count - waitingMax * 7 / 8) {
            waiting[descriptor] = nil
            close(descriptor)
        }
    }

    private mutating func pause() {
        log.warning(
            "no connection accepted: too many open files",
            metadata: ["waiting": "\(waiting.count)"])
        pausedUntil = clock.now + Limits.acceptPause
    }

    private mutating func look(
        _ descriptor: Int32, isLast: Bool, _ give: (Int32, FirstBytes) -> Void
    ) {
        var bytes = [UInt8](repeating: 0, count: FirstBytes.needed)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_PEEK))
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        let kind = count > 0 ? FirstBytes(bytes.prefix(count)) : nil
        guard count > 0, kind != nil || !isLast else {
            waiting[descriptor] = nil
            close(descriptor)
            return
        }
        guard let kind else {
            // poll(2) would report the peeked bytes again and again.
            setLowWater(descriptor, Int32(count) + 1)
            return
        }
        setLowWater(descriptor, 1)
        waiting[descriptor] = nil
        give(descriptor, kind)
    }

    private func setLowWater(_ descriptor: Int32, _ count: Int32) {
        var count = count
        setsockopt(descriptor, SOL_SOCKET, SO_RCVLOWAT, &count, 4)
    }

    private mutating func closeOverdue() {
        let now = clock.now
        for (descriptor, since) in waiting where now - since > limit {
            waiting[descriptor] = nil
            close(descriptor)
        }
    }
}
