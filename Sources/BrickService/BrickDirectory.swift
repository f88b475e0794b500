import CLinux
import GD2Error
import Glibc
import GlusterModel
import Transaction

/// A brick's directory: GD2's checks before it becomes one, the marks that make it one, and how
/// they are taken away again.
struct BrickDirectory: Sendable {
    let path: BrickPath
    private static let volumeID = "trusted.glusterfs.volume-id"
    static let gfid = "trusted.gfid"
    private static let testName = "trusted.glusterfs.test"
    /// The volume whose creation made this directory; its undo may remove it.
    private static let madeFor = "trusted.gd2.made-for"
    /// The mark that ``mark(_:)`` wrote over.
    private static let previousID = "trusted.gd2.previous-volume-id"
    /// How the name of a `.glusterfs` begins that is being removed.
    static let removed = ".gd2-removed-"

    var text: String { path.description }
    var internals: String { text + "/.glusterfs" }

    /// The checks in GD2's order; `others` are this node's bricks of other volumes, `siblings`
    /// those of the same one.
    func check(
        _ flags: BrickFlags, volume: VolumeID, others: [BrickPath], siblings: [BrickPath] = []
    ) throws(GD2Error) {
        if try isMissing(flags) { try make(for: volume) }
        try checkPlace(flags)
        try checkXattrs()
        try checkUse(flags, volume)
        try checkApart(from: others, siblings)
    }

    /// The same checks without a change, as far as they go: what a directory that is still to be
    /// made takes is seen when it is made.
    func examine(
        _ flags: BrickFlags, volume: VolumeID, others: [BrickPath], siblings: [BrickPath] = []
    ) throws(GD2Error) {
        if try isMissing(flags) {
            guard access(parent, W_OK | X_OK) == 0 else {
                throw refusal(.invalid, "\(text) cannot be made: \(errorText())")
            }
            if !flags.allowRootDirectory && !flags.force { try checkNotOnRoot(parent) }
        } else {
            try checkPlace(flags)
            var byte: UInt8 = 0
            let hasXattrs = getxattr(text, Self.testName, &byte, 1) >= 0 || errno == ENODATA
            guard hasXattrs, access(text, W_OK) == 0 else {
                throw refusal(
                    .invalid, "\(text) takes no trusted extended attributes: \(errorText())")
            }
        }
        try checkUse(flags, volume)
        try checkApart(from: others, siblings)
    }

    private var parent: String {
        let folder = text[..<(text.lastIndex(of: "/") ?? text.startIndex)]
        return folder.isEmpty ? "/" : String(folder)
    }

    private func checkPlace(_ flags: BrickFlags) throws(GD2Error) {
        if !flags.allowMountAsBrick && !flags.force { try checkNoMountPoint() }
        if !flags.allowRootDirectory && !flags.force { try checkNotOnRoot(text) }
    }

    private func checkUse(_ flags: BrickFlags, _ volume: VolumeID) throws(GD2Error) {
        if !flags.reuseBricks && !flags.force { try checkUnused(volume) }
    }

    /// Whether it is to be made.
    private func isMissing(_ flags: BrickFlags) throws(GD2Error) -> Bool {
        var status = stat()
        if stat(text, &status) != 0 {
            guard flags.createBrickDirectory || flags.force else {
                throw refusal(
                    .invalid, "\(text) does not exist: make it, or add --create-brick-dir or force")
            }
            return true
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw refusal(.invalid, "\(text) is no directory")
        }
        return false
    }

    /// Under another name first: whoever dies on the way leaves nothing that looks like a directory
    /// of the administrator's.
    private func make(for volume: VolumeID) throws(GD2Error) {
        let unfinished = unfinishedName(volume)
        let bytes = volume.bytes
        guard mkdir(unfinished, 0o775) == 0 || errno == EEXIST else {
            throw refusal(.invalid, "\(text) cannot be made: \(errorText())")
        }
        guard setxattr(unfinished, Self.madeFor, bytes, bytes.count, 0) == 0 else {
            let why = errorText()
            rmdir(unfinished)
            throw refusal(.invalid, "\(text) takes no trusted extended attributes: \(why)")
        }
        guard rename(unfinished, text) == 0 else {
            let why = errorText()
            rmdir(unfinished)
            throw refusal(.invalid, "\(text) cannot be made: \(why)")
        }
    }

