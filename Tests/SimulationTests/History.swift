import BrickSupervision
import GlusterModel
import Transaction

/// What happened, as nobody in the world sees it, and what of it must not have.
final class History {
    /// How a transaction ended, noted at the moment at which the store took the write.
    enum End {
        case committed(TransactionID, deletes: VolumeID?)
        case undone(TransactionID)
        /// What follows the commit is done.
        case finished(TransactionID)
    }

    private(set) var violations: [String] = []
    private var committed: Set<TransactionID> = []
    private var undone: Set<TransactionID> = []
    private var finished: Set<TransactionID> = []
    private var created: Set<VolumeID> = []
    private var deleted: Set<VolumeID> = []
    private var wasDeleted: Set<VolumeID> = []
    private var debris: Set<BrickPlace> = []
    private var lastSignIn: [BrickPlace: Int32] = [:]
    /// The newest view that a gd2-brickd of each node has had.
    private var newestSeen: [Int: Int64] = [:]
    /// Steps of the planner.
    var steps = 0
    /// Steps that were left to their nodes.
    var leftCount = 0
    private(set) var answers = 0

    struct BrickPlace: Hashable {
        var node: Int
        var path: BrickPath
    }

    func violated(_ what: String) { violations.append(what) }

    var committedCount: Int { committed.count }
    var undoneCount: Int { undone.count }

    // MARK: While it happens

    func transactionEnded(_ end: End) {
        switch end {
        case .committed(let id, let volume):
            if let volume { wasDeleted.insert(volume) }
            if undone.contains(id) { violated("transaction \(id) was undone and then committed") }
            if !committed.insert(id).inserted { violated("transaction \(id) was committed twice") }
        case .undone(let id):
            if committed.contains(id) { violated("transaction \(id) was committed and undone") }
            if !undone.insert(id).inserted { violated("transaction \(id) was undone twice") }
        case .finished(let id):
            if !committed.contains(id) { violated("transaction \(id) ended without its commit") }
            if !finished.insert(id).inserted { violated("transaction \(id) ended twice") }
        }
    }

    func acknowledgedCreate(_ volume: VolumeID) { created.insert(volume) }
    func acknowledgedDelete(_ volume: VolumeID) { deleted.insert(volume) }

    func signedIn(_ place: BrickPlace, pid: Int32) {
        lastSignIn[place] = max(lastSignIn[place] ?? 0, pid)
    }

    /// A client was told the port of the process `pid`; later processes have greater ones.
    func answered(_ place: BrickPlace, pid: Int32) {
        answers += 1
        if let last = lastSignIn[place], pid < last {
            violated("the port of \(place.path) of node \(place.node) is of \(pid), not of \(last)")
        }
    }

    func seen(_ revision: Int64, by node: Int) {
        newestSeen[node] = max(newestSeen[node] ?? 0, revision)
    }

    /// gd2-brickd has ended a process by a view of that revision.
    func ended(_ role: ProcessRole, by revision: Int64, of node: Int) {
        guard let newest = newestSeen[node], revision < newest else { return }
        violated("\(role) of node \(node) was ended by revision \(revision), not \(newest)")
    }

    // MARK: When all is quiet

    func checkAtRest(_ world: World) {
        checkTransactions(world)
        checkVolumes(world)
        checkMarks(world)
        checkProcesses(world)
        world.etcd.checkAtRest(world)
    }

    private func checkTransactions(_ world: World) {
        for record in world.store.current.journals {
            violated("transaction \(record.id) does not end: \(record.operation) \(record.phase)")
        }
        for entry in world.store.current.under(Keys.locks) {
            violated("a lock is left: \(entry.value)")
        }
        for left in world.store.current.leftovers {
            violated("node \(left.peer.low - 1) has not cleaned up \(left.step)")
        }
    }

    /// A dead node and nothing else keeps no transaction from its end, nor its object locked.
    func checkNobodyWaits(_ world: World, begunBefore revision: Int64) {
        for entry in world.store.current.under(Keys.transactions) where entry.created <= revision {
            violated("somebody waits for the dead: \(entry.value)")
        }
        for entry in world.store.current.under(Keys.locks) where entry.created <= revision {
            violated("a lock waits for the dead: \(entry.value)")
        }
    }

    private func checkVolumes(_ world: World) {
        let volumes = Set(world.store.current.volumes.map(\.id))
        for volume in created where !volumes.contains(volume) && !wasDeleted.contains(volume) {
            violated("volume \(volume) was made and is lost")
        }
        for volume in deleted where volumes.contains(volume) {
            violated("volume \(volume) was deleted and is there")
        }
    }

    /// Every brick of a volume bears its mark, and no other directory one.
    private func checkMarks(_ world: World) {
        var owners: [BrickPlace: VolumeID] = [:]
        for volume in world.store.current.volumes {
            for brick in volume.bricks {
                let place = BrickPlace(node: Int(brick.peer.low) - 1, path: brick.path)
                if let other = owners.updateValue(volume.id, forKey: place) {
                    violated("\(place) is a brick of \(volume.id) and of \(other)")
                }
                let found = world.nodes[place.node].disk.marks[brick.path]?.volume
                if found != volume.id {
                    let what = found.map { "bears the mark of \($0)" } ?? "bears no mark"
                    violated("\(place), a brick of \(volume.id), \(what)")
                }
            }
        }
        for node in world.hosts {
            for path in node.disk.marks.keys.sorted() {
                let place = BrickPlace(node: node.index, path: path)
                if let volume = node.disk.marks[path]?.volume, owners[place] == nil {
                    violated("\(place) bears a mark of \(volume), which has no such brick")
                }
            }
        }
    }

    /// No directory bears a mark that nobody will ever take away: of a volume that is not there,
    /// with nothing under way or left to its node.
    func checkDebris(_ world: World) {
        let store = world.store.current
        for node in world.hosts {
            for path in node.disk.marks.keys.sorted() {
                guard let volume = node.disk.marks[path]?.volume,
                    !store.volumes.contains(where: { $0.id == volume }),
                    !store.journals.flatMap(\.steps).contains(where: {
                        $0.arguments.volume == volume
                    }),
                    !store.leftovers.contains(where: {
                        $0.peer == node.peer && $0.step.arguments.volume == volume
                    }), debris.insert(BrickPlace(node: node.index, path: path)).inserted
                else { continue }
                violated("\(path) of node \(node.index) bears a mark of \(volume) for ever")
            }
        }
    }

    /// One process for each brick of a started volume, whose port is told, and no other.
    private func checkProcesses(_ world: World) {
        for node in world.hosts {
            var wanted: [BrickPath: VolumeID] = [:]
            for volume in world.store.current.volumes where volume.isStarted {
                for brick in volume.bricks where brick.peer == node.peer {
                    wanted[brick.path] = volume.id
                }
            }
            let live = node.bricks.processes.filter(\.isAlive)
            for process in live where wanted[process.path] != process.volume {
                violated("a process of \(process.volume) runs on node \(node.index)")
            }
            for path in wanted.keys.sorted() {
                let port = live.first { $0.path == path }?.port
                if port == nil || node.pmap?.port(of: path) != port {
                    violated("brick \(path) of node \(node.index) is not served")
                }
            }
        }
    }
}
