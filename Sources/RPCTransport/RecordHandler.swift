import NIOCore
import SunRPC
import Synchronization

/// Joins bytes to records; ends a connection that sends half a record or too long a one.
final class RecordHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = [UInt8]

    private var decoder = RecordDecoder(limit: Limits.recordBytes)
    private var deadline: Scheduled<Void>?
    /// Of all connections, and this one's part of it.
    private static let held = Atomic(0)
    private var held = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = Self.unwrapInboundIn(data)
        do {
            for record in try decoder.add(buffer.readableBytesView) {
                context.fireChannelRead(Self.wrapInboundOut(record))
            }
        } catch {
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

    private func watchPartialRecord(_ channel: any Channel) {
        guard decoder.isPartial else {
            deadline?.cancel()
            deadline = nil
            return
        }
        guard deadline == nil else { return }
        deadline = channel.eventLoop.scheduleTask(in: .seconds(Limits.partialRecordSeconds)) {
            channel.close(promise: nil)
        }
    }
}
