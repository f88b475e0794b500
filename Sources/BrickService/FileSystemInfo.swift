import BrickAPI
import Glibc
import GlusterModel
import Processes

/// The file system that a directory is on, as `volume status detail` shows it.
enum FileSystemInfo {
    static func state(_ report: BrickReport) -> BrickState {
        var state = BrickState(
            report: report, fileSystem: "", mountOptions: "", capacityBytes: 0, usedBytes: 0,
            freeBytes: 0)
        var volume = statvfs()
        guard !report.path.isEmpty, statvfs(report.path, &volume) == 0 else { return state }
        let unit = UInt64(volume.f_frsize)
        state.capacityBytes = unit * UInt64(volume.f_blocks)
        state.freeBytes = unit * UInt64(volume.f_bavail)
        state.usedBytes = unit * (UInt64(volume.f_blocks) - UInt64(volume.f_bfree))
        if let mount = mount(of: report.path) {
            state.fileSystem = mount.type
            state.mountOptions = mount.options
            state.report.device = mount.source
        }
        return state
    }

    /// The mount with the longest mount point above `path`.
    private static func mount(
        of path: String
    ) -> (source: String, type: String, options: String)? {
        guard let data = ProcFile.contents(of: "/proc/self/mounts") else { return nil }
        var best: (length: Int, source: String, type: String, options: String)?
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count >= 4 else { continue }
            let point = fields[1]
            guard point == "/" || path == point || path.hasPrefix(point + "/"),
                point.count >= best?.length ?? 0
            else { continue }
            best = (point.count, fields[0], fields[2], fields[3])
        }
        return best.map { ($0.source, $0.type, $0.options) }
    }
}
