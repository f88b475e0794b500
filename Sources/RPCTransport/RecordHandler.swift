import NIOCore
import SunRPC

/// Joins bytes to records; ends a connection that sends half a record or too long a one.
final class RecordHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = [UInt8]

    private var decoder = RecordDecoder(limit: Limits.recordBytes)
    private var deadline: Scheduled<Void>?

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
        watchPartialRecord(context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
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
