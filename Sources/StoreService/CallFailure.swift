import GRPCCore
import Glibc
import NIOCore
import NIOSSL

/// Why a call to an etcd failed, for people.
enum CallFailure {
    /// What the transport says stands in the causes.
    static func text(_ error: any Error) -> String {
        guard let error = error as? RPCError else { return "\(error)" }
        guard error.code != .deadlineExceeded else { return "no answer in time" }
        switch error.cause {
        case nil: return error.message
        case let cause as RPCError: return text(cause)
        case let cause as IOError: return String(cString: strerror(cause.errnoCode))
        case is NIOSSLError, is BoringSSLError:
            return "it ends the TLS handshake: is etcd-certificate set, valid, and signed by an "
                + "authority that etcd trusts?"
        case let cause?: return "\(cause)"
        }
    }

    /// The same error; where `way` could not be reached, its name and the cause instead of the
    /// transport's own words.
    static func named(_ error: any Error, _ way: String) -> any Error {
        guard let known = error as? RPCError, known.code == .unavailable, known.cause != nil
        else { return error }
        return RPCError(code: .unavailable, message: "\(way): \(text(known))")
    }
}