    private func unfinishedName(_ volume: VolumeID) -> String { "\(text).gd2-\(volume)" }

    private func checkNoMountPoint() throws(GD2Error) {
        var own = stat()
        var parent = stat()
        guard stat(text, &own) == 0, stat(text + "/..", &parent) == 0,
            own.st_dev == parent.st_dev
        else {
            throw refusal(
                .invalid,
                "\(text) is a mount point: use a directory below it, so that an unmounted disk is "
                    + "noticed, or add --allow-mount-as-brick or force")
        }
    }

    private func checkNotOnRoot(_ place: String) throws(GD2Error) {
        var own = stat()
        var root = stat()
        guard stat(place, &own) == 0, stat("/", &root) == 0, own.st_dev != root.st_dev else {
            throw refusal(
                .invalid,
                "\(text) is on the root file system: use a disk of its own, or add "
                    + "--allow-root-dir or force")
        }
    }

    private func checkXattrs() throws(GD2Error) {
        guard setxattr(text, Self.testName, "working", 8, 0) == 0 else {
            throw refusal(
                .invalid, "\(text) takes no trusted extended attributes: \(errorText())")
        }
        removexattr(text, Self.testName)
    }

    private func checkUnused(_ volume: VolumeID) throws(GD2Error) {
        var current = text
        while true {
            let found = Self.read(Self.volumeID, current)
            // Marked by this very transaction, in a run before.
            let isOurs = current == text && found == volume.bytes
            if !isOurs, found != nil || Self.read(Self.gfid, current) != nil {
                throw refusal(
                    .conflict,
                    "\(current) is or was part of a volume: remove its brick marks, or add "
                        + "--reuse-bricks or force")
            }
            guard let slash = current.lastIndex(of: "/"), slash != current.startIndex else { break }
            current = String(current[..<slash])
        }
    }

    /// Makes it a brick of `volume`; again is the same. On disk after ``sync()``.
    func mark(_ volume: VolumeID) throws(GD2Error) {
        let bytes = volume.bytes
        if let found = Self.read(Self.volumeID, text), found != bytes {
            setxattr(text, Self.previousID, found, found.count, 0)
        }
        guard setxattr(text, Self.volumeID, bytes, bytes.count, 0) == 0 else {
            throw refusal(.internal, "\(text) cannot be marked as a brick: \(errorText())")
        }
        // Users would see it.
        for name in FileTree.entries(text) ?? [] where name.hasPrefix(Self.removed) {
            FileTree.remove("\(text)/\(name)")
        }
        guard mkdir(internals, 0o600) == 0 || errno == EEXIST else {
            throw refusal(.internal, "\(internals) cannot be made: \(errorText())")
        }
    }

