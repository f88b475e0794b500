import GD2Error
import GlusterModel
import HTTPTypes
import Hummingbird
import RESTAPI
import StoreAPI

/// The routes of the cluster's authorities; straight to gd2-store, as ``ClusterRoutes``.
struct AuthorityRoutes: Sendable {
    let local: LocalStore

    private let path = "/v1/cluster/authorities"

    var listed: [ListedRoute] {
        [
            .init(
                name: "GetAuthorities", method: .get, path: "/v1/cluster/authorities",
                response: "AuthoritiesInfo"
            ) { _, _ in
                let found = try await local.read("which its authorities are") {
                    try await local.calls.authorities()
                }
                return try Response.json(AuthoritiesInfo(found))
            },
            exchange,
        ]
    }

    private var exchange: ListedRoute {
        ListedRoute(
            name: "ExchangeAuthorities", method: .post, path: path + "/exchange",
            response: "OutcomeInfo"
        ) { _, _ in
            _ = try await local.require()
            let said = try await local.calls.exchangeAuthorities(isDryRun: false)
            return try Response.json(OutcomeInfo(message: said), status: .accepted)
        }.keptAround().planned { _, _ in
            _ = try await local.require()
            let said = try await local.calls.exchangeAuthorities(isDryRun: true)
            return DryRunInfo(changes: [PendingChange(.set, "cluster", said)])
        }
    }
}

extension AuthoritiesInfo {
    init(_ found: StoreAuthorities) {
        self.init(
            authorities: found.authorities.map { authority in
                AuthorityInfo(
                    use: authority.use.rawValue, fingerprint: authority.fingerprint,
                    expires: authority.expires, signs: authority.signs)
            }, exchange: found.exchange.map(AuthorityExchangeInfo.init),
            removed: RemovedHolderInfo.all(found))
    }
}

extension RemovedHolderInfo {
    static func all(_ found: StoreAuthorities) -> [Self]? {
        guard !found.removed.isEmpty else { return nil }
        return found.removed.map { removed in
            Self(
                peerID: removed.peer.description, name: removed.name, removed: removed.removed,
                message: removed.message)
        }
    }
}

extension AuthorityExchangeInfo {
    init(_ exchange: StoreAuthorities.Exchange) {
        self.init(
            phase: exchange.phase, began: exchange.began, ended: exchange.ended,
            lacking: exchange.lacking.map { lack in
                AuthorityLackInfo(
                    peerID: lack.peer.description, name: lack.name, message: lack.message)
            })
    }
}
