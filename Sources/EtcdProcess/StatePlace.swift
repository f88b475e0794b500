import DurableFile
import FoundationEssentials
import Glibc

/// `place.json`: on which machine this state directory was last used as its peer, so that a copy of
/// it is known for one. Decision 0035.
public struct StatePlace: Hashable, Sendable, Codable {
    public var schema = 1
    /// The machine's addresses then: neither names nor loopback.
    public var addresses: [String]
    /// Why this machine may not act as the peer, a sentence for the log; nil: it may.
    public var refusal: String?
    /// HOST:PORT of the machine that is the peer instead; nil without a refusal.
    public var rival: String?

    public init(addresses: [String], refusal: String? = nil, rival: String? = nil) {
        self.addresses = addresses
        self.refusal = refusal
        self.rival = rival
    }

    private static func path(_ stateDirectory: String) -> String { stateDirectory + "/place.json" }

    /// Locked by gd2-store while it acts as the peer: who waits for its decision has it then.
    public static func serving(_ stateDirectory: String) -> ProcessLock {
        ProcessLock(path: stateDirectory + "/serving.lock")
    }

    /// Nil: none was written yet, or it cannot be read; then the machine counts as another one.
    public static func load(_ stateDirectory: String) -> StatePlace? {
        guard let bytes = try? DurableFile.read(path(stateDirectory), atMost: 1 << 20) else {
            return nil
        }
        return try? JSONDecoder().decode(StatePlace.self, from: Data(bytes))
    }

    /// Why the file that is there cannot be read; nil: it can, or there is none.
    public static func damage(_ stateDirectory: String) -> String? {
        let path = path(stateDirectory)
        do {
            guard let bytes = try DurableFile.read(path, atMost: 1 << 20) else { return nil }
            _ = try JSONDecoder().decode(StatePlace.self, from: Data(bytes))
            return nil
        } catch { return "\(error)" }
    }

    /// Does nothing when it says the same already.
    public func save(_ stateDirectory: String) throws {
        if Self.load(stateDirectory) == self { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DurableFile.replace(Self.path(stateDirectory), with: Array(try encoder.encode(self)))
    }

    /// Whether this machine has all of the addresses.
    public func isHere(_ own: Set<String>) -> Bool { own.isSuperset(of: addresses) }

    /// Whether `address` is one of this machine's, found without a netlink socket.
    public static func isOwn(_ address: String) -> Bool {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, "0", &hints, &found) == 0, let first = found else {
            return false
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(
            first.pointee.ai_family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0
    }
}

/// Whether the runner may become etcd: two etcds that are the same member of the Raft engine can
/// lose what was acknowledged.
public enum EtcdGate: Hashable, Sendable {
    case open
    /// A sentence for the log.
    case closed(String)

    /// How long gd2-store is waited for on the machine where the state was last used: etcd votes
    /// for other nodes too, whatever is wrong with this one's gd2-store.
    public static let storeWait = Duration.seconds(10)

    /// `isServed`: gd2-store runs and acts as the peer. `isHere`: this machine has the addresses
    /// of `place`.
    public static func now(
        _ place: StatePlace?, isServed: Bool, isHere: Bool, waited: Duration
    ) -> EtcdGate {
        if let refusal = place?.refusal { return .closed(refusal) }
        if isServed { return .open }
        guard let place else { return .closed("waiting for gd2-store") }
        guard isHere else {
            return .closed(
                "this state was last used at \(place.addresses.joined(separator: " ")), which are "
                    + "not all this machine's: waiting for gd2-store to find whether another "
                    + "machine runs with it")
        }
        return waited < storeWait ? .closed("waiting for gd2-store") : .open
    }
}
