import SwiftProtobuf

/// A change of the cluster that only gd2-store can check: what a dry run is of.
public enum CheckedChange: Hashable, Sendable {
    case addPeer(address: String, code: String)
    case createToken(validFor: Duration, uses: Int)
    case revokeToken(id: String)
    case pair(validFor: Duration)
    case join(token: String)
    case saveSnapshot
}

extension Gd2_Store_V1_CheckRequest {
    init(_ change: CheckedChange) {
        self.init()
        switch change {
        case .addPeer(let address, let code):
            addPeer = .with {
                $0.address = address
                $0.code = code
            }
        case .createToken(let validFor, let uses):
            createToken = .init(validFor: validFor, uses: uses)
        case .revokeToken(let id): revokeToken = .with { $0.id = id }
        case .pair(let validFor): pair = .init(validFor: validFor)
        case .join(let token): join = .with { $0.token = token }
        case .saveSnapshot: saveSnapshot = .init()
        }
    }
}

extension Gd2_Store_V1_CreateTokenRequest {
    init(validFor: Duration, uses: Int) {
        self.init()
        validSeconds = UInt32(clamping: validFor.components.seconds)
        self.uses = UInt32(clamping: uses)
    }
}

extension Gd2_Store_V1_PairRequest {
    init(validFor: Duration) {
        self.init()
        validSeconds = UInt32(clamping: validFor.components.seconds)
    }
}
