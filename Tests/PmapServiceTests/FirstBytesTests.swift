import Testing
import Volgen

@testable import PmapService

@Suite struct FirstBytesTests {
    @Test(
        arguments: [
            // A record mark: last fragment, or one of many.
            ([0x80, 0, 0, 0x28], FirstBytes.sunRPC), ([0x80], .sunRPC), ([0xff, 0xff], .sunRPC),
            ([0x00, 0, 1, 0], .sunRPC), ([0x0f], .sunRPC),
            // TLS: handshake record of 3.x.
            ([0x16, 0x03, 0x01], .tls), ([0x16, 0x02], .unknown),
            // HTTP methods, also HTTP/2's "PRI".
            (Array("GET /".utf8), .http), (Array("PO".utf8), .http), (Array("PRI * ".utf8), .http),
            (Array("De".utf8), .unknown), (Array("get".utf8), .unknown),
            (Array("SSH-".utf8), .http),
            ([0x20, 0x20, 0x20], .unknown), ([0x7f, 0x45], .unknown),
            // Too few to say.
            ([], nil), ([0x16], nil), (Array("G".utf8), nil),
        ] as [([UInt8], FirstBytes?)])
    func aConnectionIsToldApart(bytes: [UInt8], kind: FirstBytes?) {
        #expect(FirstBytes(bytes) == kind)
    }

    @Test func everyPairOfBytesIsDecided() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let kind = FirstBytes([first, second])
                #expect(kind != nil)
                if let early = FirstBytes([first]) { #expect(early == kind) }
            }
        }
        #expect(FirstBytes.needed >= 2)
    }
}

@Suite struct VolfileIDTests {
    @Test(arguments: [
        ("gv0", VolfileID.client(volume: "gv0")), ("/gv0", .client(volume: "gv0")),
        ("gv0.n1.bricks-b1", .brick(volume: "gv0", rest: "n1.bricks-b1")),
        ("/gv0.n1.example.org.b", .brick(volume: "gv0", rest: "n1.example.org.b")),
        ("gv0.10.0.0.1.b", .brick(volume: "gv0", rest: "10.0.0.1.b")),
        (".n1.b", .brick(volume: "", rest: "n1.b")), ("gv0.", .brick(volume: "gv0", rest: "")),
        ("shd/gv0", .selfHeal(volume: "gv0")), ("/shd/gv0", .selfHeal(volume: "gv0")),
        ("shd/", .selfHeal(volume: "")), ("gluster/glustershd", .unknown("gluster/glustershd")),
        ("snaps/s1/gv0", .unknown("snaps/s1/gv0")), ("//gv0", .unknown("//gv0")),
        ("", .unknown("")), ("/", .unknown("/")),
        (String(repeating: "v", count: 254), .client(volume: String(repeating: "v", count: 254))),
        (String(repeating: "v", count: 255), .unknown(String(repeating: "v", count: 255))),
    ])
    func aKeyOfGETSPECIsRead(key: String, id: VolfileID) {
        #expect(VolfileID(key) == id)
    }
}
