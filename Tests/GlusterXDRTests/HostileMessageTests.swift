import GlusterXDR
import Seeded
import SunRPC
import Testing
import XDR

/// Whatever arrives is read or refused; nothing traps, and nothing is longer than what was sent.
@Suite struct HostileMessageTests {
    private static func getSpec() -> [UInt8] {
        var xdr = XDRWriter()
        xdr.put(UInt32(1))
        xdr.put(string: "gv0")
        let dict = GlusterDict(texts: [
            "min-op-version": "1", "max-op-version": "100000", "brick_name": "/bricks/b1",
        ])
        xdr.put(opaque: dict.bytes)
        return xdr.bytes
    }

    private static func signIn() -> [UInt8] {
        var xdr = XDRWriter()
        xdr.put(string: "/bricks/b1")
        xdr.put(Int32(49_152))
        xdr.put(Int32(4_711))
        return xdr.bytes
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func aBentGETSPECIsReadOrRefused(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let good = Self.getSpec()
        var whole = XDRReader(good[...])
        let request = try GetSpecRequest(from: &whole)
        #expect(request.key == "gv0" && request.maxOpVersion == 100_000)
        var read = 0
        for _ in 0..<5_000 {
            let bytes = random.bend(good)
            var xdr = XDRReader(bytes[...])
            guard let bent = try? GetSpecRequest(from: &xdr) else { continue }
            read += 1
            #expect(bent.key.utf8.count <= 3 * bytes.count)
        }
        #expect(read > 0 && read < 5_000)
    }

    @Test(arguments: [5, 6] as [UInt64])
    func aBentDictIsReadOrRefused(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let good = GlusterDict(texts: ["a": "1", "some-longer-key": "value", "": ""]).bytes
        #expect(try GlusterDict(good[...]).text("some-longer-key") == "value")
        var read = 0
        for _ in 0..<10_000 {
            let bytes = random.bend(good)
            guard let dict = try? GlusterDict(bytes[...]) else { continue }
            read += 1
            let length = dict.values.values.reduce(0) { $0 + $1.count }
            #expect(length <= bytes.count)
            // What was read is written and read again as the same.
            #expect(try GlusterDict(dict.bytes[...]) == dict)
        }
        #expect(read > 0 && read < 10_000)
    }

    @Test(arguments: [7, 8] as [UInt64])
    func aBentPortmapCallIsReadOrRefused(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var read = 0
        for _ in 0..<5_000 {
            let bytes = random.bend(Self.signIn())
            var (one, other) = (XDRReader(bytes[...]), XDRReader(bytes[...]))
            if (try? PortmapMessage.signIn(&one)) != nil { read += 1 }
            _ = try? PortmapMessage.portByBrick(&other)
            var third = XDRReader(bytes[...])
            _ = try? VolumeInfoRequest(from: &third)
        }
        #expect(read > 0 && read < 5_000)
    }

    @Test func bytesAtRandomAreReadOrRefused() {
        var random = SplitMix(seed: 9)
        for length in 0..<2_000 {
            let bytes = random.bytes(length % 200)
            _ = try? GlusterDict(bytes[...])
            var xdr = XDRReader(bytes[...])
            _ = try? GetSpecRequest(from: &xdr)
            guard let message = try? Message(bytes), case .call(_, let body) = message else {
                continue
            }
            var arguments = XDRReader(body)
            _ = try? PortmapMessage.signIn(&arguments)
        }
    }
}
