import AuthorityExchange
public import GlusterModel

/// The authorities of a cluster, and the exchange of them that runs or was last.
public struct StoreAuthorities: Hashable, Sendable {
    public enum Use: String, Sendable {
        /// TCP 24008.
        case nodes
        /// etcd's members among themselves.
        case members
    }

    public struct Authority: Hashable, Sendable {
        public var use: Use
        /// Hexadecimal SHA-256 of its certificate.
        public var fingerprint: String
        /// Seconds since 1970.
        public var expires: Int64
        /// Whether it has signed the asked node's own certificate.
        public var signs: Bool

        public init(use: Use, fingerprint: String, expires: Int64, signs: Bool) {
            self.use = use
            self.fingerprint = fingerprint
            self.expires = expires
            self.signs = signs
        }
    }

    /// What a peer lacks of a phase, in words that follow its name.
    public struct Lack: Hashable, Sendable {
        public var peer: PeerID
        public var name: String
        public var message: String

        public init(peer: PeerID, name: String, message: String) {
            self.peer = peer
            self.name = name
            self.message = message
        }
    }

    public struct Exchange: Hashable, Sendable {
        /// `asked`, or a phase's name.
        public var phase: String
        /// Seconds since 1970.
        public var began: Int64
        public var ended: Int64?
        public var lacking: [Lack]

        public init(phase: String, began: Int64, ended: Int64?, lacking: [Lack]) {
            self.phase = phase
            self.began = began
            self.ended = ended
            self.lacking = lacking
        }
    }

    /// A removed peer whose keys of the authorities still open something.
    public struct Removed: Hashable, Sendable {
        public var peer: PeerID
        public var name: String
        /// Seconds since 1970.
        public var removed: Int64
        /// What the end of it waits for.
        public var message: String

        public init(peer: PeerID, name: String, removed: Int64, message: String) {
            self.peer = peer
            self.name = name
            self.removed = removed
            self.message = message
        }
    }

    /// Those that the asked node trusts.
    public var authorities: [Authority]
    public var exchange: Exchange?
    public var removed: [Removed]

    public init(authorities: [Authority], exchange: Exchange?, removed: [Removed] = []) {
        self.authorities = authorities
        self.exchange = exchange
        self.removed = removed
    }
}
