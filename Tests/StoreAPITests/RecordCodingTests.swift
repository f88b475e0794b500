import GlusterModel
import Testing

@testable import StoreAPI

@Suite struct RecordCodingTests {
    @Test func aThinArbiterComesBackAndLayoutsWithoutOneAreAsBefore() throws {
        let path = try BrickPath(validating: "/ta")
        let brick = Brick(
            id: BrickID(high: 1, low: 2), peer: PeerID(high: 3, low: 4), path: path, index: 2)
        let pair = SubvolumeLayout.replicate(copies: 2, arbiter: false)
        for arbiter in [ThinArbiter.brick(brick), .elsewhere(host: "far", path: path)] {
            let topology = Topology(layout: pair, bricks: [], thinArbiter: arbiter)
            let bytes = try RecordCoding.encode(StoredLayout(topology))
            let back = try RecordCoding.decode(StoredLayout.self, from: bytes)
            #expect(back.thinArbiter == arbiter)
        }
        let plain = try RecordCoding.encode(Topology(layout: .distribute, bricks: []))
        #expect(!String(decoding: plain, as: UTF8.self).contains("thin"))
    }

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

    /// The time to read it would grow with the cube of its depth.
    @Test func unknownFieldsThatAreTooDeepAreRefused() throws {
        let peer = try RecordCoding.decode(Peer.self, from: stored)
        let nested = { (depth: Int) in
            let value = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            return Array(
                String(decoding: stored, as: UTF8.self)
                    .replacing(#"{"a":1}"#, with: value).utf8)
        }
        let deep = try RecordCoding.encode(peer, updating: nested(60))
        #expect(String(decoding: deep, as: UTF8.self).contains("[[["))
        #expect(throws: (any Error).self) { try RecordCoding.encode(peer, updating: nested(400)) }
    }

    /// Numbers as a later version may write them. The first two are too exact for 64 bits.
    @Test(arguments: [
        "1844674709551615516.5", "18446744073709551000.5", "1e19", "-1e18",
        "11.5", "-0.0", "1e300", "18446744073709551615", "-9223372036854775808",
    ])
    func anUnknownNumberIsTheSameAfterAnyNumberOfWrites(text: String) throws {
        let read = try RecordCoding.decode(JSONValue.self, from: Array("[\(text)]".utf8))
        let again = try RecordCoding.encode(read)
        #expect(try RecordCoding.decode(JSONValue.self, from: again) == read)
        let number = try RecordCoding.decode([Double].self, from: again)
        #expect(number == [try #require(Double(text))])
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
