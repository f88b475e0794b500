import BrickSupervision
import GlusterModel
import Portmap
import Transaction

/// gd2-brickd: the real supervision of processes, which is told what happens to them.
final class Brickd {
    private struct Slot {
        var machine = SupervisedProcess()
        let path: BrickPath
        var process: BrickProcess?
        var attempts = 0
        var earlySignIn: Int32?
        var isProbed = false
    }

    private static let strangersAppear = Duration.seconds(60)
    private static let settledAfter = Duration.seconds(5)
    let run: Run
    let mirror: Mirror
    let world: World
    let node: Node
    let store: StoreClient
    var steps: StepRunner
    private let began: Duration
    private var slots: [ProcessRole: Slot] = [:]
    /// Ran when this began, and were not recognised yet.
    private var found: [BrickPath: BrickProcess] = [:]
    private var watchers: [([String: PortTable.Entry]) -> Void] = []
    private var portsTold: [String: PortTable.Entry] = [:]

    init(world: World, node: Node) {
        self.world = world
        self.node = node
        run = Run(node: node.index)
        mirror = Mirror(world: world, run: run)
        store = StoreClient(world: world, run: run)
        began = world.now
        steps = StepRunner(fences: node.disk.fences)
        if !world.mutations.contains(.noAdoption) {
            for process in node.bricks.processes { found[process.path] = process }
        }
        mirror.changed = { [self] in
            world.history.seen(mirror.view.revision, by: node.index)
            update()
            cleanUpWhatWasLeft()
        }
        world.every(4_000...6_000, in: run) { [self] in cleanUpWhatWasLeft() }
        world.every(400...2_000, in: run) { [self] in node.disk.brickdView = mirror.view }
        // Now and then the file is damaged, and as none.
        mirror.load(world.scheduler.chance(30) ? Snapshot() : node.disk.brickdView)
        world.every(150...250, in: run) { [self] in tick() }
    }

    private var roles: [ProcessRole] {
        slots.keys.sorted { ($0.volume, $0.index) < ($1.volume, $1.index) }
    }

    private func tick() {
        for role in roles {
            deliver(.tick, to: role)
            lookForMissedSignIn(role)
        }
    }

    // MARK: What should run

    private func update() {
        var wanted: Set<ProcessRole> = []
        for volume in mirror.view.volumes {
            for brick in volume.bricks where brick.peer == node.peer {
                let role = ProcessRole.brick(volume.id, index: brick.index)
                wanted.insert(role)
                if slots[role] == nil {
                    slots[role] = Slot(path: brick.path)
                    adopt(role)
                }
                guard volume.isStarted || mayEnd(role) else { continue }
                deliver(.want(up: volume.isStarted, request: 0), to: role)
            }
        }
        for role in roles where !wanted.contains(role) {
            guard mayEnd(role) else { continue }
            deliver(.want(up: false, request: 0), to: role)
            if let slot = slots[role], slot.machine.pid == nil, slot.machine.isConverged {
                slots[role] = nil
            }
        }
        stopStrangers()
        tellPorts()
    }

    /// Every view but the one of the last run was the newest when it was taken.
    private func mayEnd(_ role: ProcessRole) -> Bool {
        mirror.isCurrent || slots[role]?.machine.isDown != false
            || world.mutations.contains(.oldViewEnds)
    }

    private func adopt(_ role: ProcessRole) {
        guard let path = slots[role]?.path, let process = found.removeValue(forKey: path)
        else { return }
        slots[role]?.process = process
        let isSettled = world.now - process.startedAt > Self.settledAfter && process.isServing
        deliver(.adopted(pid: process.pid, isListening: isSettled), to: role)
        follow(role, process)
    }

    private func stopStrangers() {
        guard mirror.isCurrent else { return }
        for path in found.keys.sorted() {
            if let process = found[path] { node.bricks.signal(process, isKill: false, in: world) }
        }
        found = [:]
    }

    // MARK: Processes

    private func deliver(_ event: SupervisedProcess.Event, to role: ProcessRole) {
        guard var slot = slots[role] else { return }
        let before = slot.machine
        let effects = slot.machine.next(on: event, now: world.now)
        slots[role] = slot
        for effect in effects {
            switch effect {
            case .spawn: world.after(.zero, in: run) { [self] in start(role) }
            case .terminate:
                world.history.ended(role, by: mirror.view.revision, of: node.index)
                signal(role, isKill: false)
            case .kill: signal(role, isKill: true)
            }
        }
        if slot.machine != before { tellPorts() }
    }

