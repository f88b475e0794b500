import ArgumentParser
import GD2Error
import GlusterModel
import RESTAPI

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Work that was asked for: list, show, wait, cancel.",
        discussion: """
            Example:
              id=$(glustercli volume create gv0 h1:/b1 h2:/b1 --async)
              glustercli job wait $id
            Each create, delete, start and stop of a volume is a job. It goes on without the \
            command that asked for it, and when the node that carries it out dies.
            """,
        subcommands: [List.self, Show.self, Wait.self, Cancel.self])

    static func path(_ id: String) throws(GD2Error) -> String {
        guard JobID(id) != nil else {
            throw GD2Error(.invalid, "\"\(id)\" is no job's id: glustercli job list shows them")
        }
        return "/v1/jobs/\(id)"
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List jobs, the oldest first; ended ones for a week.",
            discussion: """
                Example:
                  glustercli job list --state running
                  glustercli job list --volume gv0 -o json
                """)
        @OptionGroup var common: CommonOptions
        @Option(help: "Only those: running, undoing, done, failed or cancelled.")
        var state: State?
        @Option(help: ArgumentHelp("Only those of this volume.", valueName: "name"))
        var volume: String?

        enum State: String, ExpressibleByArgument, CaseIterable {
            case running, undoing, done, failed, cancelled
        }

        func run() async throws {
            try await running {
                var query: [String] = []
                if let state { query.append("state=\(state.rawValue)") }
                if let volume {
                    _ = try VolumeCommand.path(volume)
                    query.append("object=volume/\(volume)")
                }
                let path = "/v1/jobs" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
                let jobs = try await common.client.get(path, as: [JobInfo].self)
                try render(jobs, as: common.output, names: jobs.map(\.id)) {
                    Table(
                        headers: ["ID", "OPERATION", "OBJECT", "STATE", "STARTED", "PROGRESS"],
                        rows: jobs.map {
                            [
                                $0.id, $0.operation, $0.object, $0.state.rawValue, $0.started,
                                $0.error?.message ?? $0.progress.text,
                            ]
                        }
                    ).text
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show how far a job is, or how it ended.",
            discussion: "Example: glustercli job show 3f1c0f0e-5d57-4f0e-9d0a-0f3c5d8e7a11")
        @OptionGroup var common: CommonOptions
        @Argument(help: "The job's id.") var id: String

        func run() async throws {
            try await running {
                let job = try await common.client.get(JobCommand.path(id), as: JobInfo.self)
                try render(job, as: common.output, names: [job.id]) { JobCommand.text(job) }
            }
        }
    }

    struct Wait: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "wait", abstract: "Wait until a job has ended; the exit status says how.",
            discussion: """
                Example:
                  glustercli job wait 3f1c0f0e-5d57-4f0e-9d0a-0f3c5d8e7a11 --timeout 600
                It ends with 0 when the job is done, else as the command would have that asked for \
                it; with 7 after --timeout. The job goes on then.
                """)
        @OptionGroup var common: CommonOptions
        @Argument(help: "The job's id.") var id: String

        func run() async throws {
            try await running {
                let client = try common.client
                let job = try await client.get(JobCommand.path(id), as: JobInfo.self)
                let watch = JobWatch(client: client, limit: .seconds(common.timeout))
                let ended = try await watch.end(of: job)
                try render(ended, as: common.output, names: [ended.id]) {
                    "\(ended.operation) of \(JobCommand.object(ended)) is done\n"
                }
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel", abstract: "Undo a job that is not past its commit.",
            discussion: """
                Example: glustercli job cancel 3f1c0f0e-5d57-4f0e-9d0a-0f3c5d8e7a11
                A creation is undone. A deletion cannot be; files stay on the bricks in any case. \
                Of a start or stop only the waiting ends.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions
        @Argument(help: "The job's id.") var id: String

        func run() async throws {
            try await running {
                let path = try JobCommand.path(id) + "/cancel"
                if change.dryRun { return try await common.plan("POST", path, nil) }
                let answer = try await common.client.send("POST", path, nil)
                let job = try APIClient.decode(JobInfo.self, answer.body)
                try render(job, as: common.output, names: [job.id]) {
                    job.state.hasEnded
                        ? "\(job.error?.message ?? "job \(job.id) is cancelled")\n"
                        : "job \(job.id) is going to be undone: glustercli job wait \(job.id)\n"
                }
            }
        }
    }

    static func object(_ job: JobInfo) -> String {
        job.object.split(separator: "/").joined(separator: " ")
    }

    private static func text(_ job: JobInfo) -> String {
        var lines = [
            "Job: \(job.id)", "Operation: \(job.operation)", "Object: \(object(job))",
            "State: \(job.state.rawValue)", "Progress: \(job.progress.text)",
            "Asked by: \(job.by)", "Node: \(job.peer)", "Started: \(job.started)",
        ]
        lines += (job.progress.missing ?? []).map { "Missing: \($0)" }
        if let ended = job.ended { lines.append("Ended: \(ended)") }
        if let result = job.result { lines.append("Result: \(result)") }
        if let error = job.error { lines.append("Error: \(error.message) (\(error.code))") }
        return lines.map { $0 + "\n" }.joined()
    }
}
