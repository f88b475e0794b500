import GD2Error
import Testing

@testable import CLICommands

/// What `--endpoint` takes.
@Suite struct EndpointURLTests {
    @Test(arguments: [
        ("unix:/run/gd2/rest.sock", "http+unix://%2Frun%2Fgd2%2Frest.sock"),
        ("http://127.0.0.1:24007", "http://127.0.0.1:24007"),
        ("http://h1:1/", "http://h1:1"), ("https://h1.example:65535", "https://h1.example:65535"),
        ("https://h1", "https://h1"), ("http://[2001:db8::1]:24007", "http://[2001:db8::1]:24007"),
        ("http://[::1]", "http://[::1]"),
    ])
    func aRequestsPathIsPutAfterIt(endpoint: String, base: String) throws {
        #expect(try EndpointURL.base(endpoint) == base)
    }

    @Test(arguments: ["0", "65536", "99999", "-1", "18446744073709551617"])
    func aPortHas16Bits(port: String) {
        for host in ["http://127.0.0.1:", "https://[::1]:"] {
            let error = #expect(throws: GD2Error.self) { try EndpointURL.base(host + port) }
            #expect(error?.code == .invalid)
            #expect(error?.message.contains("1 to 65535") == true, "\(error?.message ?? "")")
        }
    }

    @Test(arguments: [
        "http://", "http:///", "http://:24007", "http://h:24007/foo", "http://h/foo",
        "http://h:24007?x", "http://h:24007/?x", "http://h:24007#f", "http://h:24007//",
        "http://u:p@h:24007", "http://h:", "http://h:x", "http://h:1:2", "http://::1:24007",
        "http://[::1", "http://[]:1", "http://[::1]1", "http://h 1:2", "h:24007", "ftp://h:1",
        "unix:rest.sock", "",
    ])
    func otherFormsAreRefusedWithTheOneThatIsTaken(endpoint: String) {
        let error = #expect(throws: GD2Error.self) { try EndpointURL.base(endpoint) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("://HOST:PORT") == true, "\(error?.message ?? "")")
    }

    @Test func aClientIsNotMadeOfAnotherForm() {
        let error = #expect(throws: GD2Error.self) {
            try APIClient(
                endpoint: "http://127.0.0.1:99999", signer: nil, timeout: .seconds(1))
        }
        #expect(error?.code == .invalid)
    }
}
