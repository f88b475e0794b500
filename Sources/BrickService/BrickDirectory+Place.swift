import GD2Error
import Glibc
import GlusterModel

/// Where directories really lie: by a symbolic link, or mounted twice, two paths can be one.
extension BrickDirectory {
    /// `others` are bricks of other volumes, `siblings` of the same one. Two bricks in one place
    /// would overwrite each other's files, so nothing allows it.
    ///
    /// Others are looked at only where this one bears a brick's mark, or lies below one: their
    /// disks, of which there may be many, and dead ones, are none of its business.
    func checkApart(from others: [BrickPath], _ siblings: [BrickPath]) throws(GD2Error) {
        let own = Place(path)
        let isInBrick = Self.marked(atOrAbove: own.path)
        for other in others
        where overlaps(other) || own.overlaps(other.description)
            || isInBrick && own.overlaps(Place(other))
        {
            throw refusal(of: other, "of another volume")
        }
        for other in siblings where own.overlaps(Place(other)) {
            throw refusal(of: other, "of the same volume")
        }
    }

    private func overlaps(_ other: BrickPath) -> Bool {
        path.contains(other) || other.contains(path)
    }

    private func refusal(of other: BrickPath, _ volume: String) -> GD2Error {
        refusal(
            .conflict,
            "\(text) is, contains or lies in brick \(other) \(volume)"
                + (overlaps(other) ? "" : ", by a symbolic link or a mount")
                + ": use a directory apart from it")
    }

    private struct Place {
        /// Without symbolic links; as it was written where nothing is there.
        let path: String
        private let inode: (device: dev_t, number: ino_t)?

        init(_ brick: BrickPath) {
            path = Self.real(brick.description)
            var status = stat()
            inode = stat(path, &status) == 0 ? (status.st_dev, status.st_ino) : nil
        }

        func overlaps(_ other: String) -> Bool {
            path == other || path.hasPrefix(other + "/") || other.hasPrefix(path + "/")
        }

        func overlaps(_ other: Place) -> Bool {
            if overlaps(other.path) { return true }
            guard let inode, let found = other.inode else { return false }
            return inode == found
        }

        /// Of one that is to be made, the place where it will be.
        private static func real(_ path: String) -> String {
            if let found = realpath(path, nil) {
                defer { free(found) }
                return String(cString: found)
            }
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex,
                let found = realpath(String(path[..<slash]), nil)
            else { return path }
            defer { free(found) }
            return String(cString: found) + path[slash...]
        }
    }
}
