import FoundationEssentials
import GD2Error
import GlusterModel
import Logging
import RESTAPI
import StoreAPI
import StoreMirror
import Transaction

/// What transactions left to nodes that were away: said in the API until those nodes have done it,
/// and forgotten with a peer that is no more.
struct LeftToClean {
    let all: [Leftover]

    init(_ view: MirrorView) {
        guard let prefix = view.identity?.keys.leftovers else {
            all = []
            return
        }
        all = view.values.below(prefix)
            .sorted { $0.key < $1.key }
            .compactMap { try? RecordCoding.decode(Leftover.self, from: $0.value) }
    }

    func of(_ peer: PeerID) -> [LeftToCleanInfo] {
        all.filter { $0.peer == peer }.map(Self.info)
    }

    /// Of one job, in words.
    func of(_ job: JobID, _ names: ClusterNames) -> [String] {
        all.filter { $0.job == job }.map { left in
            let bricks = left.step.arguments.bricks.map(\.path.description)
                .joined(separator: ", ")
            return "peer \(names.name(of: left.peer)) cleans up \(bricks) when it is back"
        }
    }

    private static func info(_ left: Leftover) -> LeftToCleanInfo {
        LeftToCleanInfo(
            volume: left.step.arguments.name.description,
            volumeID: left.step.arguments.volume.description, job: left.job.description,
            bricks: left.step.arguments.bricks.map(\.path.description),
            since: left.sinceMs.map {
                Date(timeIntervalSince1970: Double($0) / 1_000).formatted(.iso8601)
            })
    }
}

/// Of nodes that were out of reach when a volume's topology changed, until they have seen it.
struct Fences {
    private let all: [(peer: PeerID, fence: StoredFence)]

    init(_ view: MirrorView) {
        guard let prefix = view.identity?.keys.fences else {
            all = []
            return
        }
        all = view.values.below(prefix)
            .sorted { $0.key < $1.key }
            .compactMap { value in
                let peer = value.key.dropFirst(prefix.count).split(separator: "/").first
                guard let peer = peer.flatMap({ PeerID(String($0)) }),
                    let fence = try? RecordCoding.decode(StoredFence.self, from: value.value)
                else { return nil }
                return (peer, fence)
            }
    }

    var peers: Set<PeerID> { Set(all.map(\.peer)) }

    func of(_ peer: PeerID) -> [FenceInfo] {
        all.filter { $0.peer == peer }.map { _, fence in
            FenceInfo(
                volume: fence.name.description, volumeID: fence.volume.description,
                generation: fence.generation, by: fence.by, job: fence.job.description,
                since: Date(timeIntervalSince1970: Double(fence.sinceMs) / 1_000)
                    .formatted(.iso8601))
        }
    }
}

extension TransactionRunner {
    /// What was left to peers that are none any more, and their fences: they do not come back.
    func forgetRemovedPeers() async {
        let view = mirror.view
        guard view.freshness == .current, let keys = view.identity?.keys else { return }
        for peer in Fences(view).peers where view.values[keys.peer(peer)] == nil {
            _ = try? await store.txn(
                if: [.createRevision(key: keys.peer(peer), equals: 0)],
                then: [.deletePrefix(keys.fences(of: peer))])
        }
        for left in LeftToClean(view).all where view.values[keys.peer(left.peer)] == nil {
            let key = keys.leftover(left.transaction, step: left.number, of: left.peer)
            do {
                _ = try await store.txn(
                    if: [.createRevision(key: keys.peer(left.peer), equals: 0)],
                    then: [.delete(key: key)])
                log.notice(
                    "left step is forgotten",
                    metadata: ["txn": "\(left.transaction)", "peer": "\(left.peer)"])
            } catch {
                log.debug("left step is not forgotten", metadata: ["error": "\(error)"])
            }
        }
    }
}
