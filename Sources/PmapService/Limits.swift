/// Bounds of gd2-pmap.
enum Limits {
    /// Connections that have not said what they speak, or wait to be served.
    static let connectionsWaiting = 4_096
    static let acceptsAtOnce = 256
    /// Without a free descriptor nothing is accepted for this long.
    static let acceptPause: Duration = .milliseconds(500)
    /// Who was let in before a stop is answered within this time.
    static let drainTime: Duration = .milliseconds(400)
    static let handoverThreads = 4
    /// While gd2-brickd is away, PORTBYBRICK waits this long for its table or for a sign-in, which
    /// bricks repeat within 3 s: a client that is told "no" comes back after 3 s only.
    static let portWait: Duration = .seconds(5)
    /// One answer of the kernel on a socket.
    static let diagnosisBytes = 8_192
    /// Different volfiles kept rendered.
    static let volfilesCached = 10_000
    /// Volfile ids that one connection is told changes of; a multiplexed brick asks for many.
    static let idsPerConnection = 2_000
    /// Peers are given this long to confirm a volume's topology.
    static let confirmation: Duration = .milliseconds(800)
    /// A GETSPEC waits this long for a confirmation, or for the store.
    static let topologyWait: Duration = .seconds(3)
    /// One for a volume that is not known waits this long for the store.
    static let unknownWait: Duration = .seconds(1)
    /// It looks this often.
    static let topologyLookEvery: Duration = .milliseconds(100)
    /// GETSPEC calls that wait so; more of them are refused at once.
    static let topologyWaitersMax = 2_000
    /// Times that one GETSPEC looks for a text that did not change meanwhile.
    static let rendersPerRequest = 10
}
