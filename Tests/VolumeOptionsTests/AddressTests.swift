import Testing
import VolumeOptions

/// Whom `auth.allow` names: a brick that is given an address which is none does not start. What
/// libglusterfs 10.3 says of each is the model.
@Suite struct AddressTests {
    private let table = OptionTable.standard

    @Test(arguments: [
        "*", "10.*", "10.*.*.*", "10.*.1.2", "*.1", "192.168.1.*", "192.168.1.0/24",
        "192.168.1.0/1", "192.168.1.0/32", "10.*/8", "01.02.03.04",
        "host", "a.b.c", "a-b.c-d", "a--b", "1a", "999", "300.1.1.1", "1.2.3", "1.2.3.4.5",
        "::1", "fe80::1", "FE80::A", "fe80::*", "fe80:*", "1:*", "fe80::1%eth0", "1:2:3:4:5:6:7:8",
        "1::3:4:5:6:7:8", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:*",
        ",", "a,,b", "a,", "n1,*", "10.0.0.1,::1,host",
        "/dir(a)", "/dir(10.0.0.1|10.0.0.2)", "/dir(x),/e(*)", "/d/e(::1|10.0.0.0/8)", "/d(a||b)",
    ])
    func whatABrickTakesIsAccepted(value: String) throws {
        for key in ["auth.allow", "auth.reject"] {
            #expect(try table.validate(key, value).value == value)
        }
    }

    /// Most of it no brick takes. The rest is a slip that libglusterfs overlooks: another mask than
    /// meant, an interface without a name, a bracket that is not the last letter.
    @Test(arguments: [
        "192.168.1.0/0", "192.168.1.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "10.1/8",
        "host/24", "2001:db8::/32", "/24",
        "::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:", ":1", "12345::1", "g::1",
        "1:2", "[::1]", "::ffff:1.2.3.4", "10.0.0.1:24007", "fe80::1%", "fe80::1%a!",
        "*.example.com", "a.*", "a*", "**", "**.*", "10.1*", "10.300.*", "1.2.3.4.*", "10.0.0.?",
        "10.0.0.[1-3]", "host_name", "host.", "10.0.0.", "a..b", "host-", "-host", "a.-b", "a-.b",
        "@netgroup", "!", "é", "a!b", "10.0.0.1,!",
        "/", "/dir", "/dir()", "/dir(|)", "/dir(a", "/dir(a)x", "/dir(a_b)", "/d(a),b", "b,/d(a)",
        "dir(a)", "(a)", "a,d(b)", "/dir(a,b)",
    ])
    func whatIsNoAddressIsRefused(value: String) {
        for key in ["auth.allow", "auth.reject"] {
            #expect(throws: OptionError.self) { try table.validate(key, value) }
        }
    }

    @Test func aHostsNameHasUpTo255Bytes() throws {
        let longest = String(repeating: "a", count: 255)
        #expect(try table.validate("auth.allow", longest).value == longest)
        #expect(throws: OptionError.self) { try table.validate("auth.allow", longest + "a") }
    }
}
