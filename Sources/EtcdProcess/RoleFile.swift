import DurableFile
import FoundationEssentials
import Glibc

/// What gd2-store decides for this node's etcd: the runner waits for this file and then becomes
/// etcd with these arguments.
public struct RoleFile: Hashable, Sendable, Codable {
    public var schema = 1
    /// Path of etcd's binary.
    public var binary: String
    public var arguments: [String]
    /// Why no etcd is to run here; then there is no binary.
    public var absence: String?
    /// Whether this member has run: then it is started only with its data.
    public var hasRun: Bool?
    /// Fingerprint of the authority that gd2-store's certificate is of: etcd reads whom it trusts
    /// at its start alone. Nil: written by a version that did not say it.
    public var clientAuthority: String?

    public init(
        binary: String, arguments: [String], hasRun: Bool = false, clientAuthority: String? = nil
    ) {
        self.binary = binary
        self.arguments = arguments
        self.hasRun = hasRun ? true : nil
        self.clientAuthority = clientAuthority
    }

    /// No etcd runs here: `absence` is a sentence for the log.
    public init(absence: String) {
        binary = ""
        arguments = []
        self.absence = absence
    }

    /// Why no etcd may become of it now: its member has run, and has no data any more.
    public var loss: String? {
        let flag = EtcdArguments.dataFlag
        let folder = arguments.first { $0.hasPrefix(flag) }?.dropFirst(flag.count)
        guard hasRun == true, let folder, !EtcdData.isThere(String(folder)) else { return nil }
        return EtcdData.loss(of: String(folder))
    }

    public static func load(from path: String) throws -> RoleFile? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return try JSONDecoder().decode(RoleFile.self, from: data)
    }

    /// Replaces the file whole; does nothing when it says the same already.
    public func save(to path: String) throws {
        let data = try bytes
        if FileManager.default.contents(atPath: path).map(Array.init) == data { return }
        try DurableFile.replace(path, with: data)
    }

    var bytes: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self))
        }
    }
}

public enum EtcdProcessError: Error, Equatable, CustomStringConvertible {
    case exec(String, errno: Int32)

    public var description: String {
        switch self {
        case .exec(let path, let code):
            "cannot run \(path): \(String(cString: strerror(code))): is etcd-server installed?"
        }
    }
}