    private func signal(_ role: ProcessRole, isKill: Bool) {
        guard let process = slots[role]?.process else { return }
        node.bricks.signal(process, isKill: isKill, in: world)
    }

    private func start(_ role: ProcessRole) {
        guard let slot = slots[role] else { return }
        let mayBeThere = slot.attempts > 0 || world.now - began < Self.strangersAppear
        if mayBeThere, !world.mutations.contains(.noAdoption),
            let process = node.bricks.running(at: slot.path)
        {
            found[slot.path] = process
            return adopt(role)
        }
        slots[role]?.attempts += 1
        slots[role]?.earlySignIn = nil
        guard node.disk.marks[slot.path]?.volume == role.volume else {
            return deliver(.spawnFailed("no mark of this volume"), to: role)
        }
        node.disk.marks[slot.path]?.previous = nil
        // systemd starts it, whether its asker lives or not.
        world.scheduler.after(world.scheduler.ms(1...60)) { [self] in
            guard node.isUp else { return }
            let process = node.bricks.start(slot.path, of: role.volume, on: node, in: world)
            world.after(world.scheduler.ms(0...20), in: run) { [self] in
                started(role, process)
            }
        }
    }

    private func started(_ role: ProcessRole, _ process: BrickProcess) {
        guard slots[role] != nil else { return }
        slots[role]?.process = process
        deliver(.spawned(pid: process.pid), to: role)
        if slots[role]?.earlySignIn == process.pid { deliver(.signedIn, to: role) }
        follow(role, process)
    }

    private func follow(_ role: ProcessRole, _ process: BrickProcess) {
        process.follow { [self] in
            world.after(world.scheduler.ms(0...20), in: run) { [self] in
                guard slots[role]?.process === process else { return }
                slots[role]?.process = nil
                deliver(.exited("it ended"), to: role)
            }
        }
    }

    private func lookForMissedSignIn(_ role: ProcessRole) {
        guard let slot = slots[role], case .starting = slot.machine.phase, !slot.isProbed,
            let process = slot.process, world.now - process.startedAt > .seconds(1)
        else { return }
        slots[role]?.isProbed = true
        world.after(world.scheduler.ms(1...30), in: run) { [self] in
            slots[role]?.isProbed = false
            guard process.isServing, process.isAlive, slots[role]?.process === process
            else { return }
            deliver(.signedIn, to: role)
        }
    }

    func signedIn(_ name: String, pid: Int32) {
        for role in roles where slots[role]?.path.description == name {
            if case .spawning? = slots[role]?.machine.phase { slots[role]?.earlySignIn = pid }
            if slots[role]?.machine.pid == pid { deliver(.signedIn, to: role) }
        }
    }

    /// Whether a process of `bricks` may run. One that nobody supervises any more is ended.
    func mayRun(_ bricks: [Brick], of volume: VolumeID) -> Bool {
        bricks.contains { brick in
            let slot = slots[.brick(volume, index: brick.index)]
            if let slot, !slot.machine.isDown { return true }
            guard !world.mutations.contains(.unsupervisedIgnored),
                node.disk.marks[brick.path]?.volume == volume,
                let process = node.bricks.running(at: brick.path)
            else { return false }
            node.bricks.signal(process, isKill: false, in: world)
            return true
        }
    }

    // MARK: Ports

    func watch(_ watcher: Run, _ body: @escaping ([String: PortTable.Entry]) -> Void) {
        watchers.append { if watcher.isAlive { body($0) } }
        body(ports)
    }

    private var ports: [String: PortTable.Entry] {
        var ports: [String: PortTable.Entry] = [:]
        for slot in slots.values {
            guard case .online(let pid, _) = slot.machine.phase, let process = slot.process
            else { continue }
            ports[slot.path.description] = PortTable.Entry(port: process.port, pid: pid)
        }
        return ports
    }

    private func tellPorts() {
        guard ports != portsTold else { return }
        portsTold = ports
        for watcher in watchers { watcher(ports) }
    }
}
