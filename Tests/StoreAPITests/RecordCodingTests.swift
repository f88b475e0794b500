import GlusterModel
import Testing

@testable import StoreAPI

@Suite struct RecordCodingTests {
    private let stored = Array(
        (#"{"addresses":["n1"],"clientAddresses":[],"future":{"a":1},"#
            + #""id":"43a9cb31-9969-4440-b7ca-1cf08991158d","metadata":{"k":"v"},"#
            + #""name":"n1","schema":2}"#)
            .utf8)

    @Test func unknownFieldsSurviveAReadModifyWrite() throws {
        var peer = try RecordCoding.decode(Peer.self, from: stored)
        peer.name = "renamed"
        let written = try RecordCoding.encode(peer, updating: stored)
        let text = String(decoding: written, as: UTF8.self)
        #expect(text.contains(#""future":{"a":1}"#))
        #expect(text.contains(#""name":"renamed""#))
    }

    @Test func whatWasTakenOutOfAKnownMapStaysOut() throws {
        var peer = try RecordCoding.decode(Peer.self, from: stored)
        peer.metadata = [:]
        let written = try RecordCoding.encode(peer, updating: stored)
        #expect(try RecordCoding.decode(Peer.self, from: written).metadata.isEmpty)
    }

    @Test func theEndOfAPrefixIsItsSuccessor() {
        #expect(StoreKeys.rangeEnd("a/") == Array("a0".utf8))
    }
}
