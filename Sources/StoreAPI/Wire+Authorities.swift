import GlusterModel
import SwiftProtobuf

// The authorities, to and from the model.

extension StoreAuthorities {
    init(_ wire: Gd2_Store_V1_AuthoritiesReply) {
        self.init(
            authorities: wire.authorities.map { authority in
                Authority(
                    use: Use(rawValue: authority.use) ?? .nodes,
                    fingerprint: authority.fingerprint, expires: authority.expiresUnix,
                    signs: authority.signs)
            },
            exchange: wire.hasExchange ? Exchange(wire.exchange) : nil,
            removed: wire.removed.compactMap { removed in
                PeerID(removed.peerID).map { peer in
                    Removed(
                        peer: peer, name: removed.name, removed: removed.removedUnix,
                        message: removed.message)
                }
            })
    }
}

extension StoreAuthorities.Exchange {
    init(_ wire: Gd2_Store_V1_AuthorityExchange) {
        self.init(
            phase: wire.phase, began: wire.beganUnix,
            ended: wire.endedUnix == 0 ? nil : wire.endedUnix,
            lacking: wire.lacking.compactMap { lack in
                PeerID(lack.peerID).map { .init(peer: $0, name: lack.name, message: lack.message) }
            })
    }
}

extension Gd2_Store_V1_AuthoritiesReply {
    package init(_ found: StoreAuthorities) {
        self.init()
        authorities = found.authorities.map { authority in
            .with {
                $0.use = authority.use.rawValue
                $0.fingerprint = authority.fingerprint
                $0.expiresUnix = authority.expires
                $0.signs = authority.signs
            }
        }
        removed = found.removed.map { removed in
            .with {
                $0.peerID = removed.peer.description
                $0.name = removed.name
                $0.removedUnix = removed.removed
                $0.message = removed.message
            }
        }
        guard let running = found.exchange else { return }
        exchange = .with {
            $0.phase = running.phase
            $0.beganUnix = running.began
            $0.endedUnix = running.ended ?? 0
            $0.lacking = running.lacking.map { lack in
                .with {
                    $0.peerID = lack.peer.description
                    $0.name = lack.name
                    $0.message = lack.message
                }
            }
        }
    }
}
