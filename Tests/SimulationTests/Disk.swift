import GlusterModel
import Transaction

/// A node's disk: what was not synced is lost when the power fails.
struct Disk {
    /// The marks of one directory.
    struct Mark: Hashable {
        var volume: VolumeID?
        /// The mark that was written over.
        var previous: VolumeID?
    }

    /// What programs see.
    var marks: [BrickPath: Mark] = [:]
    private var syncedMarks: [BrickPath: Mark] = [:]
    /// The last view that gd2-brickd has written down; its file is replaced whole.
    var brickdView = Snapshot()
    /// nil: the file cannot be read.
    private(set) var fences: FenceTable? = FenceTable()
    /// Were the file written in place, it would not be on disk as a whole now.
    private var isFencesFileDirty = false
    /// What is being written.
    private var fencesWritten: FenceTable?

    mutating func sync(_ path: BrickPath) { syncedMarks[path] = marks[path] }

    /// What the kernel does by itself now and then.
    mutating func syncAll() {
        syncedMarks = marks
        isFencesFileDirty = false
    }

    mutating func beginFences(_ fences: FenceTable) { fencesWritten = fences }

    mutating func endFences() {
        guard let fencesWritten else { return }
        fences = fencesWritten
        self.fencesWritten = nil
        isFencesFileDirty = true
    }

    mutating func crash(isInPlace: Bool) {
        marks = syncedMarks
        // A file that is replaced whole is the old one or the new one.
        if isInPlace, fencesWritten != nil || isFencesFileDirty { fences = nil }
        fencesWritten = nil
    }
}
