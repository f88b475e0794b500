/// Bounds of gd2-brickd.
enum Limits {
    static let tickMs = 100
    /// How often the processes are looked at while nothing is to be expected of them.
    static let lookEvery = Duration.seconds(5)
    /// When a brick that has not signed in is asked, and how long for an answer.
    static let signInMissedAfter = Duration.seconds(1)
    static let probeSeconds = 1
    /// A process that has run for this long and listens is taken for one that serves.
    static let settledAfter = Duration.seconds(5)
    /// In this time after the start of gd2-brickd a process may still appear that the run before
    /// asked for.
    static let strangersAppear = Duration.seconds(60)
    /// How long gd2-store is waited for before the first bricks are started, and how often it is
    /// asked.
    static let permitWait = Duration.seconds(3)
    static let permitRetry = Duration.milliseconds(200)
    /// Turns of `tickMs` that a step waits for a brick process to end.
    static let endPolls = 100
    /// Reports within this time go into one write.
    static let reportPauseMs = 5
    static let reportRetryMs = 300
    /// What is on its way to something else is reported when it stays so long.
    static let reportPassing = Duration.milliseconds(150)
    /// How long a step waits until this node has seen the volumes and transactions before it.
    static let viewWait = Duration.seconds(5)
    /// So long the view may lack a journal before it is asked for.
    static let journalWait = Duration.milliseconds(300)
    /// Bytes of the file of fencing tokens.
    static let fencesBytes = 8 << 20
    /// Lines of that file before it is written anew.
    static let fenceLines = 1_000
    /// Reports in one Txn.
    static let reportsAtOnce = 64
    /// What could not be cleaned up for a transaction of the past is tried again after this.
    static let leftoversRetry = Duration.seconds(5)
    /// Turns of `tickMs` that a new brick waits for the end of the one that it replaces.
    static let oldBrickPolls = 600
    /// How long the announcement of an empty brick may take; it ends itself before that.
    static let announcement = Duration.seconds(50)
    static let announcementSeconds = 45
    /// Turns of `mountPollUs` until the volume is mounted, its bricks with data are connected, and
    /// the client has ended.
    static let mountPollUs: UInt32 = 50_000
    static let mountPolls = 600
    static let sourcePolls = 60
    static let clientEndPolls = 60
    /// How long the first bricks after a boot wait for a view of the store that is current: their
    /// volume may have others by now.
    static let viewAtBoot = Duration.seconds(5)
    /// Folders that wait to be removed.
    static let removalsWaiting = 10_000
    /// Keys that one message names.
    static let keysNamed = 5
}