    /// Marks that were set or taken away outlive a power failure from here on: a volume that was
    /// made would have lost a brick, and one that was not would have left a mark. So does the end
    /// of the directory itself. Of several on one file system the first takes the others along.
    func sync() throws(GD2Error) {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        var descriptor = open(text, flags)
        if descriptor < 0, errno == ENOENT { descriptor = open(parent, flags) }
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw refusal(.internal, "\(text): its marks are not on disk: \(errorText())")
        }
    }

    /// Whether a folder of `place` bears the mark of any volume.
    static func marked(atOrAbove place: String) -> Bool {
        var current = place
        while read(volumeID, current) == nil {
            guard let slash = current.lastIndex(of: "/"), slash != current.startIndex else {
                return false
            }
            current = String(current[..<slash])
        }
        return true
    }

    func isMarked(_ volume: VolumeID) -> Bool { Self.read(Self.volumeID, text) == volume.bytes }

    /// What only an undo needs goes before a brick process sees it: heals would copy it.
    func settle() {
        removexattr(text, Self.madeFor)
        removexattr(text, Self.previousID)
    }

    /// Takes back what ``check(_:volume:others:)`` and ``mark(_:)`` did, whether they ran, ran half
    /// or not at all. On disk after ``sync()``, where the directory stays.
    func undoMark(_ volume: VolumeID) {
        rmdir(unfinishedName(volume))
        if isEmptyReplacement(of: volume) { removexattr(text, Self.emptyFor) }
        let wasMade = Self.read(Self.madeFor, text) == volume.bytes
        if Self.read(Self.volumeID, text) == volume.bytes {
            if let previous = Self.read(Self.previousID, text) {
                setxattr(text, Self.volumeID, previous, previous.count, 0)
                removexattr(text, Self.previousID)
                return
            }
            unmark(volume)
        }
        if wasMade { rmdir(text) }
    }

    /// Takes the marks of `volume` away, whichever there are; those of another volume stay. The
    /// users' files stay, and with them what GlusterFS knows of them. On disk after ``sync()``.
    @discardableResult func unmark(_ volume: VolumeID) -> String? {
        unmark(volume, remove: FileTree.remove)
    }

    /// `remove` gets what is to be removed and may take its time: it has another name already.
    /// Gives why the directory keeps its mark; nil: it has none now.
    @discardableResult func unmark(_ volume: VolumeID, remove: (String) -> Void) -> String? {
        let removed = removedName(volume)
        // From a run that did not get to the end.
        if FileTree.exists(removed) { remove(removed) }
        guard Self.read(Self.volumeID, text) == volume.bytes else { return nil }
        removeInternals(volume, remove: remove)
        for name in [Self.gfid, Self.previousID, Self.madeFor, Self.emptyFor] {
            removexattr(text, name)
        }
        return removexattr(text, Self.volumeID) == 0 ? nil : errorText()
    }

    /// Why a brick process of `volume` could not run here; nil when it can.
    func problem(_ volume: VolumeID) -> String? {
        var status = stat()
        guard stat(text, &status) == 0 else {
            return "\(text): \(errorText()): is its disk mounted?"
        }
        guard let found = Self.read(Self.volumeID, text) else {
            return "\(text) bears no mark of a brick: is its disk mounted?"
        }
        guard found == volume.bytes else { return "\(text) is a brick of another volume" }
        guard stat(internals, &status) == 0 else { return "\(internals): \(errorText())" }
        return nil
    }

    /// Equal for directories on one file system; empty when there is none.
    var device: String {
        var status = stat()
        return stat(text, &status) == 0 ? String(status.st_dev) : ""
    }

    private func removedName(_ volume: VolumeID) -> String { "\(text)/\(Self.removed)\(volume)" }

    /// Takes `.glusterfs` away when the brick holds nothing of its users: else it is what GlusterFS
    /// knows of their files. A directory that cannot be read is one with files.
    private func removeInternals(_ volume: VolumeID, remove: (String) -> Void) {
        guard let names = FileTree.entries(text) else { return }
        let isOwn = { (name: String) in
            name == ".glusterfs" || name == ".trashcan" || name.hasPrefix(Self.removed)
                || name.hasPrefix(".glusterfs-anonymous-inode-")
                // What a thin arbiter keeps of each set.
                || name.hasPrefix("trusted.afr.") && name.hasSuffix(".\(volume)")
        }
        guard names.allSatisfy(isOwn) else {
            // Made by the mark, and no brick process ever wrote to it.
            rmdir(internals)
            return
        }
        // What is in the trash is the users' too: only empty folders go.
        rmdir(text + "/.trashcan/internal_op")
        rmdir(text + "/.trashcan")
        for name in names where name != ".trashcan" && name != ".glusterfs" {
            if !name.hasPrefix(Self.removed) { FileTree.remove("\(text)/\(name)") }
        }
        // A brick that ran has hundreds of folders there. One that did not has one: it goes now.
        if rmdir(internals) == 0 { return }
        let removed = removedName(volume)
        if rename(internals, removed) == 0 { remove(removed) } else { FileTree.remove(internals) }
    }

    static func read(_ name: String, _ path: String) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = getxattr(path, name, &buffer, buffer.count)
        return count >= 0 ? Array(buffer.prefix(count)) : nil
    }

    func errorText() -> String { String(cString: strerror(errno)) }

    func refusal(_ code: ErrorCode, _ message: String) -> GD2Error {
        GD2Error(code, "brick \(message)", fields: ["brick": text])
    }
}
