import NIOCore

/// Bounds of gd2-rest.
enum Limits {
    static let bodyBytes = 8 << 20
    /// All bodies that are in memory, together; those up to `smallBodyBytes` apart.
    static let bodiesBytes = 64 << 20
    static let smallBodyBytes = 64 << 10
    /// What is read of a connection at a time. Some ten of these wait while a request is answered.
    static let readBytes = 8 << 10
    /// One request; longer work goes on without its client.
    static let requestSeconds = 60
    /// What is being answered when a stop comes may be answered within this time.
    static let drainTime: Duration = .milliseconds(400)
    static let idleSeconds: Int64 = 75
    /// A client has this long to take the end of a connection that gd2-rest has closed.
    static let lingering: TimeAmount = .seconds(2)
    /// What is read of a request after its answer, so that its client comes to read that.
    static let droppedBytes = 1 << 20
    /// What the head and the end of a request that is dropped count of that.
    static let droppedPartBytes = 1 << 10
    static let connectionsWaiting = 1_024
    static let backlog: Int32 = 4_096
    /// Open connections of each door; one more is closed at once.
    static let connectionsMax = 10_000
    /// The lease behind a session: how long a dead gd2-rest's locks stay.
    static let sessionTTL: Duration = .seconds(8)
    static let sessionRetryMs = 100
    /// How often a change looks for a session that is just being taken.
    static let sessionPolls = 50
    static let sessionPollMs = 50
    /// A change waits this long for a view that is current.
    static let freshWait: Duration = .milliseconds(1_500)
    /// And this long when gd2-store says that what keeps changes off will pass: voters choose who
    /// leads, or etcd is started anew.
    static let passingWait: Duration = .seconds(6)
    /// But only this long when gd2-store says that there is none.
    static let refusalGrace: Duration = .milliseconds(300)
    /// gd2-store's word that it takes changes holds this long: it notices a loss later than that.
    static let writableFor: Duration = .milliseconds(500)
    static let freshPoll: Duration = .milliseconds(50)
    /// What a read waits for other programs and nodes; then it answers with what is known.
    static let readWait: Duration = .milliseconds(800)
    /// Of that, what it waits for gd2-store's word on who can be asked at all.
    static let probesWait: Duration = .milliseconds(200)
    /// Volumes whose bricks doctor asks for at once; of others it takes the nodes' last reports.
    static let doctorVolumes = 64
    /// Of join tokens and pairing codes, when the request names none.
    static let tokenSeconds = 3_600
    static let tokenSecondsMax = 30 * 86_400
    static let tokenUsesMax = 1_000
    /// A node that has answered no probe for so long is not waited for. One probe may be lost, and
    /// a busy node be late.
    static let silentAfter: Duration = .seconds(3)
    /// Who is silent is asked again so often while nodes are waited for.
    static let silentEvery: Duration = .seconds(1)
    /// A clock that is off by more than this is warned of.
    static let skewWarning: Duration = .seconds(1)
    /// A newest snapshot that is older is warned of.
    static let snapshotOldHours: Int64 = 48
    /// An authority that ends within so many days is warned of.
    static let authorityEndDays: Int64 = 365
    static let takeOverEveryMs = 1_000
    static let stepTimeout: Duration = .seconds(40)
    /// A gd2-brickd that does not answer within this time is not just being started anew.
    static let brickdStart: Duration = .seconds(5)
    /// A step that is not done within this time is asked after so.
    static let brickdQuiet: Duration = .seconds(1)
    /// A node that does not clean up within this time does so by itself later.
    static let cleanUpPatience: Duration = .seconds(10)
    static let stepRetryMs = 500
    /// Writes that prepare a commit and go into it; more go before it, one by one.
    static let preparedWithCommit = 32
    /// Retries of a step that must be done, an undo for one, come further and further apart.
    static let stepRetryMaxMs = 30_000
    /// A small write that is not answered is made again for so long, with this between.
    static let writeWait: Duration = .seconds(8)
    static let writeRetry: Duration = .milliseconds(200)
    /// A store that does not answer is asked this often before a transaction is left to the next.
    static let storeTries = 10
    /// Read your writes.
    static let mirrorWait: Duration = .seconds(3)
    static let optionsAtOnce = 500
    static let groupDescriptionBytes = 1_024
    /// Kept timers; a request has one of a few methods and statuses.
    static let timersMax = 256
    /// How often the certificates are looked at; they are renewed 30 days before their end.
    static let certificateLookEvery = Duration.seconds(6 * 3_600)
    /// Transactions, or jobs, of dead coordinators that are taken in one go.
    static let takeOversAtOnce = 16
    /// One that another has is tried again later and later, up to this.
    static let takeOverRetryMaxMs = 30_000
    /// How long a client waits for the end of what another has taken over.
    static let takenWait: Duration = .seconds(20)
    /// A lock whose taking ended unclear is looked for this often.
    static let abandonedLooks = 60
    /// Ended jobs that are kept, and how long.
    static let jobsKept = 500
    static let jobsKeptMs: Int64 = 7 * 86_400_000
    /// What is kept of a message why a job failed.
    static let jobMessageBytes = 4_096
    /// Longest wait of one `GET /v1/jobs/{id}?wait=`.
    static let jobWaitSeconds = 60
    /// Nodes that one replacement of a brick fences, and those whose leases its commit compares.
    static let fencesMax = 8
    static let holdersCompared = 64
    /// A lease of the store ends within this time when its node is gone.
    static let leaseEnd: Duration = .seconds(15)
    static let idempotencyKeyBytes = 128
    /// A longer answer is not kept for a request that is repeated.
    static let storedAnswerBytes = 32 * 1_024
    /// Requests with a key are known this long, and this many of them.
    static let requestsKeptMs: Int64 = 86_400_000
    static let requestsKept = 2_000
    /// Old jobs and requests are looked for this often, and after so many new ones.
    static let historyLookMs = 600_000
    static let begunBetweenLooks = 200
    /// A repeated request waits so long for the first one to begin.
    static let reservationPolls = 15
    static let reservationPollMs = 100
}
