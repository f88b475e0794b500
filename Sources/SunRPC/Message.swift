public import XDR

/// The head of a call (RFC 5531, section 9), credentials skipped.
public struct CallHeader: Hashable, Sendable {
    public var xid: UInt32
    public var program: UInt32
    public var version: UInt32
    public var procedure: UInt32

    public init(xid: UInt32, program: UInt32, version: UInt32, procedure: UInt32) {
        self.xid = xid
        self.program = program
        self.version = version
        self.procedure = procedure
    }
}

/// What a record is.
public enum Message: Sendable {
    case call(CallHeader, body: ArraySlice<UInt8>)
    /// RPC version other than 2: to be denied with RPC_MISMATCH.
    case wrongVersion(xid: UInt32)
    case reply(xid: UInt32, Reply)

    /// A reply's outcome.
    public enum Reply: Sendable {
        case success(ArraySlice<UInt8>)
        case failed(status: UInt32)
    }

    /// Bytes of a credential or verifier; GlusterFS allows more than RFC 5531's 400 for groups.
    private static let authBytesMax = 4_096

    public init(_ record: [UInt8]) throws(XDRError) {
        var xdr = XDRReader(record)
        let xid = try xdr.uint32()
        guard try xdr.uint32() == 0 else {
            self = .reply(xid: xid, try Self.reply(&xdr))
            return
        }
        guard try xdr.uint32() == 2 else {
            self = .wrongVersion(xid: xid)
            return
        }
        let header = CallHeader(
            xid: xid, program: try xdr.uint32(), version: try xdr.uint32(),
            procedure: try xdr.uint32())
        for _ in 0..<2 {
            _ = try xdr.uint32()
            try xdr.skipOpaque(limit: Self.authBytesMax)
        }
        self = .call(header, body: xdr.rest())
    }

    private static func reply(_ xdr: inout XDRReader) throws(XDRError) -> Reply {
        guard try xdr.uint32() == 0 else { return .failed(status: .max) }
        _ = try xdr.uint32()
        try xdr.skipOpaque(limit: authBytesMax)
        let status = try xdr.uint32()
        return status == 0 ? .success(xdr.rest()) : .failed(status: status)
    }
}

/// How a call is answered (RFC 5531, section 9).
public enum Answer: Sendable, Hashable {
    case success([UInt8])
    case programUnavailable
    case programMismatch(low: UInt32, high: UInt32)
    case procedureUnavailable
    case garbageArguments
    case systemError

    /// Bytes of a success before its body.
    public static let successHeadBytes = 24

    /// The record, without its mark.
    public func record(xid: UInt32) -> [UInt8] {
        var xdr = XDRWriter()
        for word in [xid, 1, 0, 0, 0] as [UInt32] { xdr.put(word) }
        switch self {
        case .success(let body):
            xdr.put(UInt32(0))
            xdr.put(raw: body)
        case .programUnavailable: xdr.put(UInt32(1))
        case .programMismatch(let low, let high):
            xdr.put(UInt32(2))
            xdr.put(low)
            xdr.put(high)
        case .procedureUnavailable: xdr.put(UInt32(3))
        case .garbageArguments: xdr.put(UInt32(4))
        case .systemError: xdr.put(UInt32(5))
        }
        return xdr.bytes
    }

    /// The denial of a call whose RPC version is not 2.
    public static func versionDenied(xid: UInt32) -> [UInt8] {
        var xdr = XDRWriter()
        for word in [xid, 1, 1, 0, 2, 2] as [UInt32] { xdr.put(word) }
        return xdr.bytes
    }
}

/// A call's record, with an empty credential (AUTH_NULL).
public func callRecord(_ header: CallHeader, body: [UInt8]) -> [UInt8] {
    var xdr = XDRWriter()
    for word in [header.xid, 0, 2, header.program, header.version, header.procedure] {
        xdr.put(word)
    }
    for _ in 0..<4 { xdr.put(UInt32(0)) }
    xdr.put(raw: body)
    return xdr.bytes
}
