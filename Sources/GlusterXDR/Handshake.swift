public import XDR

/// `gf_getspec_req` (rpc/xdr/src/glusterfs3-xdr.x).
public struct GetSpecRequest: Hashable, Sendable {
    public var flags: UInt32
    public var key: String
    public var minOpVersion: Int
    public var maxOpVersion: Int
    public var brickName: String?

    private static let keyBytesMax = 4_096
    private static let dictBytesMax = 64 << 10

    public init(from xdr: inout XDRReader) throws(XDRError) {
        flags = try xdr.uint32()
        key = try xdr.string(limit: Self.keyBytesMax)
        (minOpVersion, maxOpVersion) = (1, 1)
        // A request of an old client has no dict; it counts as op-version 1, as does a damaged one.
        let bytes = xdr.left > 0 ? try xdr.opaque(limit: Self.dictBytesMax) : []
        var request = self
        let read: Void? = try? GlusterDict.read(bytes) { key, value in
            if key.elementsEqual("min-op-version".utf8) {
                request.minOpVersion = Int(GlusterDict.text(value)) ?? 1
            } else if key.elementsEqual("max-op-version".utf8) {
                request.maxOpVersion = Int(GlusterDict.text(value)) ?? 1
            } else if key.elementsEqual("brick_name".utf8) {
                request.brickName = GlusterDict.text(value)
            }
        }
        if read != nil { self = request }
    }
}

/// `gf_getspec_rsp`: the length of the text stands in `op_ret`.
public enum GetSpecReply: Hashable, Sendable {
    case volfile(String)
    case failed(WireError)

    public var bytes: [UInt8] {
        var xdr = XDRWriter()
        switch self {
        case .volfile(let text):
            xdr.put(Int32(text.utf8.count))
            xdr.put(Int32(0))
            xdr.put(string: text)
        case .failed(let error):
            xdr.put(Int32(-1))
            xdr.put(error.rawValue)
            xdr.put(string: "")
        }
        xdr.put(opaque: [])
        return xdr.bytes
    }
}

/// `gf_get_volume_info_req` and its reply: the volume's id as text.
public struct VolumeInfoRequest: Hashable, Sendable {
    public var volume: String

    public init(from xdr: inout XDRReader) throws(XDRError) {
        let dict = (try? GlusterDict(try xdr.opaque(limit: 64 << 10))) ?? GlusterDict()
        volume = dict.text("volname") ?? ""
    }

    /// `id` nil: there is no such volume.
    public static func reply(id: String?) -> [UInt8] {
        var xdr = XDRWriter()
        xdr.put(Int32(id == nil ? -1 : 0))
        xdr.put(id == nil ? WireError.notFound.rawValue : 0)
        xdr.put(string: id == nil ? "Volume does not exist" : "")
        xdr.put(opaque: id.map { GlusterDict(texts: ["volume_id": $0]).bytes } ?? [])
        return xdr.bytes
    }
}
