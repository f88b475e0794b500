import Logging
import NIOCore
import SunRPC
import Synchronization

/// One connection: joins bytes to records, answers what can be answered at once, and gives the
/// other calls away; ends a connection that sends half a record, too long a one, or no RPC.
final class RecordHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let calls: CallHandler
    private let log: Logger
    /// The calls that have to wait for something.
    private let later: AsyncStream<CallHandler.Later>.Continuation
    private let didClose: @Sendable (RPCConnection) -> Void
    /// To the calls that came with one read; they are sent together.
    private var answers = ByteBuffer()
    private var decoder = RecordDecoder(limit: Limits.recordBytes)
    private var deadline: Scheduled<Void>?
    /// Came while the answers before them were not read.
    private var unanswered = CircularBuffer<[UInt8]>()
    /// Of these, and of the calls that wait.
    private var waitingBytes = 0
    private var isReadWanted = false
    /// Of all connections, and this one's part of it.
    private static let held = Atomic(0)
    private var held = 0

    /// `didClose` hears of the end of the connection, at which `later` ends too.
    init(
        calls: CallHandler, later: AsyncStream<CallHandler.Later>.Continuation, log: Logger,
        didClose: @escaping @Sendable (RPCConnection) -> Void
    ) {
        self.calls = calls
        self.later = later
        self.log = log
        self.didClose = didClose
    }

    // MARK: What comes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = Self.unwrapInboundIn(data)
        // Joined first, answered then: a write that fails ends the connection, and comes back here.
        var records: [[UInt8]] = []
        let result = buffer.withUnsafeReadableBytes { bytes in
            Result { () throws(RecordError) in
                try decoder.add(bytes) { records.append($0) }
            }
        }
        // What is incomplete now began after them.
        if !records.isEmpty { endDeadline() }
        for record in records { take(record, context) }
        if case .failure(let error) = result { return fail(error, context) }
        guard hold(decoder.partialBytes) else {
            context.close(promise: nil)
            return
        }
        watchPartialRecord(context.channel)
    }

    private func take(_ record: [UInt8], _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        // Who does not read his answers is not answered any further, nor read from for long.
        guard context.channel.isWritable else {
            unanswered.append(record)
            waitingBytes += record.count
            return
        }
        do {
            if let call = try calls.answer(record, into: &answers) {
                waitingBytes += record.count
                later.yield(call)
            }
        } catch { return fail(error, context) }
        if answers.readableBytes >= Limits.answerBytes { sendAnswers(context) }
    }

    func channelReadComplete(context: ChannelHandlerContext) { sendAnswers(context) }

    private func sendAnswers(_ context: ChannelHandlerContext) {
        guard answers.readableBytes > 0 else { return }
        let bytes = answers
        answers = ByteBuffer()
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
    }

    // MARK: What waits

    /// A call that waited is answered, and its answer is written.
    func answered(_ call: CallHandler.Later, _ channel: any Channel) {
        waitingBytes -= call.recordBytes
        readOn(channel)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { calls.connection.sendUnsent() }
        while context.channel.isWritable, let record = unanswered.popFirst() {
            waitingBytes -= record.count
            take(record, context)
        }
        sendAnswers(context)
        readOn(context.channel)
    }

    private func readOn(_ channel: any Channel) {
        guard isReadWanted, hasRoom else { return }
        isReadWanted = false
        channel.read()
    }

    private var hasRoom: Bool { waitingBytes < Limits.waitingBytes }

    /// Called when all is taken that was read.
    func read(context: ChannelHandlerContext) {
        if hasRoom { context.read() } else { isReadWanted = true }
    }

    // MARK: Its end

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(error, context) }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        log.debug(
            "connection ended",
            metadata: ["peer": "\(calls.connection.peer)", "error": "\(error)"])
        sendAnswers(context)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        endDeadline()
        later.finish()
        unanswered.removeAll()
        decoder = RecordDecoder(limit: 0)
        _ = hold(0)
        didClose(calls.connection)
    }

    /// Whether so many bytes of an incomplete record may stay.
    private func hold(_ bytes: Int) -> Bool {
        let change = bytes - held
        held = bytes
        let (_, total) = Self.held.add(change, ordering: .relaxed)
        return total <= Limits.partialBytes || bytes <= Limits.partialBytesFree
    }

    private func endDeadline() {
        deadline?.cancel()
        deadline = nil
    }

    private func watchPartialRecord(_ channel: any Channel) {
        guard decoder.isPartial else { return endDeadline() }
        guard deadline == nil else { return }
        deadline = channel.eventLoop.scheduleTask(in: .seconds(Limits.partialRecordSeconds)) {
            channel.close(promise: nil)
        }
    }
}
