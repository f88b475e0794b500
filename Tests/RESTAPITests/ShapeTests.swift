import FoundationEssentials
import GD2Error
import RESTAPI
import Testing

@Suite struct ShapeTests {
    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test func aCreateRequestOfGD2sClientIsRead() throws {
        let text = """
            {"name":"gv0","subvols":[{"type":"replicate","replica":2,"arbiter":1,"bricks":[
            {"type":"","peerid":"p1","path":"/b1"},{"type":"","peerid":"p2","path":"/b2"},
            {"type":"arbiter","peerid":"p3","path":"/b3"}]}],"force":true,
            "flags":{"create-brick-dir":true},"allow-advanced-options":true,"provisioner":"lvm"}
            """
        let request = try JSONDecoder().decode(VolCreateReq.self, from: Data(text.utf8))
        #expect(request.subvols?.first?.replica == 2)
        #expect(request.subvols?.first?.bricks.map(\.path) == ["/b1", "/b2", "/b3"])
        #expect(request.subvols?.first?.bricks.last?.type == "arbiter")
        #expect(request.flags == ["create-brick-dir": true])
        #expect(request.allowAdvancedOptions == true)
        #expect(request.transport == nil)
    }

    @Test func aReplaceRequestOfGD2sClientIsRead() throws {
        let text = """
            {"src-peerid":"p1","src-brickpath":"/b1","limit-peers":["p2"],"force":false}
            """
        let request = try JSONDecoder().decode(ReplaceBrickReq.self, from: Data(text.utf8))
        #expect(request.oldPeer == "p1" && request.oldPath == "/b1")
        #expect(request.newPeer == nil && request.fence == nil && request.force == false)
        var own = ReplaceBrickReq(oldPeer: "p1", oldPath: "/b1", newPeer: "p2", newPath: "/b2")
        own.fence = ["h3"]
        #expect(
            try json(own)
                == #"{"dst-brickpath":"/b2","dst-peerid":"p2","fence":["h3"],"#
                + #""src-brickpath":"/b1","src-peerid":"p1"}"#)
    }

    @Test func aVolumeLeavesOutTheCountsThatAreZero() throws {
        let volume = VolumeInfo(
            id: "i", name: "gv0", type: .distribute, state: .created,
            subvols: [Subvol(name: "gv0-distribute-0", type: .distribute, bricks: [])])
        let expected =
            #"{"distribute-count":1,"id":"i","metadata":{},"name":"gv0","options":{},"#
            + #""replica-count":1,"snap-list":[],"state":"Created","subvols":[{"arbiter-count":0,"#
            + #""bricks":[],"disperse-count":0,"name":"gv0-distribute-0","replica-count":1,"#
            + #""type":"Distribute"}],"transport":"tcp","type":"Distribute"}"#
        #expect(try json(volume) == expected)
    }

    @Test func anErrorHasGD2sBody() throws {
        let plain = ErrorResponse(GD2Error(.notFound, "volume not found"))
        #expect(try json(plain) == #"{"errors":[{"code":1,"message":"volume not found"}]}"#)
        let step = ErrorResponse(GD2Error(.internal, "m", fields: ["step": "s"]))
        #expect(try json(step) == #"{"errors":[{"code":2,"fields":{"step":"s"},"message":"m"}]}"#)
    }

    /// One letter with a hundred thousand accents is one character.
    @Test(arguments: ["x", "\u{301}"]) func anErrorThatQuotesALotIsShort(letter: String) {
        let text = "a" + String(repeating: letter, count: 100_000)
        let said = ErrorResponse(GD2Error(.invalid, text, fields: ["f": text])).errors
        #expect(said.allSatisfy { $0.message.utf8.count <= 8_192 })
        #expect(said.allSatisfy { ($0.fields?["f"]?.utf8.count ?? 0) <= 8_192 })
    }

    @Test(arguments: ErrorCode.allCases) func aStatusStandsForOneKind(code: ErrorCode) {
        #expect(ErrorCode(httpStatus: code.httpStatus) == code)
    }
}
