/// Numbers of GlusterFS's RPC programs (rpc/rpc-lib/src/protocol-common.h).
public enum Programs {
    public static let dump: UInt32 = 123_451_501
    public static let handshake: UInt32 = 14_398_633
    public static let portmap: UInt32 = 34_123_456
    public static let callback: UInt32 = 52_743_234

    public enum Handshake {
        public static let version: UInt32 = 2
        public static let getSpec: UInt32 = 2
        public static let eventNotify: UInt32 = 5
        public static let getVolumeInfo: UInt32 = 6
    }

    public enum Portmap {
        public static let version: UInt32 = 1
        public static let portByBrick: UInt32 = 1
        public static let signIn: UInt32 = 4
        public static let signOut: UInt32 = 5
    }

    public enum Dump {
        public static let version: UInt32 = 1
        public static let dump: UInt32 = 1
        public static let ping: UInt32 = 2
    }

    public enum Callback {
        public static let version: UInt32 = 1
        public static let fetchSpec: UInt32 = 1
    }
}

/// errno values on the wire, which are Linux's.
public enum WireError: Int32, Sendable {
    case notFound = 2
    case tryAgain = 11
    case notPermitted = 1
    case notSupported = 95
}
