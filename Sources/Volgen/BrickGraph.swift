import GlusterModel
import Volfile

extension GraphBuilder {
    /// The graph of one brick process: storage at the bottom, the server on top.
    mutating func addBrick(_ brick: Brick) {
        debugPositions = Self.brickDebugPositions
        addStorage(brick)
        if isOn("features.acl") { stack("features/access-control") }
        stack("features/locks")
        stack("features/worm")
        stack("features/read-only") { xlator, _ in xlator["read-only"] = "off" }
        stack("features/leases")
        stack("features/upcall")
        stack("performance/io-threads")
        stack("features/selinux")
        addMarker()
        stack("features/barrier")
        addIndex(brick)
        stack("features/quota") {
            $0["volume-uuid"] = $1.name
            $0["server-quota"] = $1.isOn("features.quota") ? "on" : "off"
        }
        addCompression(mode: "server")
        if isOn("features.tag-namespaces") { stack("features/namespace") }
        if isOn("features.sdfs") {
            stack("features/sdfs") { xlator, _ in xlator["pass-through"] = "false" }
        }
        stack(named: brick.path.description, "debug/io-stats") {
            $0["unique-id"] = brick.path.description
            $0["volume-id"] = $1.volume.id.description
            $1.applyLogging("brick", to: &$0)
        }
        addServer(brick)
    }

    private mutating func addStorage(_ brick: Brick) {
        let path = brick.path.description
        var posix = Xlator("\(name)-posix", "storage/posix")
        posix["directory"] = path
        posix["volume-id"] = volume.id.description
        if isOn("features.quota") || isOn("features.trash") {
            posix["update-link-count-parent"] = "on"
        }
        posix["fips-mode-rchecksum"] = set("storage.fips-mode-rchecksum")
        posix["shared-brick-count"] = String(context.sharedBrickCounts[brick.index] ?? 0)
        applyMap(to: &posix)
        add(posix)
        if brick.isArbiter { stack("features/arbiter") }
        stack("features/trash") { trash, _ in
            trash["trash-dir"] = ".trashcan"
            trash["brick-path"] = path
            trash["trash-internal-op"] = "off"
        }
        let isBitrot = isOn("features.bitrot")
        stack("features/changelog") { changelog, _ in
            changelog["changelog-brick"] = path
            changelog["changelog-dir"] = path + "/.glusterfs/changelogs"
            changelog["changelog-notification"] = isBitrot ? "on" : "off"
        }
        stack("features/bitrot-stub") { stub, _ in
            stub["export"] = path
            stub["bitrot"] = isBitrot ? "on" : "disable"
        }
    }

    private var volumeDirectory: String {
        let folder = context.snapshot.map { "snaps/\($0.name)" } ?? "vols"
        return "\(context.workingDirectory)/\(folder)/\(name)"
    }

    private mutating func addMarker() {
        stack("features/marker") {
            $0["volume-uuid"] = $1.volume.id.description
            $0["timestamp-file"] = "\($1.volumeDirectory)/marker.tstamp"
            $0["quota-version"] = String($1.context.quotaVersion)
        }
    }

    private mutating func addIndex(_ brick: Brick) {
        stack("features/index") {
            $0["index-base"] = brick.path.description + "/.glusterfs/indices"
            switch $1.volume.topology.layout {
            case .distribute, .replicate:
                $0["xattrop-dirty-watchlist"] = "trusted.afr.dirty"
                $0["xattrop-pending-watchlist"] = "trusted.afr.\($1.name)-"
            case .disperse: $0["xattrop64-watchlist"] = "trusted.ec.dirty"
            }
        }
    }

    mutating func addServer(_ brick: Brick) {
        let path = brick.path.description
        let credentials = context.credentials
        stack("protocol/server") {
            $0["transport-type"] = "tcp"
            $1.applyTLS(to: &$0)
            if let family = $1.set("transport.address-family") {
                $0["transport.address-family"] = family
            }
            $0["auth.login.\(path).allow"] = credentials.username
            $0["auth.login.\(credentials.username).password"] = credentials.password
            $0["auth-path"] = path
            if let allow = $1.set("auth.ssl-allow") {
                $0["auth.login.\(path).ssl-allow"] = allow
            }
            $0["auth.addr.\(path).allow"] = $1.value("auth.allow") ?? "*"
            if let reject = $1.set("auth.reject") { $0["auth.addr.\(path).reject"] = reject }
        }
    }
}
