import GlusterXDR
import SunRPC
import Testing
import XDR

@Suite struct GlusterXDRTests {
    /// As a brick of GlusterFS 10.3 sends it: AUTH_GLUSTERFS v2 with an empty credential.
    private func signInCall() -> [UInt8] {
        var xdr = XDRWriter()
        for word in [3, 0, 2, Programs.portmap, 1, 4] as [UInt32] { xdr.put(word) }
        xdr.put(UInt32(390_039))
        xdr.put(opaque: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0])
        xdr.put(UInt32(0))
        xdr.put(UInt32(0))
        xdr.put(string: "/bricks/wire/b1")
        xdr.put(Int32(57_784))
        xdr.put(Int32(27_851))
        return xdr.bytes
    }

    @Test func aSignInOfARealBrickIsRead() throws {
        guard case .call(let header, let body) = try Message(signInCall()) else {
            Issue.record("not a call")
            return
        }
        #expect(
            header == CallHeader(xid: 3, program: Programs.portmap, version: 1, procedure: 4))
        var xdr = XDRReader(body)
        let (name, port) = try PortmapMessage.signIn(&xdr)
        #expect(name == "/bricks/wire/b1")
        #expect(port == 57_784)
    }

    @Test func aCallCutAnywhereIsRefusedOrHasNoWholeArguments() {
        let call = signInCall()
        for count in 0..<call.count - 4 {
            guard let message = try? Message(Array(call.prefix(count))),
                case .call(_, let body) = message
            else { continue }
            var xdr = XDRReader(body)
            #expect(throws: XDRError.self) { try PortmapMessage.signIn(&xdr) }
        }
    }

    @Test func recordsAreJoinedWhereverTheStreamIsCut() throws {
        let first = signInCall()
        var stream: [UInt8] = [0, 0, 0, 8] + first.prefix(8)
        stream += RecordDecoder.encode(Array(first.dropFirst(8)))
        stream += RecordDecoder.encode([1, 2, 3, 4])
        for step in 1...9 {
            var decoder = RecordDecoder(limit: 1_024)
            var records: [[UInt8]] = []
            for start in Swift.stride(from: 0, to: stream.count, by: step) {
                records += try decoder.add(stream[start..<min(start + step, stream.count)])
            }
            #expect(records == [first, [1, 2, 3, 4]])
            #expect(!decoder.isPartial)
        }
    }

    @Test func aRecordAboveTheLimitIsRefusedUnread() {
        var decoder = RecordDecoder(limit: 16)
        #expect(throws: RecordError.tooLong(limit: 16)) {
            try decoder.add([0x80, 0, 0, 17] as [UInt8])
        }
    }

    @Test func anEndlessRowOfEmptyFragmentsIsRefused() {
        var decoder = RecordDecoder(limit: 16)
        let fragments = [UInt8](repeating: 0, count: 4 * (RecordDecoder.fragmentsMax + 1))
        #expect(throws: RecordError.tooManyFragments(limit: RecordDecoder.fragmentsMax)) {
            try decoder.add(fragments)
        }
    }

    @Test func aDictHasNoPaddingAndCountsTheNulOfValuesAlone() throws {
        let bytes: [UInt8] =
            [0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 2] + Array("count".utf8) + [0, 0x31, 0]
        #expect(GlusterDict(texts: ["count": "1"]).bytes == bytes)
        #expect(try GlusterDict(bytes[...]).number("count") == 1)
        for count in 1..<bytes.count {
            #expect(throws: GlusterDict.Failure.damaged) { try GlusterDict(bytes.prefix(count)) }
        }
    }

    @Test func aVolfileIsAnsweredWithItsLength() {
        #expect(
            GetSpecReply.volfile("abc").bytes
                == [0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0x61, 0x62, 0x63, 0, 0, 0, 0, 0])
    }

    @Test func anUnknownBrickHasPortZeroAndMinusOne() {
        #expect(
            PortmapMessage.portReply(nil)
                == [255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func aCallOfAnotherRPCVersionIsDeniedWithTheOnesKnown() throws {
        var call = signInCall()
        call[11] = 3
        guard case .wrongVersion(let xid) = try Message(call) else {
            Issue.record("not refused")
            return
        }
        #expect(
            Answer.versionDenied(xid: xid)
                == [0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2])
    }
}
