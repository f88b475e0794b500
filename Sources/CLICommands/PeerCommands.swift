import ArgumentParser
import GD2Error
import RESTAPI

struct PeerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer", abstract: "Nodes of the cluster: add, look at, change, remove.",
        discussion: """
            Example:
              glustercli peer pair                  # on the new node, h2
              glustercli peer add h2 --code CODE    # on a node of the cluster
              glustercli peer status
            The other way round: peer token create on a node of the cluster, and the line that it \
            prints on the new node.
            """,
        subcommands: [
            Add.self, Remove.self, Status.self, List.self, Show.self, Edit.self, PeerToken.self,
            PeerPair.self, PeerJoin.self,
        ])

    /// A name that no peer can have is refused here, since it might mean another path.
    static func path(_ name: String) throws(GD2Error) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            byte.isDigitOrLetter || ".-_:".utf8.contains(byte)
        }
        guard isPlain, !name.isEmpty, !["tokens", "pair", ".", ".."].contains(name) else {
            throw GD2Error(
                .invalid, "\"\(name)\" is no peer's name, address or id: glustercli peer list")
        }
        return "/v1/peers/\(name)"
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Take a node into the cluster.",
            discussion: """
                Example:
                  glustercli peer add h2 --code CODE
                  glustercli peer add h2 10.0.1.2 --code CODE --zone rack1 --metadata owner=ann
                The node has to be in no cluster and without volumes; glustercli peer pair there \
                shows the code. Volfiles name its first address.
                """, aliases: ["probe"])
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions
        @Option(help: "What glustercli peer pair shows on the node.") var code: String?
        @Option(help: "Its zone: nodes that fail together.") var zone: String?
        @Option(
            help: ArgumentHelp("Anything of one's own; several times.", valueName: "key=value"))
        var metadata: [String] = []
        @Argument(
            help: ArgumentHelp("HOST or HOST:PORT, best first.", valueName: "host"))
        var hosts: [String]

        func run() async throws {
            try await running {
                var request = PeerAddReq(addresses: hosts)
                request.code = code
                request.zone = zone
                request.metadata = try Pairs.parse(metadata)
                if change.dryRun { return try await common.plan("POST", "/v1/peers", request) }
                let answer = try await common.client.send("POST", "/v1/peers", request)
                let peer = try APIClient.decode(PeerInfo.self, answer.body)
                try render(peer, as: common.output, names: [peer.name]) {
                    "peer \(peer.name) is added (\(peer.id))\n"
                }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Take a node out of the cluster.",
            discussion: """
                Example:
                  glustercli peer remove h3 --dry-run
                  glustercli peer remove h3
                  glustercli peer remove h3 --force
                A node with bricks of a volume is not removed. --force is for one that is gone for \
                ever: it is not asked to leave, and has to be set up anew should it come back.
                A node that was a member of the store has had keys of the cluster's authorities, \
                which are exchanged by themselves then: cluster authority show says how far it is.
                """, aliases: ["detach"])
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions
        @Flag(name: [.customShort("f"), .long], help: "It is gone for ever: it is not asked.")
        var force = false
        @Argument(help: "The node's name, address or id.") var peer: String
        @Argument(help: ArgumentHelp("force: GD1's word for --force.", valueName: "force"))
        var words: [String] = []

        func run() async throws {
            try await running {
                let force = try VolumeCommand.force(words) || force
                let path = try PeerCommand.path(peer) + (force ? "?force=true" : "")
                if change.dryRun { return try await common.plan("DELETE", path, nil) }
                try common.confirm(
                    force
                        ? "Peer \(peer) is not asked: it has to be gone for ever. Remove it?"
                        : "Removing peer \(peer) empties its store and cuts it off. Continue?")
                let before = await holders
                _ = try await common.client.send("DELETE", path, nil)
                guard common.output == .table else { return }
                try write("peer \(peer) is removed\n")
                for removed in await holders.subtracting(before) {
                    try write(AuthorityText.afterRemoval(of: removed.name))
                }
            }
        }

        /// Removed peers that have had keys; none where that cannot be learned. A busy gd2-store
        /// may not say it in time at first.
        private var holders: Set<RemovedHolderInfo> {
            get async {
                var found: AuthoritiesInfo?
                for _ in 0..<3 where found == nil {
                    found = try? await common.client.get(
                        ClusterAuthority.path, as: AuthoritiesInfo.self)
                }
                return Set(
                    (found?.removed ?? []).map { removed in
                        var one = removed
                        one.message = ""
                        return one
                    })
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show which nodes answer, their roles and clocks.",
            discussion: "Example: glustercli peer status")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running {
                let peers = try await common.client.get("/v1/peers", as: [PeerInfo].self)
                try render(peers, as: common.output, names: peers.map(\.name)) {
                    PeerText.status(peers)
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the nodes.",
            discussion: """
                Example:
                  glustercli peer list -o name
                  glustercli peer list --key owner --value ann
                """)
        @OptionGroup var common: CommonOptions
        @Option(help: "Only nodes with this key of metadata.") var key: String?
        @Option(help: "Only nodes with this value of metadata.") var value: String?

        func run() async throws {
            try await running {
                var query: [String] = []
                if let key { query.append("key=" + Query.escaped(key)) }
                if let value { query.append("value=" + Query.escaped(value)) }
                let path = "/v1/peers" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
                let peers = try await common.client.get(path, as: [PeerInfo].self)
                try render(peers, as: common.output, names: peers.map(\.name)) {
                    PeerText.list(peers)
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show all that is known of a node.",
            discussion: "Example: glustercli peer show h2")
        @OptionGroup var common: CommonOptions
        @Argument(help: "The node's name, address or id.") var peer: String

        func run() async throws {
            try await running {
                let peer = try await common.client.get(PeerCommand.path(peer), as: PeerInfo.self)
                try render(peer, as: common.output, names: [peer.name]) { PeerText.show(peer) }
            }
        }
    }

    struct Edit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "edit", abstract: "Change a node's name, addresses, zone or metadata.",
            discussion: """
                Example:
                  glustercli peer edit h2 --name store2
                  glustercli peer edit h2 --address h2.example.net --address 10.0.1.2
                  glustercli peer edit h2 --zone rack2 --metadata owner=ann --remove-metadata old
                What is not named stays. --address gives all of them anew; volfiles name the first.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions
        @Option(help: "A new name.") var name: String?
        @Option(help: "A name or address that the others reach it by; several times, best first.")
        var address: [String] = []
        @Option(help: "Its zone: nodes that fail together.") var zone: String?
        @Option(
            help: ArgumentHelp("Added to its metadata; several times.", valueName: "key=value"))
        var metadata: [String] = []
        @Option(help: ArgumentHelp("Taken from its metadata; several times.", valueName: "key"))
        var removeMetadata: [String] = []
        @Argument(help: "The node's name, address or id.") var peer: String

        func validate() throws {
            guard
                name != nil || zone != nil
                    || !(address.isEmpty && metadata.isEmpty && removeMetadata.isEmpty)
            else { throw ValidationError("say what to change: --name, --address, --zone, …") }
        }

        func run() async throws {
            try await running {
                var request = PeerEditReq()
                request.name = name
                request.addresses = address.isEmpty ? nil : address
                request.zone = zone
                request.metadata = metadata.isEmpty ? nil : try Pairs.parse(metadata)
                request.removeMetadata = removeMetadata.isEmpty ? nil : removeMetadata
                let path = try PeerCommand.path(peer)
                if change.dryRun { return try await common.plan("POST", path, request) }
                let answer = try await common.client.send("POST", path, request)
                let peer = try APIClient.decode(PeerInfo.self, answer.body)
                try render(peer, as: common.output, names: [peer.name]) { PeerText.show(peer) }
            }
        }
    }
}

/// GD1's other word for the peers.
struct PoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool", abstract: "GD1's word: pool list is peer list.",
        discussion: "Example: glustercli pool list", subcommands: [PeerCommand.List.self])
}

/// `key=value` words.
enum Pairs {
    static func parse(_ words: [String]) throws(GD2Error) -> [String: String] {
        var pairs: [String: String] = [:]
        for word in words {
            guard let separator = word.firstIndex(of: "="), separator > word.startIndex else {
                throw GD2Error(.invalid, "\"\(word)\" is not of the form KEY=VALUE")
            }
            let key = String(word[..<separator])
            let value = String(word[word.index(after: separator)...])
            guard pairs.updateValue(value, forKey: key) == nil else {
                throw GD2Error(.invalid, "\(key) is given twice")
            }
        }
        return pairs
    }
}

/// Values of a URL's query (RFC 3986, section 2.3).
enum Query {
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            if byte.isDigitOrLetter || "-._~".utf8.contains(byte) {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return escaped
    }
}

extension UInt8 {
    /// Of ASCII.
    var isDigitOrLetter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
