/// How far an exchange of the cluster's authorities is, as the store has it. A phase begins when
/// every peer has what the one before it was for.
public enum ExchangePhase: String, Hashable, Sendable, Codable, CaseIterable {
    /// Every node comes to trust the new authorities beside the old ones.
    case trusting
    /// Every node comes to show certificates of the new ones.
    case issuing
    /// Every node comes to trust the new ones alone.
    case retiring
    /// It is over. What a node does that was away is the same as in ``retiring``.
    case done

    /// 1 to 3; nil when it is over.
    public var number: Int? {
        switch self {
        case .trusting: 1
        case .issuing: 2
        case .retiring: 3
        case .done: nil
        }
    }

    var next: ExchangePhase {
        switch self {
        case .trusting: .issuing
        case .issuing: .retiring
        case .retiring, .done: .done
        }
    }
}

/// The authority of TCP 24008 and that of etcd's members, by the hexadecimal SHA-256 of their
/// certificates.
public struct AuthorityNames: Hashable, Sendable {
    public var node: String
    public var member: String

    public init(node: String, member: String) {
        self.node = node
        self.member = member
    }
}
