import Testing

@testable import RESTService

/// What may stand in a peer's record as an address.
@Suite struct PeerAddressTests {
    @Test(arguments: [
        "h1", "h1.example.org", "h1:24008", "10.0.0.1", "10.0.0.1:1", "fe80::1", "[fe80::1]",
        "[fe80::1]:65535",
    ])
    func anAddressIsTaken(text: String) { #expect(PeerAddress.isPlausible(text)) }

    @Test(arguments: [
        "", "-h", "h 1", "h/1", "h:", "h:0", "h:+1", "h:65536", "[fe80::1", "[fe80::1]1",
        "[fe80::1]:+1", "h\u{301}",
    ])
    func whatIsNoAddressIsRefused(text: String) { #expect(!PeerAddress.isPlausible(text)) }
}
