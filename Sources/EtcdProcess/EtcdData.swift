import FoundationEssentials

/// What an etcd keeps in its data directory.
public enum EtcdData {
    /// Whether there is a log. Without one etcd begins as a new member: alone, with an empty store,
    /// and of several, without what it has voted for.
    public static func isThere(_ folder: String) -> Bool {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder + "/member/wal")
        return names?.contains { $0.hasSuffix(".wal") } ?? false
    }

    /// Why no etcd is started, a sentence for the log with the ways out.
    public static func loss(of folder: String) -> String {
        "\(folder) has no data of etcd's any more, and an etcd without it would begin with an "
            + "empty store: none is started. Put the folder back (is its disk mounted?), or go "
            + "back to a snapshot (glustercli cluster snapshot list, glustercli cluster snapshot "
            + "restore NAME). Where other nodes still make a quorum, they take this one in anew by "
            + "themselves; where one has a copy but no quorum: glustercli cluster recover there"
    }
}
