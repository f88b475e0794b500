public import NIOCore
import NIOHTTP2

/// Answers the peer's HTTP/2 PINGs below NIOHTTP2Handler, which never sees them.
///
/// grpc-go (etcd, etcdctl) sends a PING for nearly every call to measure the bandwidth;
/// NIOHTTP2Handler closes a connection after 200 control frames in 30 s, and neither grpc-swift's
/// client nor its server has a setting for that. An acknowledgement (RFC 9113 6.7) goes through.
final class PingShield: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The client's connection preface (RFC 9113 3.4), which is no frame.
    static let prefaceBytes = 24
    private static let headerBytes = 9
    private static let pingBytes = 8
    private static let pingType: UInt8 = 6
    private static let ackFlag: UInt8 = 1
    /// NIOHTTP2Handler's buffer grows to the largest piece that it was ever given, and a new one
    /// of that size is made whenever a frame out of it is still in use: from 256 KiB on a mapping
    /// of its own each time.
    private static let pieceBytes = 16 << 10

    /// The beginning of a frame header, or of a PING, that is not complete yet.
    private var held = ByteBuffer()
    /// Bytes that still pass unread: the preface, and payloads of frames that are no PING.
    private var passing: Int

    init(onServer: Bool) { passing = onServer ? Self.prefaceBytes : 0 }

    /// Puts a shield before the HTTP/2 handler of `channel`, on its event loop.
    static func install(on channel: any Channel, onServer: Bool) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let http2 = try channel.pipeline.syncOperations.handler(type: NIOHTTP2Handler.self)
            try channel.pipeline.syncOperations.addHandler(
                PingShield(onServer: onServer), position: .before(http2))
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var input = Self.unwrapInboundIn(data)
        if held.readableBytes > 0 {
            held.writeBuffer(&input)
            input = held
            held = ByteBuffer()
        }
        var through = ByteBuffer()
        through.reserveCapacity(input.readableBytes)
        var answered = false
        while input.readableBytes > 0 {
            if passing > 0 {
                let count = min(passing, input.readableBytes)
                passing -= count
                move(count, from: &input, to: &through)
                continue
            }
            guard let frame = Self.header(of: input) else { break }
            guard frame.isPing else {
                passing = Self.headerBytes + frame.payloadBytes
                continue
            }
            guard input.readableBytes >= Self.headerBytes + Self.pingBytes else { break }
            input.moveReaderIndex(forwardBy: Self.headerBytes)
            acknowledge(input.readSlice(length: Self.pingBytes) ?? ByteBuffer(), context)
            answered = true
        }
        held = ByteBuffer()
        held.writeBuffer(&input)
        pass(&through, context)
        if answered { context.flush() }
    }

    private func pass(_ through: inout ByteBuffer, _ context: ChannelHandlerContext) {
        while let piece = through.readSlice(
            length: min(through.readableBytes, Self.pieceBytes)), piece.readableBytes > 0
        { context.fireChannelRead(Self.wrapInboundOut(piece)) }
    }

    /// Copies: NIOSSLHandler reads into one buffer, which grows to the largest burst ever, and
    /// copies all of that at the next read if anything here or above still has a slice of it.
    private func move(_ count: Int, from input: inout ByteBuffer, to through: inout ByteBuffer) {
        guard var slice = input.readSlice(length: count) else { return }
        through.writeBuffer(&slice)
    }

    private func acknowledge(_ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        var frame = ByteBuffer()
        frame.writeMultipleIntegers(UInt8(0), UInt8(0), UInt8(Self.pingBytes), Self.pingType)
        frame.writeMultipleIntegers(Self.ackFlag, UInt32(0))
        frame.writeImmutableBuffer(payload)
        context.write(Self.wrapOutboundOut(frame), promise: nil)
    }

    private static func header(of input: ByteBuffer) -> (payloadBytes: Int, isPing: Bool)? {
        guard input.readableBytes >= headerBytes,
            let fields = input.getMultipleIntegers(
                at: input.readerIndex, as: (UInt8, UInt8, UInt8, UInt8, UInt8).self)
        else { return nil }
        let payloadBytes = Int(fields.0) << 16 | Int(fields.1) << 8 | Int(fields.2)
        let isPing = fields.3 == pingType && fields.4 & ackFlag == 0 && payloadBytes == pingBytes
        return (payloadBytes, isPing)
    }
}

/// Keeps a client's connection to a grpc-go server (etcd) alive: give it to a client transport as
/// `channelDebuggingCallbacks.onCreateTCPConnection`.
@Sendable
public func answerPings(on channel: any Channel) -> EventLoopFuture<Void> {
    PingShield.install(on: channel, onServer: false)
}

/// The same on a server over TCP, as `channelDebuggingCallbacks.onAcceptTCPConnection`.
@Sendable
public func answerPingsOnServer(on channel: any Channel) -> EventLoopFuture<Void> {
    PingShield.install(on: channel, onServer: true)
}
