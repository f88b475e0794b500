import EventLoopTasks
import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Listening
import LocalSocket
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// Serves HTTP on `rest.sock`, and on connections that gd2-pmap hands over, in the clear or by TLS.
struct HTTPServer: Service {
    let listener: Int32
    let handover: DescriptorReceiver
    let responder: Responder
    let tls: TLSKeeper
    let log: Logger

    private static let configuration = HTTP1Channel.Configuration(
        additionalChannelHandlers: [LingeringClose()],
        idleTimeout: .seconds(Limits.idleSeconds))
    private static let reads = AdaptiveRecvByteBufferAllocator(
        minimum: 512, initial: 2_048, maximum: Limits.readBytes)

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await serveLocal() }
            group.addTask { try await serveNetwork() }
        }
    }

    private func serveLocal() async throws {
        let child = HTTP1Channel(
            responder: { request, writer, channel in
                let caller = try await Caller.local(channel)
                try await Self.write(responder.respond(to: request, from: caller), writer)
            }, configuration: Self.configuration)
        let door = Listener(log: log)
        let server = try await ServerBootstrap(group: httpLoops)
            .serverChannelInitializer(door.install)
            // NIO listens anew, with a queue of 128 if it is not told.
            .serverChannelOption(.backlog, value: Limits.backlog)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: Self.reads)
            .bind(listener) { channel in child.setup(channel: channel, logger: log) }
        let listening = server.channel
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try await gracefulShutdown()
                await door.stopAccepting()
                try await Task.sleep(for: Limits.drainTime)
                try await listening.close()
            }
            let open = OpenConnections(atMost: Limits.connectionsMax)
            try await server.executeThenClose { connections in
                for try await connection in connections {
                    guard open.enter() else {
                        try? await connection.channel.close()
                        continue
                    }
                    group.addTask {
                        await onEventLoop(of: connection.channel.eventLoop) {
                            await child.handle(value: connection, logger: log)
                        }
                        open.leave()
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func serveNetwork() async throws {
        let plain = HTTP1Channel(
            responder: { request, writer, channel in
                let address = channel.remoteAddress.map { "\($0)" } ?? "?"
                let caller = Caller(origin: .network(address))
                try await Self.write(responder.respond(to: request, from: caller), writer)
            }, configuration: Self.configuration)
        var secure = try Secure(plain, tls.configuration)
        await withDiscardingTaskGroup { group in
            group.addTask {
                guard (try? await gracefulShutdown()) != nil else { return }
                handover.stop()
            }
            let open = OpenConnections(atMost: Limits.connectionsMax)
            let arriving = handover.connections(
                limit: Limits.connectionsWaiting, refused: Self.refused(log))
            for await descriptor in arriving {
                if let newer = try? secure.following(tls.configuration) { secure = newer }
                let channel = secure.channel
                guard open.enter() else {
                    close(descriptor)
                    continue
                }
                group.addTask {
                    defer { open.leave() }
                    if FirstByte.isTLS(descriptor) {
                        await serve(channel, descriptor)
                    } else {
                        await serve(plain, descriptor)
                    }
                }
            }
            try? await Task.sleep(for: Limits.drainTime)
            group.cancelAll()
        }
    }

    private static func refused(_ log: Logger) -> @Sendable (DescriptorFault) -> Void {
        { fault in
            if fault == .notConnected {
                log.debug("client gone before its connection came")
            } else {
                log.warning("descriptor refused", metadata: ["reason": "\(fault)"])
            }
        }
    }

    private func serve(_ child: some ServerChildChannel, _ descriptor: Int32) async {
        do {
            let value = try await ClientBootstrap(group: httpLoops)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelOption(.recvAllocator, value: Self.reads)
                .withConnectedSocket(descriptor) { channel in
                    child.setup(channel: channel, logger: log)
                }
            await onEventLoop(of: value.channel.eventLoop) {
                await child.handle(value: value, logger: log)
            }
        } catch {
            log.debug("connection not served", metadata: ["error": "\(error)"])
        }
    }

    /// A TLS channel, made anew only when the certificate has changed.
    private struct Secure {
        private let plain: HTTP1Channel
        private let configuration: TLSConfiguration
        let channel: TLSChannel<HTTP1Channel>

        init(_ plain: HTTP1Channel, _ configuration: TLSConfiguration) throws {
            self.plain = plain
            self.configuration = configuration
            channel = try TLSChannel(plain, tlsConfiguration: configuration)
        }

        func following(_ now: TLSConfiguration) throws -> Self? {
            configuration.bestEffortEquals(now) ? nil : try Secure(plain, now)
        }
    }

    @concurrent private static func write(
        _ response: Response, _ writer: consuming ResponseWriter
    ) async throws {
        let body = try await writer.writeHead(response.head)
        try await response.body.write(body)
    }
}
