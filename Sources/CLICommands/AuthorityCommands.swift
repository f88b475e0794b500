import ArgumentParser
import RESTAPI

struct ClusterAuthority: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authority", abstract: "The authorities that sign the nodes' certificates.",
        discussion: """
            Example:
              glustercli cluster authority show
              glustercli cluster authority exchange
            """,
        subcommands: [Show.self, Exchange.self])

    static let path = "/v1/cluster/authorities"

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show whom this node trusts, and how far an exchange is.",
            discussion: """
                Example: glustercli cluster authority show
                Each authority by the SHA-256 of its certificate. Two of a use are trusted while \
                they are exchanged.
                """)
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running {
                let found = try await common.client.get(path, as: AuthoritiesInfo.self)
                try render(
                    found, as: common.output, names: found.authorities.map(\.fingerprint)
                ) { AuthorityText.show(found) }
            }
        }
    }

    struct Exchange: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "exchange",
            abstract: "Replace both authorities while the cluster serves.",
            discussion: """
                Example:
                  glustercli cluster authority exchange --dry-run
                  glustercli cluster authority exchange
                  glustercli cluster authority show
                Every node comes to trust new authorities beside the old ones, then gets \
                certificates of the new ones, then trusts these alone. It goes on by itself, and \
                waits for nodes that do not answer. Join tokens that were made before end with it.
                """, aliases: ["rotate"])
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions

        func run() async throws {
            try await running {
                let path = path + "/exchange"
                if change.dryRun { return try await common.plan("POST", path, nil) }
                let answer = try await common.change("POST", path, nil)
                let outcome = try APIClient.decode(OutcomeInfo.self, answer.body)
                try render(outcome, as: common.output, names: [outcome.message]) {
                    outcome.message
                        + "\nglustercli cluster authority show says how far it is\n"
                }
            }
        }
    }
}
