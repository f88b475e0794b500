/// What can be wrong with a cluster; scripts rely on these names, and docs/operators/doctor.md
/// explains each. New code? Add it there, and to HealthTests.
public enum HealthCode: String, CaseIterable, Sendable {
    /// First, since much of the rest follows from it.
    case clockWrong = "CLOCK_WRONG"

    // The store
    case storeSilent = "STORE_SILENT"
    case noQuorum = "NO_QUORUM"
    case storeReadOnly = "STORE_READ_ONLY"
    case voterSilent = "VOTER_SILENT"
    case endpointUnhealthy = "ENDPOINT_UNHEALTHY"
    case storeNearlyFull = "STORE_NEARLY_FULL"
    case snapshotOld = "SNAPSHOT_OLD"
    case snapshotDamaged = "SNAPSHOT_DAMAGED"
    case recordUnreadable = "RECORD_UNREADABLE"
    case twoNodesWithoutWitness = "TWO_NODES_WITHOUT_WITNESS"

    // Nodes
    case peerSilent = "PEER_SILENT"
    case programSilent = "PROGRAM_SILENT"
    case nodeUnreported = "NODE_UNREPORTED"
    case clockSkew = "CLOCK_SKEW"
    case openJoin = "OPEN_JOIN"
    case certificateExpires = "CERTIFICATE_EXPIRES"
    case authorityEnds = "AUTHORITY_ENDS"
    case removedPeerHasKeys = "REMOVED_PEER_HAS_KEYS"
    case versionsMixed = "VERSIONS_MIXED"
    case buildRefused = "BUILD_REFUSED"
    case leftToClean = "LEFT_TO_CLEAN"
    case peerFenced = "PEER_FENCED"

    // Volumes and jobs
    case brickOffline = "BRICK_OFFLINE"
    case brickUnknown = "BRICK_UNKNOWN"
    case splitBrainLayout = "SPLIT_BRAIN_LAYOUT"
    case jobStuck = "JOB_STUCK"
}
