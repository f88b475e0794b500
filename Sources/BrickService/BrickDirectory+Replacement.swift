import CLinux
import GD2Error
import Glibc
import GlusterModel

/// What a directory has to be, and bears, that takes the place of another brick (decision 0043).
extension BrickDirectory {
    /// The volume in which it takes a brick's place, until the others of its set know that it is
    /// empty: before that no process may serve it, or what is missing there would count as deleted.
    static let emptyFor = "trusted.gd2.empty-for"
    /// What AFR marks a brick with of which it is not sure (afr.h, AFR_DIRTY).
    private static let dirty = "trusted.afr.dirty"
    /// What of an earlier life as a brick would accuse others, or pass for this one's.
    private static let stale = [
        "trusted.afr.", "trusted.ec.", "trusted.glusterfs.dht", "trusted.glusterfs.mdata",
        "trusted.gfid",
    ]

    /// Throws when it holds anything: files that are of no brick of this set would be taken for
    /// good copies, or be deleted when it is healed.
    func checkEmpty() throws(GD2Error) {
        guard let names = FileTree.entries(text) else {
            throw refusal(.invalid, "\(text) cannot be read: \(errorText())")
        }
        let found = names.filter { name in
            if name == "lost+found" || name.hasPrefix(Self.removed) { return false }
            return name != ".glusterfs" || FileTree.entries(internals)?.isEmpty != true
        }
        guard found.isEmpty else {
            throw refusal(
                .conflict,
                "\(text) is not empty (\(found.sorted().prefix(3).joined(separator: ", "))): a "
                    + "brick that takes the place of another has to be, also with force, since "
                    + "what is there would pass for the volume's: use an empty directory")
        }
    }

    /// Before ``mark(_:)``, so that a mark of the volume never stands there without this one.
    func markEmpty(_ volume: VolumeID) throws(GD2Error) {
        let bytes = volume.bytes
        guard setxattr(text, Self.emptyFor, bytes, bytes.count, 0) == 0 else {
            throw refusal(.internal, "\(text) cannot be marked as a brick: \(errorText())")
        }
    }

    func isEmptyReplacement(of volume: VolumeID) -> Bool {
        Self.read(Self.emptyFor, text) == volume.bytes
    }

    /// Makes it a brick that was never one, which AFR is not sure of where `isReplicated`.
    func makeNew(isReplicated: Bool) throws(GD2Error) {
        for name in xattrNames where Self.stale.contains(where: name.hasPrefix) {
            removexattr(text, name)
        }
        guard isReplicated else { return }
        // Data, metadata, entries: the number of the last in network order, as glusterd writes it.
        let pending: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        guard setxattr(text, Self.dirty, pending, pending.count, 0) == 0 else {
            throw refusal(.internal, "\(text) cannot be marked as a brick: \(errorText())")
        }
    }

    /// The others know: it is a brick like any other from here on, also after a power failure.
    func settleReplacement() throws(GD2Error) {
        removexattr(text, Self.emptyFor)
        try sync()
    }

    private var xattrNames: [String] {
        let size = listxattr(text, nil, 0)
        guard size > 0 else { return [] }
        var buffer = [CChar](repeating: 0, count: size + 1_024)
        let count = listxattr(text, &buffer, buffer.count)
        guard count > 0 else { return [] }
        return buffer.prefix(count).split(separator: 0).map { name in
            String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
