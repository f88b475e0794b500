import Testing

@testable import StoreService

@Suite struct HostPortTests {
    @Test(arguments: [
        ("h1", "h1:24008"), ("h1:1", "h1:1"), ("fe80::1", "[fe80::1]:24008"),
        ("[fe80::1]", "[fe80::1]:24008"), ("[fe80::1]:65535", "[fe80::1]:65535"),
    ])
    func aPlaceIsRead(text: String, written: String) {
        #expect(HostPort(text, defaultPort: 24_008)?.description == written)
    }

    @Test(arguments: ["", ":1", "h:", "h:0", "h:+1", "h:65536", "[fe80::1]1", "[fe80::1]:-1"])
    func whatIsNoPlaceIsRefused(text: String) {
        #expect(HostPort(text, defaultPort: 24_008) == nil)
    }
}
