import ArgumentParser
import GD2Error
import RESTAPI

struct PeerToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Tokens that new nodes join with.",
        discussion: "Example: glustercli peer token create --valid 1h",
        subcommands: [Create.self, List.self, Revoke.self])

    private static let path = "/v1/peers/tokens"

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a token, and print the line for the new node.",
            discussion: """
                Example:
                  glustercli peer token create
                  glustercli peer token create --valid 30m --uses 5
                The token is shown only now. Who has it can join: send it as a password. It also \
                tells the new node which cluster to trust.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions
        @Option(help: "How long it is good: 90s, 30m, 1h, 7d.") var valid = "1h"
        @Option(help: "How many nodes may join with it.") var uses = 1

        func run() async throws {
            try await running {
                let request = TokenCreateReq(
                    validSeconds: try TimeText.seconds(valid), uses: uses)
                if change.dryRun { return try await common.plan("POST", path, request) }
                let answer = try await common.client.send("POST", path, request)
                let made = try APIClient.decode(TokenCreated.self, answer.body)
                try writing(
                    orElse: "token \(made.info.id) is made all the same; glustercli peer token "
                        + "revoke \(made.info.id) ends it"
                ) {
                    try render(made, as: common.output, names: [made.token]) {
                        made.command + "\n"
                    }
                }
                guard common.output == .table else { return }
                let nodes = made.info.usesLeft == 1 ? "one node" : "\(made.info.usesLeft) nodes"
                writeError(
                    "run this as root on the new node, by \(TimeText.utc(made.info.expires)); it "
                        + "is good for \(nodes)")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the tokens that are still good.",
            discussion: "Example: glustercli peer token list")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running {
                let tokens = try await common.client.get(path, as: [TokenInfo].self)
                try render(tokens, as: common.output, names: tokens.map(\.id)) {
                    PeerText.tokens(tokens)
                }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "End a token; who joined with it stays.",
            discussion: "Example: glustercli peer token revoke ID")
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions
        @Argument(help: "The token's id, as peer token list shows it.") var id: String

        func run() async throws {
            try await running {
                guard id.utf8.allSatisfy({ $0.isDigitOrLetter || $0 == UInt8(ascii: "-") }) else {
                    throw GD2Error(
                        .invalid,
                        "\"\(id)\" is no token's id: glustercli peer token list shows them")
                }
                let token = "\(path)/\(id)"
                if change.dryRun { return try await common.plan("DELETE", token, nil) }
                _ = try await common.client.send("DELETE", token, nil)
                if common.output == .table { try write("token \(id) is revoked\n") }
            }
        }
    }
}

struct PeerPair: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pair",
        abstract: "On a new node: print the line that takes it into a cluster.",
        discussion: """
            Example:
              glustercli peer pair
              glustercli peer pair --valid 10m
            The node has to be in no cluster and without volumes. The code proves to it who asks: \
            only the printed line is taken.
            """)
    @OptionGroup var common: CommonOptions
    @OptionGroup var change: ChangeOptions
    @Option(help: "How long the code is good: 90s, 30m, 1h.") var valid = "1h"

    func run() async throws {
        try await running {
            let request = PairReq(validSeconds: try TimeText.seconds(valid))
            let path = "/v1/peers/pair"
            if change.dryRun { return try await common.plan("POST", path, request) }
            let answer = try await common.client.send("POST", path, request)
            let pair = try APIClient.decode(PairInfo.self, answer.body)
            try render(pair, as: common.output, names: [pair.code]) { pair.command + "\n" }
            guard common.output == .table else { return }
            writeError("run this on a node of the cluster, by \(TimeText.utc(pair.expires))")
        }
    }
}

struct PeerJoin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "On a new node: join the cluster that a token is of.",
        discussion: """
            Example:
              glustercli peer join TOKEN --dry-run
              glustercli peer join TOKEN
            A node of the cluster prints this line: peer token create. This node has to be in no \
            cluster and without volumes.
            """)
    @OptionGroup var common: CommonOptions
    @OptionGroup var change: ChangeOptions
    @Argument(help: "The token.") var token: String

    func run() async throws {
        try await running {
            let (path, request) = ("/v1/cluster/join", JoinReq(token: token))
            if change.dryRun { return try await common.plan("POST", path, request) }
            let answer = try await common.client.send("POST", path, request)
            let joined = try APIClient.decode(JoinInfo.self, answer.body)
            try render(joined, as: common.output, names: [joined.clusterID]) {
                "this node is in cluster \(joined.clusterID) now, as peer \(joined.peerID): "
                    + "glustercli peer status shows the others\n"
            }
        }
    }
}
