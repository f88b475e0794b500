import BrickAPI
import GlusterModel
import PmapAPI
import RESTAPI
import StoreAPI
import StoreMirror

/// The model in GD2's shapes.
struct VolumeShapes {
    let state: ClusterState

    func info(_ volume: Volume) -> VolumeInfo {
        let subvolumes = volume.topology.subvolumes.enumerated().map { number, bricks in
            subvolume(number, bricks, volume)
        }
        var info = VolumeInfo(
            id: volume.id.description, name: volume.name.description,
            type: kind(volume.topology), state: stateName(volume.head.state), subvols: subvolumes)
        info.options = volume.options
        info.thinArbiter = volume.topology.thinArbiter.map(thinArbiter)
        info.metadata = volume.head.metadata
        return info
    }

    private func kind(_ topology: Topology) -> VolumeInfo.Kind {
        let isDistributed = topology.subvolumes.count > 1
        switch topology.layout {
        case .distribute: return .distribute
        case .replicate: return isDistributed ? .distributedReplicate : .replicate
        case .disperse: return isDistributed ? .distributedDisperse : .disperse
        }
    }

    private func thinArbiter(_ arbiter: ThinArbiter) -> ThinArbiterInfo {
        switch arbiter {
        case .brick(let brick):
            ThinArbiterInfo(
                host: state.peers[brick.peer]?.addresses.first ?? "", path: "\(brick.path)",
                peerID: "\(brick.peer)")
        case .elsewhere(let host, let path):
            ThinArbiterInfo(host: host, path: "\(path)", peerID: nil)
        }
    }

    private func stateName(_ state: VolumeState) -> VolumeInfo.State {
        switch state {
        case .created: .created
        case .started: .started
        case .stopped: .stopped
        }
    }

    private func subvolume(
        _ number: Int, _ bricks: ArraySlice<Brick>, _ volume: Volume
    ) -> Subvol {
        let infos = bricks.map { brick($0, volume) }
        let name = volume.head.volfileName
        switch volume.topology.layout {
        case .distribute:
            return Subvol(name: "\(name)-distribute-\(number)", type: .distribute, bricks: infos)
        case .replicate(let copies, let arbiter):
            var subvolume = Subvol(
                name: "\(name)-replicate-\(number)", type: .replicate, bricks: infos)
            subvolume.replicaCount = copies
            subvolume.arbiterCount = arbiter ? 1 : 0
            return subvolume
        case .disperse(let count, let redundancy):
            var subvolume = Subvol(
                name: "\(name)-disperse-\(number)", type: .disperse, bricks: infos)
            subvolume.disperseCount = count
            subvolume.disperseDataCount = count - redundancy
            subvolume.disperseRedundancyCount = redundancy
            return subvolume
        }
    }

    private func brick(_ brick: Brick, _ volume: Volume) -> BrickInfo {
        BrickInfo(
            id: brick.id.description, path: brick.path.description,
            volumeID: volume.id.description, volumeName: volume.name.description,
            peerID: brick.peer.description, host: state.peers[brick.peer]?.addresses.first ?? "",
            type: kind(brick, volume))
    }

    private func kind(_ brick: Brick, _ volume: Volume) -> BrickInfo.Kind {
        if volume.topology.thinArbiter?.brick == brick { return .thinArbiter }
        return brick.isArbiter ? .arbiter : .brick
    }

    /// All bricks of a volume, its thin arbiter last: as their nodes say now, or else as these last
    /// reported them.
    func bricks(_ volume: Volume, _ states: NodeBricks.States) -> [BrickStatus] {
        volume.topology.allBricks.map { brick in
            let reports = state.reports[volume.id]?[brick.peer]?.bricks ?? []
            let now = states.live[brick.peer]?.first { $0.report.index == brick.index }
            let report = now?.report ?? reports.first { $0.index == brick.index }
            var status = BrickStatus(
                info: self.brick(brick, volume), online: report?.phase == .online,
                pid: Int(report?.pid ?? 0), port: report?.port ?? 0)
            if let now {
                status.fsType = now.fileSystem
                status.mountOpts = now.mountOptions
                status.device = now.report.device
                status.size = SizeInfo(
                    capacity: now.capacityBytes, used: now.usedBytes, free: now.freeBytes)
            }
            if let message = report?.message, !message.isEmpty { status.message = message }
            if let missing = states.missing[brick.peer] {
                status.isStale = true
                status.message = "as last reported: \(missing.message)"
            }
            return status
        }
    }
}

extension ClientInfo {
    init(_ client: VolfileClient) {
        self.init(
            address: client.address, volfile: client.volfileID, isTrusted: client.isTrusted,
            opVersion: client.opVersion)
    }
}
