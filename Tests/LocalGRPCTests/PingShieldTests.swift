import NIOCore
import NIOEmbedded
import Seeded
import Testing

@testable import LocalGRPC

@Suite struct PingShieldTests {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private static func frame(
        type: UInt8, flags: UInt8 = 0, stream: UInt8 = 0, _ payload: [UInt8]
    ) -> [UInt8] {
        let count = payload.count
        return [0, UInt8(count >> 8), UInt8(count & 255), type, flags, 0, 0, 0, stream] + payload
    }

    private static func ping(_ number: UInt8, ack: Bool = false) -> [UInt8] {
        frame(type: 6, flags: ack ? 1 : 0, [number, 2, 3, 4, 5, 6, 7, 8])
    }

    /// What goes through and what is answered when `bytes` come in pieces.
    private func shield(
        _ bytes: [UInt8], onServer: Bool, pieces: Int
    ) throws -> (through: [UInt8], answered: [UInt8]) {
        let channel = EmbeddedChannel(handler: PingShield(onServer: onServer))
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            let piece = bytes[start..<min(start + pieces, bytes.count)]
            try channel.writeInbound(ByteBuffer(bytes: piece))
        }
        var (through, answered): ([UInt8], [UInt8]) = ([], [])
        while let buffer = try channel.readInbound(as: ByteBuffer.self) {
            through += buffer.readableBytesView
        }
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
            answered += buffer.readableBytesView
        }
        _ = try channel.finish(acceptAlreadyClosed: true)
        return (through, answered)
    }

    @Test(arguments: [1, 2, 3, 8, 9, 16, 17, 18, 1_000])
    func pingsAreAnsweredAndAllElseGoesThrough(pieces: Int) throws {
        let data = Self.frame(type: 0, stream: 1, Self.ping(9) + Self.ping(9))
        let headers = Self.frame(type: 1, flags: 4, stream: 3, [1, 2, 3])
        let settings = Self.frame(type: 4, [])
        let bytes =
            settings + Self.ping(1) + data + Self.ping(2) + Self.ping(3) + headers
            + Self.ping(7, ack: true) + Self.ping(4)
        for onServer in [true, false] {
            let before = onServer ? Self.preface : []
            let (through, answered) = try shield(
                before + bytes, onServer: onServer, pieces: pieces)
            #expect(through == before + settings + data + headers + Self.ping(7, ack: true))
            #expect(answered == (1...4).flatMap { Self.ping(UInt8($0), ack: true) })
        }
    }

    @Test func aPingOfAWrongLengthIsLeftToTheProtocolHandler() throws {
        let bad = Self.frame(type: 6, [1, 2, 3])
        let (through, answered) = try shield(bad, onServer: false, pieces: 4)
        #expect(through == bad)
        #expect(answered.isEmpty)
    }

    @Test func aBurstIsPassedOnInPieces() throws {
        let burst = (0..<20).flatMap { number in
            Self.frame(type: 0, stream: 1, .init(repeating: number, count: 9_000))
        }
        let channel = EmbeddedChannel(handler: PingShield(onServer: false))
        try channel.writeInbound(ByteBuffer(bytes: burst))
        var through: [UInt8] = []
        while let piece = try channel.readInbound(as: ByteBuffer.self) {
            #expect(piece.readableBytes <= 16 << 10)
            through += piece.readableBytesView
        }
        #expect(through == burst)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test func bytesAtRandomNeverTrapAndAreNeitherLostNorMade() throws {
        var generator = SplitMix(seed: 31)
        for _ in 0..<500 {
            var bytes = generator.bytes(Int.random(in: 0...200, using: &generator))
            for index in bytes.indices where index % 9 < 2 { bytes[index] = 0 }
            let pieces = Int.random(in: 1...40, using: &generator)
            let (through, answered) = try shield(bytes, onServer: false, pieces: pieces)
            let pings = answered.count / 17
            #expect(answered.count == pings * 17)
            #expect(through.count + pings * 17 <= bytes.count)
            // What is held back is less than a PING.
            #expect(bytes.count - through.count - pings * 17 < 17)
        }
    }
}
