import NIOCore
import NIOPosix

// bare-rpc PORT BYTES: answers each SunRPC call with a success of BYTES bytes, and looks at nothing
// of it but where it ends and its xid. What is sent together is answered together.

final class Answers: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A record's mark; an xid; a reply, accepted, no verifier, done (RFC 5531, section 9).
    private let answer: ByteBuffer
    private var calls = ByteBuffer()
    private var answers = ByteBuffer()

    init(bytes: Int) {
        var answer = ByteBuffer()
        answer.writeMultipleIntegers(
            0x8000_0000 | UInt32(24 + bytes), UInt32(0), UInt32(1), UInt32(0), UInt32(0),
            UInt32(0), UInt32(0))
        answer.writeRepeatingByte(0, count: bytes)
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = Self.unwrapInboundIn(data)
        calls.writeBuffer(&read)
        while let mark: UInt32 = calls.getInteger(at: calls.readerIndex),
            let call = calls.getSlice(at: calls.readerIndex + 4, length: Int(mark & 0x7fff_ffff)),
            let xid: UInt32 = call.getInteger(at: call.readerIndex)
        {
            calls.moveReaderIndex(forwardBy: 4 + call.readableBytes)
            let start = answers.writerIndex
            answers.writeImmutableBuffer(answer)
            answers.setInteger(xid, at: start + 4)
        }
        if calls.readableBytes == 0 { calls.clear() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard answers.readableBytes > 0 else { return }
        let bytes = answers
        answers = ByteBuffer()
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 3, let port = Int(arguments[1]), let bytes = Int(arguments[2]) else {
    fatalError("bare-rpc PORT BYTES")
}
// As many threads as gd2-pmap has for SunRPC.
let loops = MultiThreadedEventLoopGroup(numberOfThreads: max(1, min(4, System.coreCount / 2)))
let server = try await ServerBootstrap(group: loops)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Answers(bytes: bytes))
        }
    }
    .bind(host: "127.0.0.1", port: port).get()
try await server.closeFuture.get()
