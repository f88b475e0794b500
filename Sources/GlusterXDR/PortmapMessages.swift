public import XDR

/// Requests of the portmap program (rpc/xdr/src/portmap-xdr.x).
public enum PortmapMessage {
    private static let nameBytesMax = 4_096

    /// `pmap_port_by_brick_req`: the brick's path, or a name such as `snapd-VOL`.
    public static func portByBrick(_ xdr: inout XDRReader) throws(XDRError) -> String {
        try xdr.string(limit: nameBytesMax)
    }

    /// `pmap_signin_req`; the pid that it names is not believed.
    public static func signIn(
        _ xdr: inout XDRReader
    ) throws(XDRError) -> (name: String, port: Int) {
        let name = try xdr.string(limit: nameBytesMax)
        return (name, Int(try xdr.int32()))
    }

    /// `pmap_port_by_brick_rsp`; nil when there is no such brick here.
    public static func portReply(_ port: Int?) -> [UInt8] {
        var xdr = XDRWriter()
        xdr.put(Int32(port == nil ? -1 : 0))
        xdr.put(Int32(0))
        xdr.put(Int32(0))
        xdr.put(Int32(port ?? 0))
        return xdr.bytes
    }

    /// `pmap_signin_rsp` and `pmap_signout_rsp`: done.
    public static var signed: [UInt8] { [UInt8](repeating: 0, count: 8) }
}

/// Replies of the dump program (rpc/rpc-lib/src/rpcsvc.c, `rpcsvc_dump`).
public enum DumpMessage {
    /// `gf_dump_rsp`: a linked list of programs.
    public static func reply(
        programs: [(name: String, number: UInt32, version: UInt32)]
    ) -> [UInt8] {
        var xdr = XDRWriter()
        xdr.put(UInt64(0))
        xdr.put(Int32(0))
        xdr.put(Int32(0))
        for program in programs {
            xdr.put(UInt32(1))
            xdr.put(string: program.name)
            xdr.put(UInt64(program.number))
            xdr.put(UInt64(program.version))
        }
        xdr.put(UInt32(0))
        return xdr.bytes
    }

    /// `gf_common_rsp` of PING.
    public static var pingReply: [UInt8] { [UInt8](repeating: 0, count: 12) }
}
