import GlusterModel
import Testing

@Suite struct IdentifierTests {
    @Test func textAndBytesRoundTrip() throws {
        let text = "43a9cb31-9969-4440-b7ca-1cf08991158d"
        let identifier = try #require(VolumeID(text))
        #expect(identifier.description == text)
        #expect(VolumeID(bytes: identifier.bytes) == identifier)
        #expect(identifier.bytes.first == 0x43)
        #expect(identifier.bytes.last == 0x8d)
    }

    @Test func upperCaseIsReadAndWrittenInLowerCase() {
        let upper = VolumeID("43A9CB31-9969-4440-B7CA-1CF08991158D")
        #expect(upper?.description == "43a9cb31-9969-4440-b7ca-1cf08991158d")
    }

    @Test(arguments: [
        "", "43a9cb31", "43a9cb31-9969-4440-b7ca-1cf08991158", "43a9cb3199694440b7ca1cf08991158d",
        "43a9cb31-9969-4440-b7ca-1cf08991158g", "43a9cb31-9969-4440-b7ca-1cf08991158d ",
    ])
    func otherTextsAreRefused(text: String) {
        #expect(VolumeID(text) == nil)
    }

    @Test func aRandomIdentifierIsOfVersion4() {
        var generator = SystemRandomNumberGenerator()
        let bytes = PeerID(using: &generator).bytes
        #expect(bytes[6] >> 4 == 4)
        #expect(bytes[8] >> 6 == 2)
    }
}
