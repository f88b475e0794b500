import GlusterXDR
import Volgen
import XDR

/// gf dicts.
enum DictTarget {
    static func seeds() -> [[UInt8]] {
        let dict = GlusterDict(texts: ["a": "1", "some-longer-key": "value", "": "", "é": "é"])
        return [dict.bytes, GlusterDict().bytes, []]
    }

    static func run(_ bytes: [UInt8]) {
        guard let dict = try? GlusterDict(bytes.shifted) else { return }
        let length = dict.values.reduce(0) { $0 + $1.value.count }
        check(length <= bytes.count, "no value is longer than what was sent")
        do {
            let again = try GlusterDict(dict.bytes.shifted)
            check(again == dict, "what is written is read equal")
            check(again.bytes == dict.bytes, "equal dicts have equal bytes")
        } catch { never(error, "what is written is read") }
        for key in dict.values.keys {
            check((dict.text(key)?.utf8.count ?? 0) <= 3 * bytes.count, "a text is bounded")
            _ = dict.number(key)
        }
    }
}

/// Arguments of the procedures that clients and bricks call.
enum GlusterTarget {
    static func seeds() -> [[UInt8]] {
        let dict = GlusterDict(texts: [
            "min-op-version": "1", "max-op-version": "100000", "brick_name": "/bricks/b1",
        ])
        let keys = ["gv0", "/gv0", "shd/gv0", "gv0.n1.example.bricks-b1", ""]
        var seeds = keys.map { key in
            [0]
                + bytes { xdr in
                    xdr.put(UInt32(1))
                    xdr.put(string: key)
                    xdr.put(opaque: dict.bytes)
                }
        }
        // Of an old client, and with a dict that is damaged behind a good pair.
        seeds.append(
            [0]
                + bytes { xdr in
                    xdr.put(UInt32(1))
                    xdr.put(string: "gv0")
                })
        seeds.append(
            [0]
                + bytes { xdr in
                    xdr.put(UInt32(1))
                    xdr.put(string: "gv0")
                    xdr.put(opaque: dict.bytes.dropLast(4))
                })
        seeds.append(
            [1]
                + bytes { xdr in
                    xdr.put(opaque: GlusterDict(texts: ["volname": "gv0"]).bytes)
                })
        seeds.append(
            [2]
                + bytes { xdr in
                    xdr.put(string: "/bricks/b1")
                    xdr.put(Int32(49_152))
                    xdr.put(Int32(4_711))
                })
        return seeds
    }

    static func run(_ bytes: [UInt8]) {
        var xdr = XDRReader(bytes.shifted.dropFirst())
        switch (bytes.first ?? 0) % 3 {
        case 0:
            guard let request = try? GetSpecRequest(from: &xdr) else { return }
            checkGetSpec(request, Array(bytes.dropFirst()))
        case 1:
            guard let request = try? VolumeInfoRequest(from: &xdr) else { return }
            check(request.volume.utf8.count <= 3 * bytes.count, "a name is bounded")
            _ = VolumeInfoRequest.reply(id: request.volume)
        default: checkPortmap(&xdr, bytes)
        }
    }

    private static func checkGetSpec(_ request: GetSpecRequest, _ arguments: [UInt8]) {
        check(request.key.utf8.count <= 4_096, "a key is bounded")
        // The short way through the dict says what the long one does.
        var xdr = XDRReader(arguments)
        _ = try? xdr.uint32()
        _ = try? xdr.string(limit: 4_096)
        let opaque = xdr.left > 0 ? (try? xdr.opaque(limit: 64 << 10)) ?? [] : []
        let dict = (try? GlusterDict(opaque)) ?? GlusterDict()
        check(request.minOpVersion == dict.number("min-op-version") ?? 1, "min-op-version")
        check(request.maxOpVersion == dict.number("max-op-version") ?? 1, "max-op-version")
        check(request.brickName == dict.text("brick_name"), "brick_name")
        var texts = [
            "min-op-version": "\(request.minOpVersion)",
            "max-op-version": "\(request.maxOpVersion)",
        ]
        texts["brick_name"] = request.brickName
        let copy = Self.bytes { xdr in
            xdr.put(request.flags)
            xdr.put(string: request.key)
            xdr.put(opaque: GlusterDict(texts: texts).bytes)
        }
        var again = XDRReader(copy.shifted)
        do {
            check(try GetSpecRequest(from: &again) == request, "what is written is read equal")
        } catch {
            // A name that was no UTF-8 grows when it is repaired.
            check(copy.count > 64 << 10, "what is written is read: \(error)")
        }
        let id = VolfileID(request.key)
        check((id.volume?.utf8.count ?? 0) < VolfileID.bytesMax, "a volume's name is bounded")
        check(GetSpecReply.volfile(request.key).bytes.count % 4 == 0, "a reply is whole words")
    }

    private static func checkPortmap(_ xdr: inout XDRReader, _ bytes: [UInt8]) {
        var other = xdr
        guard let name = try? PortmapMessage.portByBrick(&other) else {
            check((try? PortmapMessage.signIn(&xdr)) == nil, "a sign-in begins with a name")
            return
        }
        check(name.utf8.count <= 4_096 && name.utf8.count <= bytes.count, "a name is bounded")
        guard let (own, port) = try? PortmapMessage.signIn(&xdr) else { return }
        check(own.isSame(as: name), "both read the same name")
        var copy = XDRReader(
            Self.bytes { xdr in
                xdr.put(string: name)
                xdr.put(Int32(port))
            })
        do {
            let again = try PortmapMessage.signIn(&copy)
            check(again.name.isSame(as: name) && again.port == port, "what is written is read")
        } catch { never(error, "what is written is read") }
        _ = PortmapMessage.portReply(port)
    }

    private static func bytes(_ write: (inout XDRWriter) -> Void) -> [UInt8] {
        var xdr = XDRWriter()
        write(&xdr)
        return xdr.bytes
    }
}
