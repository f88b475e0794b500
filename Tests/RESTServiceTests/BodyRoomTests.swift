import GD2Error
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization
import Testing

@testable import RESTService

/// The memory for bodies is bounded, and asked for before they are read.
@Suite struct BodyRoomTests {
    private static let large = Limits.smallBodyBytes + 1

    /// A body that counts how many of its parts are asked for.
    private final class Parts: Sendable {
        private let left: Mutex<Int>
        private let part: ByteBuffer

        init(_ count: Int, of bytes: Int) {
            left = Mutex(count)
            part = ByteBuffer(repeating: 0x20, count: bytes)
        }

        var count: Int { left.withLock { $0 } }

        var body: RequestBody {
            RequestBody(
                asyncSequence: AsyncStream<ByteBuffer>(unfolding: {
                    self.left.withLock { left in
                        guard left > 0 else { return nil }
                        left -= 1
                        return self.part
                    }
                }))
        }
    }

    private func request(_ parts: Parts, length: Int? = nil) -> Request {
        var headers = HTTPFields()
        if let length { headers[.contentLength] = "\(length)" }
        return Request(
            head: HTTPRequest(
                method: .post, scheme: "http", authority: "n1", path: "/", headerFields: headers),
            body: parts.body)
    }

    @Test func aBodyWithoutRoomIsRefusedUnreadAndSmallOnesAreTaken() async throws {
        let room = BodyRoom(atMost: 2 * Self.large)
        var shares = [BodyShare(of: room), BodyShare(of: room)]
        for index in shares.indices { try shares[index].grow(to: Self.large) }
        let parts = Parts(1, of: Self.large)
        var share = BodyShare(of: room)
        let error = await #expect(throws: GD2Error.self) {
            try await request(parts, length: Self.large).collect(&share)
        }
        #expect(error?.code == .unavailable)
        #expect(parts.count == 1)
        // A few words are taken all the same.
        let small = try await request(Parts(1, of: 100), length: 100).collect(&share)
        #expect(small.readableBytes == 100)
        share.giveBack()
        shares[0].giveBack()
        let taken = try await request(parts, length: Self.large).collect(&share)
        #expect(taken.readableBytes == Self.large)
    }

    @Test func aBodyOfUnknownLengthIsCutOffWhereTheRoomEnds() async throws {
        let room = BodyRoom(atMost: 4 * Self.large)
        let parts = Parts(100, of: 16 << 10)
        var share = BodyShare(of: room)
        let error = await #expect(throws: GD2Error.self) {
            try await request(parts).collect(&share)
        }
        #expect(error?.code == .unavailable)
        #expect(parts.count == 100 - 17)
        // All of it is there again.
        share.giveBack()
        var whole = BodyShare(of: room)
        try whole.grow(to: 4 * Self.large)
    }

    @Test func aBodyThatGrowsLeavesTheRoomOfSmallOnes() throws {
        let room = BodyRoom(atMost: 2 * Self.large)
        var (growing, small) = (BodyShare(of: room), BodyShare(of: room))
        try growing.grow(to: 1_000)
        try growing.grow(to: 2 * Self.large)
        for _ in 0..<3 {
            try small.grow(to: Limits.smallBodyBytes)
            small.giveBack()
        }
        #expect(throws: GD2Error.self) { try growing.grow(to: 2 * Self.large + 1) }
        growing.giveBack()
        growing.giveBack()
        try small.grow(to: 2 * Self.large)
    }

    @Test func aLengthAboveTheLimitIsTooLargeUnread() async throws {
        let parts = Parts(1, of: 1)
        var share = BodyShare(of: BodyRoom())
        let error = await #expect(throws: GD2Error.self) {
            try await request(parts, length: Limits.bodyBytes + 1).collect(&share)
        }
        #expect(error?.code == .tooLarge)
        #expect(parts.count == 1)
    }

    /// Whatever becomes of a request, its room is free again: a few more than there is room for.
    @Test func roomIsGivenBackAfterEachRequest() async throws {
        try await RESTFixture.with { rest in
            let body = #"{"name":""# + String(repeating: "x", count: 1 << 20)
            for _ in 0..<(Limits.bodiesBytes / (1 << 20) + 2) {
                let answer = try await rest.send(.post, "/v1/volumes", body: body)
                #expect(answer.status == 400)
            }
        }
    }
}
