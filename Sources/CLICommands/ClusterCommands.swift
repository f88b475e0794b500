import ArgumentParser
import GD2Error
import RESTAPI

struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "The cluster: its state, its store, recovery.",
        discussion: """
            Example:
              glustercli cluster status
              glustercli cluster snapshot save
            """,
        subcommands: [
            Status.self, Members.self, Version.self, ClusterAuthority.self, ClusterSnapshot.self,
            Recover.self,
        ])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show whether the cluster is well, and what is not.",
            discussion: "Example: glustercli cluster status")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running {
                let cluster = try await common.client.get("/v1/cluster", as: ClusterInfo.self)
                try render(cluster, as: common.output, names: [cluster.id]) {
                    ClusterText.status(cluster)
                }
            }
        }
    }

    struct Members: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "members", abstract: "Show the members of the store's Raft engine.",
            discussion: """
                Example: glustercli cluster members
                Where the store is an external etcd, its endpoints are shown.
                """)
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running {
                let found = try await common.client.get(
                    "/v1/cluster/members", as: MembersInfo.self)
                try render(found, as: common.output, names: found.members.map(\.id)) {
                    ClusterText.members(found)
                }
            }
        }
    }

    struct Version: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "version",
            abstract: "Show which versions the nodes run, and what waits for an upgrade of them.",
            discussion: """
                Example: glustercli cluster version
                The store is written in the newest schema that all programs of all nodes read, and \
                a feature is open from its schema on. A node that is away counts with what it ran \
                last.
                """)
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running {
                let cluster = try await common.client.get("/v1/cluster", as: ClusterInfo.self)
                guard let schema = cluster.schema else {
                    throw GD2Error(
                        .unavailable,
                        "\(cluster.node.name) has not heard yet which versions the nodes run: see "
                            + "glustercli cluster status")
                }
                try render(schema, as: common.output, names: schema.nodes.map(\.name)) {
                    ClusterText.version(schema)
                }
            }
        }
    }

    struct Recover: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "recover",
            abstract: "When the store's quorum is lost for good: go on with this node alone.",
            discussion: """
                Example:
                  glustercli cluster recover --dry-run
                  glustercli cluster recover
                  glustercli cluster recover --snapshot NAME
                Only where more than half of the voters will never come back. This node becomes \
                the only voter, in a new epoch, with its own copy of the store or with a snapshot. \
                Changes that were not in it are lost; the files of the volumes are not touched.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions
        @Option(help: "A snapshot's name or path, instead of this node's own copy.")
        var snapshot: String?

        func run() async throws {
            try await running {
                try await Recovery(snapshot: snapshot, common: common).run(isDryRun: change.dryRun)
            }
        }
    }
}

struct ClusterSnapshot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Snapshots of the store on this node's disk.",
        discussion: """
            Example: glustercli cluster snapshot list
            They have volumes, peers and options; no files of volumes.
            """,
        subcommands: [List.self, Save.self, Restore.self])

    private static let path = "/v1/cluster/snapshots"

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Verify and list the snapshots on this node.",
            discussion: "Example: glustercli cluster snapshot list")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running {
                let found = try await common.client.get(path, as: [SnapshotInfo].self)
                try render(found, as: common.output, names: found.map(\.name)) {
                    ClusterText.snapshots(found)
                }
            }
        }
    }

    struct Save: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "save", abstract: "Take a snapshot now, and verify it.",
            discussion: "Example: glustercli cluster snapshot save")
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions

        func run() async throws {
            try await running {
                if change.dryRun { return try await common.plan("POST", path, nil) }
                let answer = try await common.client.send("POST", path, nil)
                let made = try APIClient.decode(SnapshotInfo.self, answer.body)
                try render(made, as: common.output, names: [made.name]) {
                    "snapshot \(made.name) is saved: \(bytes(made.bytes)), revision "
                        + "\(made.revision), in \(made.path)\n"
                }
            }
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restore", abstract: "Go back to a snapshot, with this node alone.",
            discussion: """
                Example:
                  glustercli cluster snapshot restore NAME --dry-run
                  glustercli cluster snapshot restore NAME
                It is glustercli cluster recover --snapshot NAME: the other nodes join again.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions
        @Argument(help: "The snapshot's name or path.") var name: String

        func run() async throws {
            try await running {
                try await Recovery(snapshot: name, common: common).run(isDryRun: change.dryRun)
            }
        }
    }
}

/// Asks what a recovery would do, then the operator, then for it.
private struct Recovery {
    var snapshot: String?
    var common: CommonOptions
    private let path = "/v1/cluster/recover"

    init(snapshot: String?, common: CommonOptions) {
        self.snapshot = snapshot
        self.common = common
    }

    func run(isDryRun: Bool) async throws {
        let request = RecoverReq(snapshot: snapshot)
        if isDryRun { return try await common.plan("POST", path, request) }
        let asked = try await common.client.send("POST", "\(path)?\(dryRunParameter)=true", request)
        let planned = try APIClient.decode(DryRunInfo.self, asked.body)
        let source = snapshot.map { "snapshot \($0)" } ?? "this node's own copy of the store"
        let loss =
            snapshot == nil
            ? "Changes that had not reached this node are lost."
            : "Changes made after it are lost."
        try common.confirm(
            planned.changes.map { $0.text + " " }.joined()
                + "The cluster goes on from \(source). \(loss) Continue only if the lost voters "
                + "never come back. Recover?")
        let answer = try await common.client.send("POST", path, request)
        let outcome = try APIClient.decode(OutcomeInfo.self, answer.body)
        try render(outcome, as: common.output, names: [outcome.message]) { outcome.message + "\n" }
    }
}
