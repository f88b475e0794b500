import NIOCore
import SunRPC
import Synchronization

/// Joins bytes to records, answers what can be answered at once, and hands on the rest; ends a
/// connection that sends half a record or too long a one.
final class RecordHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = [UInt8]
    typealias OutboundOut = ByteBuffer

    private let calls: CallHandler
    /// To the calls that came with one read; they are sent together.
    private var answers = ByteBuffer()
    private var decoder = RecordDecoder(limit: Limits.recordBytes)
    private var deadline: Scheduled<Void>?
    /// Of all connections, and this one's part of it.
    private static let held = Atomic(0)
    private var held = 0

    init(calls: CallHandler) { self.calls = calls }

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
        if case .failure(let error) = result {
            sendAnswers(context)
            context.fireErrorCaught(error)
            context.close(promise: nil)
            return
        }
        guard hold(decoder.partialBytes) else {
            context.close(promise: nil)
            return
        }
        watchPartialRecord(context.channel)
    }

    private func take(_ record: [UInt8], _ context: ChannelHandlerContext) {
        // Who does not read its answers is served by the slow way, which stops reading then.
        guard context.channel.isWritable, calls.answer(record, into: &answers) else {
            context.fireChannelRead(Self.wrapInboundOut(record))
            return
        }
        if answers.readableBytes >= Limits.answerBytes { sendAnswers(context) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        sendAnswers(context)
        context.fireChannelReadComplete()
    }

    private func sendAnswers(_ context: ChannelHandlerContext) {
        guard answers.readableBytes > 0 else { return }
        let bytes = answers
        answers = ByteBuffer()
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
    }

    /// Whether so many bytes of an incomplete record may stay.
    private func hold(_ bytes: Int) -> Bool {
        let change = bytes - held
        held = bytes
        let (_, total) = Self.held.add(change, ordering: .relaxed)
        return total <= Limits.partialBytes || bytes <= Limits.partialBytesFree
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        decoder = RecordDecoder(limit: 0)
        _ = hold(0)
        context.fireChannelInactive()
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
