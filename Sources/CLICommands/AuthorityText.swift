import RESTAPI

/// The cluster's authorities as people read them.
enum AuthorityText {
    static func show(_ found: AuthoritiesInfo) -> String {
        let table = Table(
            headers: ["USE", "SHA-256", "VALID UNTIL", "SIGNS"],
            rows: found.authorities.map { authority in
                [
                    authority.use, authority.fingerprint, TimeText.utc(authority.expires),
                    authority.signs ? "yes" : "no",
                ]
            }
        ).text
        let removed = (found.removed ?? []).map { "Removed: \(text($0))\n" }.joined()
        guard let exchange = found.exchange else { return table + removed }
        let lacking = exchange.lacking.map { "Waiting for: \($0.name): \($0.message)\n" }
        return table + "Exchange: \(state(exchange))\n" + lacking.joined() + removed
    }

    /// A removed peer that has had keys.
    static func text(_ removed: RemovedHolderInfo) -> String {
        "\(removed.name) at \(TimeText.utc(removed.removed)), which has had the keys of the "
            + "authorities: \(removed.message)"
    }

    static func afterRemoval(of name: String) -> String {
        "\(name) has had the keys of the cluster's authorities, which are exchanged by themselves; "
            + "glustercli cluster authority show says how far it is\n"
    }

    /// How far an exchange is.
    static func state(_ exchange: AuthorityExchangeInfo) -> String {
        let began = TimeText.utc(exchange.began)
        return switch exchange.phase {
        case "asked": "asked for at \(began), and not begun"
        case "trusting":
            "since \(began), phase 1 of 3: every node comes to trust the new authorities too"
        case "issuing":
            "since \(began), phase 2 of 3: every node gets certificates of the new authorities"
        case "retiring":
            "since \(began), phase 3 of 3: every node ends its trust in the old authorities"
        case "done": "done at \(exchange.ended.map(TimeText.utc) ?? "a time that is not known")"
        default: "since \(began), \(exchange.phase)"
        }
    }
}
